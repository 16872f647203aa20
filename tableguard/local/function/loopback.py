"""HTTP/1.1 on loopback for a process that may be killed: its connections end without a word in the log."""

import sys
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class LoopbackServer(ThreadingHTTPServer):
    """Serves on a free port of 127.0.0.1, a thread for each connection."""

    daemon_threads = True

    def __init__(self, handler: "type[LoopbackHandler]") -> None:
        super().__init__(("127.0.0.1", 0), handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a connection cut by a process that was killed: its killer knows."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class LoopbackHandler(BaseHTTPRequestHandler):
    """Reads whole requests and writes whole answers."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer in one packet: in two, each waits 40 ms for an acknowledgement

    def body(self) -> bytes:
        """Return the body of the request."""
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def answer(self, status: int, content_type: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Write an answer."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: a function's requests are of no interest."""
