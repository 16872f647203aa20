"""The parts of the language of filter patterns: terms, conditions, values, and the fields that they are about."""
