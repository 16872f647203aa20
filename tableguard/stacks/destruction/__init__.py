"""Stacks deleted in reverse order: planned, asked about, and what their templates retain kept."""
