"""The error of a question over all requests that has no answer."""

from tableguard.errors import PolicyError


class NotProvedError(PolicyError):
    """A policy cannot be decided for every request; the text names the construct, or the limit, in the way."""
