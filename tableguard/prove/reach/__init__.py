"""Proofs about sequences: whom a principal can become by calls that the policies allow, and what he can then do."""
