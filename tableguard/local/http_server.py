"""The HTTP server of the embedded AWS: werkzeug's, which keeps a connection open for the client's next request.

werkzeug's own closes each connection, so that every request costs client and server a connection and a thread.
"""

import socket
import traceback
from contextlib import suppress
from http import HTTPStatus
from threading import Thread
from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.datastructures import Headers
from werkzeug.exceptions import ClientDisconnected
from werkzeug.serving import ThreadedWSGIServer
from werkzeug.test import run_wsgi_app
from werkzeug.wsgi import LimitedStream

_WITHOUT_BODY = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)


class HttpServer(ThreadedWSGIServer):
    """A thread for each connection, on a socket that is open already; stopping waits for the requests under way.

    There is no limit to the threads: a function that is invoked makes requests while the one that invoked it waits.
    """

    def __init__(self, listening: socket.socket, application: Any) -> None:
        """Serve an application; werkzeug keeps a copy of the socket."""
        self._threads_by_connection: dict[Any, Thread] = {}
        host, port = listening.getsockname()
        super().__init__(host, port, application, _RequestHandler, fd=listening.fileno())

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a new connection."""
        # no process outlives its work because a client keeps its connection
        thread = Thread(target=self.process_request_thread, args=(request, client_address), daemon=True)
        self._threads_by_connection[request] = thread
        thread.start()

    def shutdown_request(self, request: Any) -> None:
        """Close a connection."""
        super().shutdown_request(request)
        self._threads_by_connection.pop(request, None)

    def server_close(self) -> None:
        """Stop reading, so that idle connections end at once and the others after their answer; wait for them."""
        super().server_close()
        remaining = tuple(self._threads_by_connection.items())
        for connection, _ in remaining:
            with suppress(OSError):  # closed meanwhile
                connection.shutdown(socket.SHUT_RD)
        for _, thread in remaining:
            thread.join()


class _RequestHandler(MotoRequestHandler):
    wbufsize = -1  # head and body leave in one piece: of two, the second would wait for the client to confirm the first
    disable_nagle_algorithm = True

    def make_environ(self) -> dict[str, Any]:
        """Return the request as WSGI has it, with an input that ends where the body does."""
        environ = super().make_environ()
        if not environ.get("wsgi.input_terminated"):
            length = environ.get("CONTENT_LENGTH", "0")
            body: Any = self.rfile  # a reader; typed as a file by one, as any reader by the other
            environ["wsgi.input"] = LimitedStream(body, int(length) if length.isdecimal() else 0)
            environ["wsgi.input_terminated"] = True
            self.close_connection |= not length.isdecimal()  # nobody knows where the body ends
        return environ

    def run_wsgi(self) -> None:
        """Answer one request, and leave the connection where the next one begins."""
        self.wfile.flush()  # the 100 Continue that http.server writes for a client that expects it
        self.environ = self.make_environ()
        body, status, headers = self._answer()
        try:
            self.environ["wsgi.input"].read()
        except (OSError, ClientDisconnected):
            self.close_connection = True
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers:
            self.send_header(name, value)
        if "Content-Length" not in headers and self.command != "HEAD" and int(code) not in _WITHOUT_BODY:
            self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def _answer(self) -> tuple[bytes, str, Headers]:
        try:
            parts, status, headers = run_wsgi_app(self.server.app, self.environ, buffered=True)
            return b"".join(parts), status, headers
        except Exception:  # noqa: BLE001  # the edge raises nothing, and whatever is put in its place may raise anything
            self.server.log("error", "Error on request:\n%s", traceback.format_exc())
            return b"", "500 Internal Server Error", Headers()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Print nothing for a request that was answered."""
