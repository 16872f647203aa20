"""The table itself, outside CloudFormation, for development."""
