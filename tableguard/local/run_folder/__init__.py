"""The folder of a run of `tableguard up`: private, at the same path after a restart, and cleared when it ends."""
