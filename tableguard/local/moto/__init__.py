"""Corrections to moto, a module for each service and a folder for DynamoDB."""
