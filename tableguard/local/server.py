"""Starts and stops the embedded AWS: moto with its corrections, on loopback, in this process."""

import os
import re
import socket
from dataclasses import dataclass, field
from importlib import metadata
from threading import Thread
from types import TracebackType
from typing import TYPE_CHECKING, Self

from tableguard.errors import EmbeddedError
from tableguard.local.clients import served
from tableguard.local.dynamodb_local import forwarding
from tableguard.local.dynamodb_local.engine import Engine
from tableguard.local.trail.trails import Delays
from tableguard.local.watch.clock import Clock

if TYPE_CHECKING:
    from werkzeug.serving import BaseWSGIServer

    from tableguard.local.function.functions import Functions
    from tableguard.local.watch.watch import Watch

HOST = "127.0.0.1"
# the corrections are written against the code of these versions: from, and below
MOTO_VERSIONS = ((5, 2, 5), (5, 3, 0))
_REQUIRED = "moto>=5.2.5,<5.3"


@dataclass
class Server:
    """A running embedded AWS; leaving its `with` block stops it."""

    endpoint: str
    _wsgi: "BaseWSGIServer" = field(repr=False)
    _thread: Thread = field(repr=False)
    functions: "Functions" = field(repr=False)
    watch: "Watch" = field(repr=False)

    def stop(self) -> None:
        """End every function, stop answering, and wait for the server's threads to end."""
        self.functions.close()
        self._wsgi.shutdown()
        self._thread.join()
        served.SERVERS.pop(self.endpoint, None)
        forwarding.use(None)
        from tableguard.local import assembly  # noqa: PLC0415  # as in start
        from tableguard.local.function import functions  # noqa: PLC0415  # as in start
        from tableguard.local.watch import watch  # noqa: PLC0415  # as in start

        functions.use(None)
        watch.use(None)
        assembly.reset()  # the next user of moto in this process finds it empty

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start(port: int = 0, tables: Engine | None = None, delays: Delays | None = None) -> Server:
    """Start an empty embedded AWS on 127.0.0.1, on a free port unless one is named; EmbeddedError if it cannot start.

    An engine `tables` keeps items and streams; the caller starts and stops it. Trails deliver after the `delays`, or
    after those of AWS.
    """
    _check_process()
    _check_version()
    from tableguard.local.clients import service_descriptions  # noqa: PLC0415  # botocore is slow to import

    service_descriptions.share()  # before moto is imported, which makes sessions meanwhile
    from tableguard.local import assembly  # noqa: PLC0415  # 0.5 s to import: paid where an AWS is wanted
    from tableguard.local.alerts import service_metrics  # noqa: PLC0415  # imports moto
    from tableguard.local.clients.factory import Clients  # noqa: PLC0415  # imports boto3
    from tableguard.local.function import functions  # noqa: PLC0415  # imports boto3
    from tableguard.local.watch import watch  # noqa: PLC0415  # imports moto

    with _listen(port) as listening:
        assembly.install_corrections()
        assembly.reset()
        wsgi = assembly.wsgi_server(listening)
    forwarding.use(None if tables is None else tables.endpoint)
    thread = Thread(target=wsgi.serve_forever, kwargs={"poll_interval": 0.05}, name="embedded-aws", daemon=True)
    thread.start()
    endpoint = f"http://{HOST}:{wsgi.port}"
    server = Server(endpoint, wsgi, thread, functions.Functions(endpoint), watch.Watch(Clock(), delays or Delays()))
    functions.use(server.functions)
    watch.use(server.watch)
    server.watch.evaluations.clients = Clients(endpoint)
    server.watch.alerts.services.sources.append(service_metrics.of_functions(server.functions))
    served.SERVERS[server.endpoint] = wsgi
    return server


def is_free(port: int) -> bool:
    """Return whether a server could listen on a port of loopback."""
    try:
        _listen(port).close()
    except EmbeddedError:
        return False
    return True


def _check_process() -> None:
    if served.SERVERS:
        raise EmbeddedError(
            f"the embedded AWS runs already at {min(served.SERVERS)}; a process holds one: stop it first"
        )
    if "MOTO_ACCOUNT_ID" in os.environ:
        raise EmbeddedError("MOTO_ACCOUNT_ID is set, and would put every account into one; unset it")


def _check_version() -> None:
    try:
        version = metadata.version("moto")
    except metadata.PackageNotFoundError as error:
        raise EmbeddedError(f"moto is not installed; pip install '{_REQUIRED}'") from error
    numbers = re.match(r"(\d+)\.(\d+)\.(\d+)", version)
    lowest, above = MOTO_VERSIONS
    if numbers is None or not lowest <= tuple(map(int, numbers.groups())) < above:
        raise EmbeddedError(f"moto {version} is installed, which has no known corrections; pip install '{_REQUIRED}'")


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        raise EmbeddedError(
            f"port {port} of {HOST} cannot be used ({error.strerror}); name another, or 0 for a free one"
        ) from error
