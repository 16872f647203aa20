"""CloudTrail's records, selectors and files, as data and pure functions."""
