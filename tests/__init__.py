"""What must hold, said as sentences."""
