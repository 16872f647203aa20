"""The promises of policies/, beside each document and of all documents together."""
