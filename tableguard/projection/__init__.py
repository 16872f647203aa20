"""Verify conversation rows against the messages, reconcile them, and redrive failed batches."""
