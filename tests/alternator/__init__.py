"""Counts how many tests of a DynamoDB suite that its authors run on AWS an engine of ours passes.

The suite is ScyllaDB's Alternator tests. No line of it is here: the command takes the folder of a checkout.
"""
