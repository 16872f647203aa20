"""Corrections to moto's Lambda."""
