"""What can be proved of policies over all requests, not only over those that somebody thought of."""
