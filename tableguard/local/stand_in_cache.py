"""Stands in for a DAX cluster: a cache before the table that forgets by the clock, so that staleness can be seen.

It is no DAX. It speaks DynamoDB's JSON over HTTP, at /stand-in-cache/CLUSTER of the embedded AWS, and not DAX's own
protocol; no network and no nodes are behind it. What it has of DAX is what an application depends on: the caller needs
dax's actions on the cluster, the table is read by the cluster's role, an answer is kept for the time of its parameter
group, word for word by its question, a strongly consistent read passes through, and so does nothing else.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/DAX.consistency.html
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

from moto.dax.models import DaxCluster, dax_backends
from werkzeug.test import run_wsgi_app
from werkzeug.wrappers import Response

from tableguard.local.authorization import callers, guard
from tableguard.local.authorization.attached_policies import organization
from tableguard.local.authorization.call import ApiCall
from tableguard.local.authorization.refusal import Refusal, error_body, response_parts, unknown_key
from tableguard.local.clients.factory import Clients
from tableguard.local.clients.identities import ACTING_HEADER, DAX, DAX_KEY, via_header
from tableguard.local.moto.dax import times_of
from tableguard.local.operation import CREDENTIAL
from tableguard.local.watch import watch

PATH = "/stand-in-cache/"
HEADER = "x-embedded-stand-in"  # of each answer, which says so that this is no DAX
_TIMES = {"BatchGetItem": "record-ttl-millis", "GetItem": "record-ttl-millis", "Query": "query-ttl-millis"}
_ENVIRON_OF_HEADER = f"HTTP_{ACTING_HEADER.upper().replace('-', '_')}"

Environ = dict[str, Any]
StartResponse = Callable[..., Callable[[bytes], object]]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]


@dataclass(frozen=True)
class _Question:
    """A request to a cluster: who asks, by access key, where, and what."""

    cluster: str
    operation: str
    access_key_id: str
    region: str
    credential: str  # as the request was signed
    body: Mapping[str, Any]

    @property
    def is_kept(self) -> bool:
        """Tell whether an answer is kept: not of a strongly consistent read."""
        tables = self.body.get("RequestItems", {"": self.body}).values()
        return not any(table.get("ConsistentRead") for table in tables)

    @property
    def words(self) -> tuple[str, str, str]:
        """Return what another question must be equal in to have the same answer."""
        return self.cluster, self.operation, json.dumps(self.body, sort_keys=True)


@dataclass
class StandInCache:
    """A WSGI application: requests to a cluster are answered here, all others by the one behind."""

    behind: Application
    _answers: dict[tuple[str, str, str], tuple[datetime, bytes]] = field(default_factory=dict)
    _keys: dict[str, str] = field(default_factory=dict)  # access key of each role
    _lock: Lock = field(default_factory=Lock)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        if not environ["PATH_INFO"].startswith(PATH):
            return self.behind(environ, start_response)
        return self._answer(environ)(environ, start_response)

    def _answer(self, environ: Environ) -> Response:
        question = _question(environ)
        if question is None or question.operation not in _TIMES:
            # a write would pass through to the table; nobody of ours may write through the cache
            return _error("NotModelled", "not modelled: a cache is asked for GetItem, BatchGetItem and Query")
        try:
            account = _authorized(question)
        except Refusal as refusal:
            status, body, headers = response_parts(refusal, "json")
            return Response(body, status, headers)
        backend = dax_backends[account][question.region]
        cluster = backend.clusters.get(question.cluster)
        if cluster is None:
            return _error("ClusterNotFoundFault", f"no cluster {question.cluster} in the caller's account")
        seconds = times_of(cluster, backend)[_TIMES[question.operation]]
        return self._of_memory(question) or self._of_table(environ, question, cluster, account, seconds)

    def _of_memory(self, question: _Question) -> Response | None:
        with self._lock:
            until, body = self._answers.get(question.words, (_now(), b""))
        if not question.is_kept or until <= _now():
            return None
        answer = {name: value for name, value in json.loads(body).items() if name != "ConsumedCapacity"}
        return _json(json.dumps(answer).encode())

    def _of_table(
        self, environ: Environ, question: _Question, cluster: DaxCluster, account: str, seconds: float
    ) -> Response:
        """Ask the table as the cluster's role, and keep the answer."""
        endpoint = f"http://{environ['HTTP_HOST']}"
        key = self._key(endpoint, cluster.iam_role_arn, account, question.region)
        to_table = {
            **environ,
            "PATH_INFO": "/",
            "RAW_URI": f"{endpoint}/",
            "REQUEST_URI": "/",
            "HTTP_AUTHORIZATION": question.credential.replace(question.access_key_id, key),
            _ENVIRON_OF_HEADER: via_header(DAX),
        }
        parts, status, headers = run_wsgi_app(self.behind, to_table, buffered=True)
        body = b"".join(parts)
        if not status.startswith("200"):
            return Response(body, status, headers)
        if question.is_kept:
            with self._lock:
                self._answers[question.words] = (_now() + timedelta(seconds=seconds), body)
        return _json(body)

    def _key(self, endpoint: str, role: str, account: str, region: str) -> str:
        """Return an access key of the cluster's role, which DAX assumes once."""
        if role not in self._keys:
            sts = Clients(endpoint, DAX_KEY)("sts", account, region)
            self._keys[role] = sts.assume_role(RoleArn=role, RoleSessionName="DAX")["Credentials"]["AccessKeyId"]
        return self._keys[role]


def _authorized(question: _Question) -> str:
    """Return the caller's account; Refusal unless every policy lets the caller ask the cluster."""
    caller = callers.caller_of(question.access_key_id)
    if caller is None:
        raise unknown_key("dax", "json")
    account, current = caller.principal.account, organization()
    parameters = {"ClusterName": question.cluster}
    if current is not None:
        call = ApiCall(caller, account, question.region, "dax", question.operation, parameters)
        guard.check(call, current, "json")
    return account


def _question(environ: Environ) -> _Question | None:
    signed = CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
    if signed is None:
        return None
    body = environ["wsgi.input"].read()
    environ["wsgi.input"].seek(0)
    return _Question(
        environ["PATH_INFO"].removeprefix(PATH).strip("/"),
        environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2],
        signed[1],
        signed[2],
        environ["HTTP_AUTHORIZATION"],
        json.loads(body),
    )


def _now() -> datetime:
    watching = watch.in_use()
    return watching.clock.now() if watching else datetime.now(UTC)


def _json(body: bytes) -> Response:
    return Response(body, 200, {"Content-Type": "application/x-amz-json-1.0", HEADER: "cache"})


def _error(code: str, message: str) -> Response:
    body, headers = error_body(code, message, "json")
    return Response(body, 400, {**headers, HEADER: "cache"})
