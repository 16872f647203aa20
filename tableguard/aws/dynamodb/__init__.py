"""What DynamoDB wants of requests, whatever is in its tables."""
