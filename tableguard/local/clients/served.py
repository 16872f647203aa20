"""The embedded AWS that this process serves, if it does: clients reach it without a socket."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from werkzeug.serving import BaseWSGIServer

SERVERS: dict[str, "BaseWSGIServer"] = {}  # the servers of this process by endpoint: one at most, `server` sees to it


def application(endpoint: str) -> Any:
    """Return the WSGI application behind an endpoint of this process, or None if another process serves it."""
    return SERVERS[endpoint].app if endpoint in SERVERS else None
