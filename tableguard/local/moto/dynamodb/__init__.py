"""Corrections to moto's DynamoDB."""
