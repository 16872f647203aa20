"""What watches an account: a trail, and the alerts over its log group."""
