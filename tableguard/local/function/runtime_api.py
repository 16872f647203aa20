"""The Lambda Runtime API on loopback, from which a function's runtime client fetches events, and answers them.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from queue import SimpleQueue
from threading import Thread

from tableguard.local.function.loopback import LoopbackHandler, LoopbackServer

_NEXT = "/2018-06-01/runtime/invocation/next"
_INIT_ERROR = "/2018-06-01/runtime/init/error"
_ANSWER = re.compile(r"/2018-06-01/runtime/invocation/([^/]+)/(response|error)")
_SHUTDOWN_POLL_SECONDS = 0.02  # how long close() may wait for the accepting thread


@dataclass(frozen=True)
class RuntimeInvocation:
    """One event for the function, with the headers that Lambda sends along."""

    request_id: str
    deadline_ms: int
    function_arn: str
    body: bytes
    client_context: str = ""  # JSON


@dataclass(frozen=True)
class Ready:
    """The runtime has loaded the handler and asks for its first event."""


@dataclass(frozen=True)
class InitError:
    """The runtime could not load the handler."""

    error_type: str
    message: str
    body: bytes = field(default=b"", repr=False, compare=False)


@dataclass(frozen=True)
class Response:
    """The value that the handler returned, as JSON."""

    request_id: str
    body: bytes


@dataclass(frozen=True)
class InvocationError:
    """The error that the handler raised."""

    request_id: str
    error_type: str
    message: str
    body: bytes = field(default=b"", repr=False, compare=False)


Report = Ready | InitError | Response | InvocationError


class RuntimeApi:
    """Serves one runtime process until closed; every message of the process is passed to `report`."""

    def __init__(self, report: Callable[[Report], None]) -> None:
        self._server = _Server(report)
        serve = self._server.serve_forever
        self._thread = Thread(target=serve, args=(_SHUTDOWN_POLL_SECONDS,), name="lambda runtime API", daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """Return the value of AWS_LAMBDA_RUNTIME_API for the process."""
        return f"127.0.0.1:{self._server.server_port}"

    def send(self, invocation: RuntimeInvocation) -> None:
        """Hand over an event, as the answer to the runtime's request for the next one."""
        self._server.invocations.put(invocation)

    def close(self) -> None:
        """Stop serving and release a request that still waits for an event."""
        self._server.invocations.put(None)
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(LoopbackServer):
    def __init__(self, report: Callable[[Report], None]) -> None:
        super().__init__(_Handler)
        self.report = report
        self.ready = False
        self.invocations: SimpleQueue[RuntimeInvocation | None] = SimpleQueue()


class _Handler(LoopbackHandler):
    server: _Server

    def do_GET(self) -> None:
        if self.path != _NEXT:
            self._answer(HTTPStatus.NOT_FOUND)
            return
        if not self.server.ready:
            self.server.ready = True
            self.server.report(Ready())
        invocation = self.server.invocations.get()
        if invocation is None:
            self.close_connection = True
            return
        self._answer(HTTPStatus.OK, invocation.body, _headers(invocation))

    def do_POST(self) -> None:
        report = _report(self.path, self.body())
        if report is None:
            self._answer(HTTPStatus.NOT_FOUND)
            return
        self._answer(HTTPStatus.ACCEPTED, b'{"status":"OK"}')
        self.server.report(report)

    def _answer(self, status: HTTPStatus, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        self.answer(status, "application/json", body, headers or {})


def _headers(invocation: RuntimeInvocation) -> dict[str, str]:
    context = {"Lambda-Runtime-Client-Context": invocation.client_context} if invocation.client_context else {}
    return {
        **context,
        "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
        "Lambda-Runtime-Deadline-Ms": str(invocation.deadline_ms),
        "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
    }


def _report(path: str, body: bytes) -> Report | None:
    if path == _INIT_ERROR:
        return InitError(*_error(body))
    match = _ANSWER.fullmatch(path)
    if match is None:
        return None
    request_id, kind = match.groups()
    return Response(request_id, body) if kind == "response" else InvocationError(request_id, *_error(body))


def _error(body: bytes) -> tuple[str, str, bytes]:
    error = json.loads(body)
    return str(error.get("errorType", "")), str(error.get("errorMessage", "")), body
