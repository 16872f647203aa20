"""Dominance: of two classes of requests the one that serves a counterexample better stands for both."""
