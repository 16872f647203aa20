"""Listings through a cache before the table: who answers them, and Amazon's client of a DAX cluster."""
