"""The prover: a promise is decided by one request of each class that the policies can tell apart."""
