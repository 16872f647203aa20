"""Configuration items of a running estate, read through the APIs of its services."""
