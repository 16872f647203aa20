"""AWS's manuals as data and pure functions: ARNs, item sizes, capacity, CloudFormation's handlers, managed rules."""
