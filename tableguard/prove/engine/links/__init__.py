"""Keys that are compared with each other, by a variable in a policy: their classes are found together."""
