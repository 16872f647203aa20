"""Sections of single stacks that are long enough for a file of their own."""
