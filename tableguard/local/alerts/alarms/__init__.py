"""Alarms of CloudWatch: how they are evaluated, and what follows when the state of one changes."""
