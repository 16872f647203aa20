"""AWS's DynamoDB Local, found or fetched, started, and forwarded to."""
