"""Tell whether an endpoint is on this machine, and ask S3's control of accounts there."""

from typing import Any
from urllib.parse import urlsplit

_HOSTS = ("localhost", "127.0.0.1", "::1")


def is_on_loopback(endpoint: str | None) -> bool:
    """Return whether requests to an endpoint stay on this machine; ValueError where it is no address."""
    parts = urlsplit(endpoint or "")
    _ = parts.port
    return parts.hostname in _HOSTS


def without_account_in_host(s3control: Any, account: str) -> Any:
    """Return a client of S3's control of accounts that asks a loopback endpoint itself.

    botocore puts the account before any host, where loopback has no such name.
    """

    def shorten(params: dict[str, Any], **_: Any) -> None:
        params["url"] = params["url"].replace(f"//{account}.", "//", 1)

    if is_on_loopback(s3control.meta.endpoint_url):
        s3control.meta.events.register("before-call", shorten)
    return s3control
