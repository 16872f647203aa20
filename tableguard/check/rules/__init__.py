"""Our own rules: the grammar and the meaning of policies, and AWS Config rules."""
