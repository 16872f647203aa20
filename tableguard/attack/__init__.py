"""Attempts on the running estate, each on a fresh copy of it: what prevents them, and which detections tell of them."""
