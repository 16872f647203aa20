"""AWS's two languages of patterns, each read and matched in one place: event patterns and filter patterns."""
