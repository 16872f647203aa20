"""AWS's DynamoDB Local: where it comes from, how it is started, and requests that are forwarded to it."""
