"""Clients of the embedded AWS, and the identities they act as."""
