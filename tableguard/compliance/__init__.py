"""AWS Config's verdicts: configuration items held against the rules that an account has deployed."""
