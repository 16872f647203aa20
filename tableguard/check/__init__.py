"""Checks of rendered templates and policy documents: findings with a file, a line and a remedy."""
