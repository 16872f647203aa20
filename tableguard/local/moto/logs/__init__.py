"""Corrections to moto's CloudWatch Logs."""
