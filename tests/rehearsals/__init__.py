"""The owners' sequences on the embedded AWS: deployed, broken, repaired and changed, as its owners would."""
