"""What AWS's manuals say, as data and pure functions: sizes, capacity, handlers of CloudFormation, managed rules."""
