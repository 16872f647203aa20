"""What a CloudFormation template means: its limits, functions, parameters, and when two values are equal."""
