"""What the workload costs a month: sourced prices, the usage that follows from the design, bills and break-evens."""
