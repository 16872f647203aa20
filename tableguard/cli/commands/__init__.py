"""One file a command, in a folder for each group: its description, its options, and what it does with a table."""
