"""Conversation rows held against the messages: verified, reconciled, and failed batches redriven."""
