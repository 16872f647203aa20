"""Compute how far the design scales: formulas, and a simulation that checks them."""
