"""Mutants: every policy document and the handler changed in one place, and the test that notices."""
