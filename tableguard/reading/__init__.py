"""Files that people write, read strictly and refused in one line."""
