"""Read CloudFormation templates as CloudFormation does: limits, functions, parameters, equality of values."""
