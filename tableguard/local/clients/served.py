"""The embedded AWS that this process serves, if any, which its clients reach without a socket."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from werkzeug.serving import BaseWSGIServer

SERVERS: dict[str, "BaseWSGIServer"] = {}  # the servers of this process by endpoint; `server` starts one at most


def application(endpoint: str) -> Any:
    """Return the WSGI application behind an endpoint of this process, or None if another process serves it."""
    return SERVERS[endpoint].app if endpoint in SERVERS else None
