"""Every order in which the calls, faults and deliveries of a few batches can happen, over a model of the table."""
