"""Drift of stacks: detected, and reverted by change sets that know of it."""
