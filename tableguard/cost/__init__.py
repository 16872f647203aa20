"""Compute a month's cost: sourced prices, the usage that follows from the design, bills and break-evens."""
