"""The Runtime API hands over events and passes on every answer of a runtime client."""

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from queue import SimpleQueue
from threading import Thread

import pytest

from tableguard.local.function.runtime_api import (
    InitError,
    InvocationError,
    Ready,
    Report,
    Response,
    RuntimeApi,
    RuntimeInvocation,
)

NEXT = "/2018-06-01/runtime/invocation/next"
INVOCATION = RuntimeInvocation(
    "r-1", 1_700_000_000_000, "arn:aws:lambda:eu-west-1:111122223333:function:f", b'{"a": 1}'
)


class Client:
    """A runtime client, and what the API reports of it."""

    def __init__(self) -> None:
        self.reports: SimpleQueue[Report] = SimpleQueue()
        self.api = RuntimeApi(self.reports.put)
        host, port = self.api.address.split(":")
        self.connection = HTTPConnection(host, int(port), timeout=5)

    def ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, dict[str, str], bytes]:
        self.connection.request(method, path, body)
        answer = self.connection.getresponse()
        return answer.status, dict(answer.headers), answer.read()

    def report(self) -> Report:
        return self.reports.get(timeout=5)


@pytest.fixture
def client() -> Iterator[Client]:
    client = Client()
    yield client
    client.connection.close()
    client.api.close()


def test_it_listens_on_loopback_only(client: Client) -> None:
    assert client.api.address.startswith("127.0.0.1:")


def test_the_next_event_comes_with_what_the_runtime_must_know(client: Client) -> None:
    client.api.send(INVOCATION)
    status, headers, body = client.ask("GET", NEXT)
    assert (status, body) == (200, b'{"a": 1}')
    assert headers["Lambda-Runtime-Aws-Request-Id"] == "r-1"
    assert headers["Lambda-Runtime-Deadline-Ms"] == "1700000000000"
    assert headers["Lambda-Runtime-Invoked-Function-Arn"] == INVOCATION.function_arn


def test_a_request_for_the_next_event_waits_until_there_is_one(client: Client) -> None:
    answers: SimpleQueue[bytes] = SimpleQueue()
    asking = Thread(target=lambda: answers.put(client.ask("GET", NEXT)[2]))
    asking.start()
    assert client.report() == Ready()
    assert answers.empty()
    client.api.send(INVOCATION)
    assert answers.get(timeout=5) == b'{"a": 1}'
    asking.join()


def test_readiness_is_reported_once(client: Client) -> None:
    for _ in range(2):
        client.api.send(INVOCATION)
        client.ask("GET", NEXT)
    assert client.report() == Ready()
    assert client.reports.empty()


ERROR = json.dumps({"errorType": "ValueError", "errorMessage": "no", "stackTrace": []}).encode()


@pytest.mark.parametrize(
    ("path", "body", "report"),
    [
        ("invocation/r-1/response", b'{"done": true}', Response("r-1", b'{"done": true}')),
        ("invocation/r-1/error", ERROR, InvocationError("r-1", "ValueError", "no")),
        ("init/error", ERROR, InitError("ValueError", "no")),
    ],
)
def test_what_the_runtime_says_is_reported(client: Client, path: str, body: bytes, report: Report) -> None:
    status, _, _ = client.ask("POST", f"/2018-06-01/runtime/{path}", body)
    assert (status, client.report()) == (202, report)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/2018-06-01/runtime/invocation/previous"),
        ("GET", "/2020-01-01/extension/register"),
        ("POST", "/2018-06-01/runtime/invocation/r-1/answer"),
        ("POST", "/2018-06-01/runtime/invocation/response"),
    ],
)
def test_anything_else_is_not_found_and_not_reported(client: Client, method: str, path: str) -> None:
    assert client.ask(method, path, b"{}" if method == "POST" else None)[0] == 404
    assert client.reports.empty()


def test_closing_releases_a_runtime_that_waits(client: Client) -> None:
    failures: SimpleQueue[str] = SimpleQueue()

    def wait() -> None:
        try:
            client.ask("GET", NEXT)
        except ConnectionError as error:
            failures.put(type(error).__name__)

    asking = Thread(target=wait)
    asking.start()
    client.report()
    client.api.close()
    asking.join(timeout=5)
    assert failures.get(timeout=1) == "RemoteDisconnected"
