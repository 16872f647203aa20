"""tableguard: the stacks of a DynamoDB message store, the guardrails around them, and the proof that they hold."""

__version__ = "0.1.0"
