"""The conversation rows, held against the messages and mended by an operator."""
