"""Lambda's event source mapping: from the stream through batches to the function, and to where failures go."""
