"""The people who send messages: their accounts in a user store, and what the table holds of each."""
