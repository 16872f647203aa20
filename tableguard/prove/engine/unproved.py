"""Why a question over all requests has no answer."""

from tableguard.errors import PolicyError


class NotProvedError(PolicyError):
    """What a policy says cannot be decided for every request: the construct, or a limit, that stands in the way."""
