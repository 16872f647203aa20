"""Proofs about policies over all requests, not only over those that somebody thought of."""
