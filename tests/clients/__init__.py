"""Clients that nobody here wrote, asked to work with the estate: the AWS CLI, SDKs of other languages, libraries."""
