"""What a submission would change about a stack, and what can be known about that before it is executed."""
