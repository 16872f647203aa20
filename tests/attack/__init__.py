"""Random worlds and promises: the prover is asked, and each proof is attacked with requests."""
