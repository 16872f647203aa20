"""Refusals of AWS explained: which statement it was, the smallest change that allows the request, and what it opens."""
