"""Generate pages and pictures."""
