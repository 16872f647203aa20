"""CloudTrail of the embedded AWS: calls become records, which go where each trail's selectors say."""
