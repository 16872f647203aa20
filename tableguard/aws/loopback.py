"""Tell whether an endpoint is on this machine."""

from urllib.parse import urlsplit

_HOSTS = ("localhost", "127.0.0.1", "::1")


def is_on_loopback(endpoint: str | None) -> bool:
    """Return whether requests to an endpoint stay on this machine; ValueError where it is no address."""
    parts = urlsplit(endpoint or "")
    _ = parts.port
    return parts.hostname in _HOSTS
