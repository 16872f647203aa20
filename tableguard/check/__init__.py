"""Checks of rendered templates and policy documents: findings with a place, a reason and a remedy."""
