"""Generated pages and pictures."""
