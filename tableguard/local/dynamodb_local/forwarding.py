"""Sends requests of the embedded AWS to a DynamoDB engine beside it, and translates the ARNs of streams.

DynamoDB Local writes region ddblocal and account 000000000000 into every ARN. It keeps tables apart by access key id
and region, so each account uses a key of its own, which no other embedded AWS on the same engine has.
"""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import urllib3

from tableguard.errors import EmbeddedError
from tableguard.partitions import of_region

_ENGINE_PREFIX = "arn:aws:dynamodb:ddblocal:000000000000:"
_TARGETS = {"dynamodb": "DynamoDB_20120810", "dynamodbstreams": "DynamoDBStreams_20120810"}
_ARNS = ("StreamArn", "ExclusiveStartStreamArn", "ShardIterator", "NextShardIterator")  # an iterator begins with an ARN


@dataclass(frozen=True)
class EngineRequest:
    """A request as it arrived: service and operation, account and region, and its JSON."""

    service: str
    operation: str
    account: str
    region: str
    body: bytes

    def with_operation(self, operation: str, body: dict[str, Any]) -> "EngineRequest":
        """Return another request to the same service, account and region."""
        return replace(self, operation=operation, body=json.dumps(body).encode())


@dataclass(frozen=True)
class EngineAnswer:
    """The engine's answer: HTTP status and JSON."""

    status: int
    body: str

    @property
    def content(self) -> dict[str, Any]:
        """Return the answer's JSON, parsed."""
        content: dict[str, Any] = json.loads(self.body)
        return content


class Forwarder:
    """A connection to an engine, with access keys, and so tables, of its own."""

    def __init__(self, endpoint: str) -> None:
        url = urlsplit(endpoint)
        self.endpoint = endpoint
        self._tenant = uuid.uuid4().hex[:8]
        self._pool = urllib3.HTTPConnectionPool(str(url.hostname), url.port, maxsize=16, timeout=60, retries=False)

    def send(self, request: EngineRequest) -> EngineAnswer:
        """Send a request and return the engine's answer; EmbeddedError if there is none."""
        streams = request.service == "dynamodbstreams"
        body = _translate(request.body, _to_engine_arns) if streams else request.body
        answer = self._post(request, body)
        if not streams:
            return answer
        ours = f"arn:{of_region(request.region)}:dynamodb:{request.region}:{request.account}:"
        change = partial(_to_our_arns, ours=ours, region=request.region)
        return replace(answer, body=_translate(answer.body, change).decode())

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()

    def _post(self, request: EngineRequest, body: bytes) -> EngineAnswer:
        # the engine reads key and region, and checks no signature
        credential = f"{request.account}{self._tenant}/20240101/{request.region}/dynamodb/aws4_request"
        headers = {
            "Authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0",
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": f"{_TARGETS[request.service]}.{request.operation}",
        }
        try:
            answer = self._pool.urlopen("POST", "/", body=body, headers=headers)
        except urllib3.exceptions.HTTPError as error:
            raise EmbeddedError(f"the DynamoDB engine at {self.endpoint} does not answer: {error}") from error
        return EngineAnswer(answer.status, answer.data.decode())


_in_use: Forwarder | None = None


def use(endpoint: str | None) -> None:
    """Let the engine there keep the tables of this process's embedded AWS; None: the embedded AWS keeps them itself."""
    global _in_use  # noqa: PLW0603  # moto makes a handler for each request, which finds the engine nowhere else
    if _in_use is not None:
        _in_use.close()
    _in_use = None if endpoint is None else Forwarder(endpoint)


def in_use() -> Forwarder | None:
    """Return the connection to the engine that keeps the tables; None if there is none."""
    return _in_use


def _translate(text: bytes | str, change: Callable[[dict[str, Any]], None]) -> bytes:
    document = json.loads(text)
    change(document)
    return json.dumps(document).encode()


def _to_engine_arns(request: dict[str, Any]) -> None:
    for name in _ARNS:
        if name in request:
            request[name] = _ENGINE_PREFIX + request[name].split(":", 5)[-1]


def _to_our_arns(answer: dict[str, Any], ours: str, region: str) -> None:
    described = (answer, answer.get("StreamDescription", {}), *answer.get("Streams", []))
    for part in described:
        for name in (*_ARNS, "message", "Message"):
            if name in part:
                part[name] = part[name].replace(_ENGINE_PREFIX, ours)
    for record in answer.get("Records", []):
        record["awsRegion"] = region
