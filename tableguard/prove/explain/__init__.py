"""Explanations of one request: what every policy says about it, which statement decides, and what that hangs on."""
