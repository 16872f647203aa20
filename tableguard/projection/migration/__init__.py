"""Take over a table whose rows are all first rows, while messages arrive; and the way back."""
