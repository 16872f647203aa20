"""A user store compared with what the table holds, and what of the difference can be mended."""
