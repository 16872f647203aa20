"""Policies that are kept elsewhere, and the promises that their owners write about them."""
