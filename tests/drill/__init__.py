"""Real messages sent through Pattern D while everything around it fails, and what became of every one of them."""
