"""Requests of the embedded AWS that are answered by a DynamoDB engine beside it, in the words of account and region.

DynamoDB Local writes region ddblocal and account 000000000000 in every ARN, and keeps tables apart by access key id
and by region: each account has a key of its own, which no other embedded AWS on the same engine has.
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

_THEIRS = "arn:aws:dynamodb:ddblocal:000000000000:"
_TARGETS = {"dynamodb": "DynamoDB_20120810", "dynamodbstreams": "DynamoDBStreams_20120810"}
_ARNS = ("StreamArn", "ExclusiveStartStreamArn", "ShardIterator", "NextShardIterator")  # an iterator begins with one


@dataclass(frozen=True)
class Asked:
    """A request as it arrived: which service and operation, for which account and region, and its JSON."""

    service: str
    operation: str
    account: str
    region: str
    body: bytes

    def also(self, operation: str, body: dict[str, Any]) -> "Asked":
        """Another request to the same service, account and region."""
        return replace(self, operation=operation, body=json.dumps(body).encode())


@dataclass(frozen=True)
class Answer:
    """The engine's answer."""

    status: int
    body: str

    @property
    def content(self) -> dict[str, Any]:
        """What the answer says."""
        found: dict[str, Any] = json.loads(self.body)
        return found


class Forwarder:
    """The way to an engine, and to tables there that are nobody else's."""

    def __init__(self, endpoint: str) -> None:
        url = urlsplit(endpoint)
        self.endpoint = endpoint
        self._tenant = uuid.uuid4().hex[:8]
        self._pool = urllib3.HTTPConnectionPool(str(url.hostname), url.port, maxsize=16, timeout=60, retries=False)

    def ask(self, asked: Asked) -> Answer:
        """The engine's answer; EmbeddedError if it gives none."""
        streams = asked.service == "dynamodbstreams"
        body = _translated(asked.body, _request_in_their_words) if streams else asked.body
        answer = self._sent(asked, body)
        if not streams:
            return answer
        ours = f"arn:aws:dynamodb:{asked.region}:{asked.account}:"
        in_our_words = partial(_answer_in_our_words, ours=ours, region=asked.region)
        return replace(answer, body=_translated(answer.body, in_our_words).decode())

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()

    def _sent(self, asked: Asked, body: bytes) -> Answer:
        # the engine reads key and region, and checks no signature
        credential = f"{asked.account}{self._tenant}/20240101/{asked.region}/dynamodb/aws4_request"
        headers = {
            "Authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0",
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": f"{_TARGETS[asked.service]}.{asked.operation}",
        }
        try:
            answer = self._pool.urlopen("POST", "/", body=body, headers=headers)
        except urllib3.exceptions.HTTPError as error:
            raise EmbeddedError(f"the DynamoDB engine at {self.endpoint} does not answer: {error}") from error
        return Answer(answer.status, answer.data.decode())


_in_use: Forwarder | None = None


def use(endpoint: str | None) -> None:
    """From now on the engine there keeps the tables of this process's embedded AWS; None: nobody beside it does."""
    global _in_use  # noqa: PLW0603  # moto makes a handler for each request, which finds it nowhere else
    if _in_use is not None:
        _in_use.close()
    _in_use = None if endpoint is None else Forwarder(endpoint)


def in_use() -> Forwarder | None:
    """The way to the engine that keeps the tables, if one does."""
    return _in_use


def _translated(text: bytes | str, change: Callable[[dict[str, Any]], None]) -> bytes:
    document = json.loads(text)
    change(document)
    return json.dumps(document).encode()


def _request_in_their_words(request: dict[str, Any]) -> None:
    for name in _ARNS:
        if name in request:
            request[name] = _THEIRS + request[name].split(":", 5)[-1]


def _answer_in_our_words(answer: dict[str, Any], ours: str, region: str) -> None:
    described = (answer, answer.get("StreamDescription", {}), *answer.get("Streams", []))
    for part in described:
        for name in (*_ARNS, "message", "Message"):
            if name in part:
                part[name] = part[name].replace(_THEIRS, ours)
    for record in answer.get("Records", []):
        record["awsRegion"] = region
