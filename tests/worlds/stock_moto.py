"""moto's own server, as it is installed; its state is the process's, and so is emptied before and after."""

from collections.abc import Iterator
from contextlib import contextmanager

from moto.server import ThreadedMotoServer

from tableguard.local import assembly


@contextmanager
def running() -> Iterator[str]:
    """Run an empty server on a free port of loopback, and yield its endpoint."""
    assembly.reset()
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()
        assembly.reset()
