"""A connection serves one request after the other, whatever was sent with them, and ends when either side wants it."""

import socket
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from typing import Any

import pytest
from werkzeug.wrappers import Request, Response

from tableguard.local.http_server import HttpServer

TIMEOUT = 10  # seconds, after which something hangs
NEXT = b"GET /next HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"


class _Application:
    """Answers with method, path and body, the latter unread under /unread; waits under /slow until it is let go."""

    def __init__(self) -> None:
        self.arrived, self.released = threading.Event(), threading.Event()

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        if request.path == "/slow":
            self.arrived.set()
            assert self.released.wait(TIMEOUT)
        if request.path == "/crash":
            raise ValueError
        body = b"" if request.path == "/unread" else request.get_data()
        answer = Response(f"{request.method} {request.path} ".encode() + body)
        if request.path == "/no-length":
            del answer.headers["Content-Length"]
        return answer(environ, start_response)


@pytest.fixture
def application() -> _Application:
    return _Application()


@pytest.fixture
def serving(application: _Application) -> Iterator[HttpServer]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = HttpServer(listening, application)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, name="serving")
    thread.start()
    yield server
    application.released.set()
    server.shutdown()
    thread.join(TIMEOUT)
    assert not thread.is_alive()


def _connection(serving: HttpServer) -> HTTPConnection:
    return HTTPConnection("127.0.0.1", serving.port, timeout=TIMEOUT)


def _answers(serving: HttpServer, sent: bytes, method: str = "GET") -> list[tuple[int, bytes]]:
    """Send bytes, and read answers until the server closes the connection; `method` is that of the first request."""
    with socket.create_connection(("127.0.0.1", serving.port), timeout=TIMEOUT) as connection:
        connection.sendall(sent)
        answers = []
        reader = connection.makefile("rb")
        while reader.peek(1):
            answer = HTTPResponse(connection, method=method)
            answer.fp = reader
            answer.begin()
            answers.append((answer.status, answer.fp.read(answer.length or 0)))
            answer.fp, method = None, "GET"  # type: ignore[assignment]  # else the answer closes the reader
        return answers


def test_one_connection_serves_many_requests_in_one_thread(serving: HttpServer) -> None:
    connection = _connection(serving)
    before = threading.active_count()
    for number in range(3):
        connection.request("POST", f"/{number}", body=b"abc")
        assert connection.getresponse().read() == f"POST /{number} abc".encode()
        assert connection.sock is not None
        assert threading.active_count() <= before + 1
    connection.close()


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_client_that_wants_it_closed_has_it_closed(serving: HttpServer, version: str) -> None:
    wish = b"Connection: close\r\n" if version == "1.1" else b""
    request = f"GET / HTTP/{version}\r\n".encode() + wish + b"\r\n"
    assert _answers(serving, request + NEXT) == [(200, b"GET / ")]


REQUESTS = {
    "a body": (b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", b"POST / abc"),
    "a body that nobody reads": (b"POST /unread HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", b"POST /unread "),
    "a body in chunks": (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", b"POST / abc"),
    "chunks that nobody reads": (
        b"POST /unread HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        b"POST /unread ",
    ),
    "no body": (b"POST / HTTP/1.1\r\n\r\n", b"POST / "),
    "an answer without a length": (b"POST /no-length HTTP/1.1\r\n\r\n", b"POST /no-length "),
    "HEAD": (b"HEAD / HTTP/1.1\r\n\r\n", b""),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_the_next_request_begins_where_the_one_before_ended(serving: HttpServer, name: str) -> None:
    request, body = REQUESTS[name]
    answers = _answers(serving, request + NEXT, method=request.split()[0].decode())
    assert answers == [(200, body), (200, b"GET /next ")]


@pytest.mark.parametrize("length", [b"four", b"-1"])
def test_where_a_body_ends_nobody_knows_the_connection_ends(serving: HttpServer, length: bytes) -> None:
    request = b"POST /unread HTTP/1.1\r\nContent-Length: " + length + b"\r\n\r\nabc"
    assert _answers(serving, request + NEXT) == [(200, b"POST /unread ")]


def test_who_expects_it_is_told_to_continue_once_before_the_body(serving: HttpServer) -> None:
    with socket.create_connection(("127.0.0.1", serving.port), timeout=TIMEOUT) as connection:
        connection.sendall(b"PUT / HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        reader = connection.makefile("rb")
        assert [reader.readline(), reader.readline()] == [b"HTTP/1.1 100 Continue\r\n", b"\r\n"]
        connection.sendall(b"abc")
        assert reader.readline() == b"HTTP/1.1 200 OK\r\n"


def test_after_a_crash_the_connection_goes_on(serving: HttpServer, caplog: pytest.LogCaptureFixture) -> None:
    answers = _answers(serving, b"GET /crash HTTP/1.1\r\n\r\n" + NEXT)
    assert answers == [(500, b""), (200, b"GET /next ")]
    assert "ValueError" in caplog.text


def test_stopping_ends_idle_connections_and_waits_for_the_request_under_way(
    serving: HttpServer, application: _Application
) -> None:
    idle, busy = _connection(serving), _connection(serving)
    idle.request("GET", "/")
    idle.getresponse().read()
    busy.request("GET", "/slow")
    assert application.arrived.wait(TIMEOUT)
    (serving_thread,) = (thread for thread in threading.enumerate() if thread.name == "serving")
    serving.shutdown()
    assert idle.sock.recv(1) == b""
    assert serving_thread.is_alive()
    began = time.monotonic()
    application.released.set()
    assert busy.getresponse().read() == b"GET /slow "
    serving_thread.join(TIMEOUT)
    assert time.monotonic() - began < 1
    idle.close()
    busy.close()
