"""What the readers of filter patterns raise."""


class FilterPatternError(ValueError):
    """A filter pattern that CloudWatch Logs refuses with InvalidParameterException."""
