"""What a trail selects, and the files that it delivers."""
