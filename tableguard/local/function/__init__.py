"""Runs the packaged function under AWS's runtime client."""
