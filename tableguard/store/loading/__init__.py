"""Many messages at once: a conversation file, or a recorded trace."""
