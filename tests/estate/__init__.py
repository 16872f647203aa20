"""Tests of a whole estate, which is deployed once for all of them: each leaves it as it was."""
