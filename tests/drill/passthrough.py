"""Between the function and DynamoDB: passes every call on, but for those that are to go wrong."""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from threading import Condition, Event, Thread
from typing import Any, Self
from urllib.parse import urlsplit

import urllib3

from tableguard.local.function.loopback import LoopbackHandler, LoopbackServer
from tests.drill.kinds import Kind
from tests.drill.plan import Fault

_READS = {"BatchGetItem", "Query"}
_OWN_HEADERS = {"host", "content-length", "connection"}
_MISSHAPEN = b"{}"  # no answer to a BatchGetItem: the function raises
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
_THROTTLING = (
    "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
    "The level of configured provisioned throughput for the table was exceeded. "
    "Consider increasing your provisioning level with the UpdateTable API.",
)
_DENIAL = ("com.amazon.coral.service#AccessDeniedException", "User is not authorized to perform: dynamodb:UpdateItem")


@dataclass(frozen=True)
class _Call:
    operation: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


class Passthrough:
    """Serves a function until closed; faults are armed before an invocation and disarmed after it."""

    def __init__(self, upstream: str) -> None:
        url = urlsplit(upstream)
        self._pool = urllib3.HTTPConnectionPool(str(url.hostname), url.port, maxsize=32, timeout=60, retries=False)
        self._state = Condition()
        self._under_way = 0
        self._released = Event()
        self._kill: Callable[[], None] = lambda: None
        self._reads: list[Fault] = []
        self._writes: dict[int, Fault] = {}
        self._written = 0
        self._stalled = False
        self._cursed: dict[str, Kind] = {}
        self.calls: Counter[str] = Counter()
        self._server = _Server(self)
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), name="pass-through", daemon=True)
        self._thread.start()

    @property
    def endpoint(self) -> str:
        """Where the function finds its DynamoDB."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.settle()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._pool.close()

    def arm(self, reads: Iterable[Fault], writes: Mapping[int, Fault], kill: Callable[[], None]) -> None:
        """Let the next reads go wrong one after the other, and writes by their number; `kill` ends the function."""
        with self._state:
            self._reads, self._writes, self._written, self._kill = list(reads), dict(writes), 0, kill
            self._released, self._stalled = Event(), False

    def disarm(self) -> list[Fault]:
        """Nothing goes wrong any more, and no call is under way; answers what has not come about."""
        self.settle()
        with self._state:
            left = [*self._reads, *self._writes.values()]
            self._reads, self._writes, self._stalled = [], {}, False
        return left

    @property
    def cursed(self) -> frozenset[str]:
        """The groups that bear a curse."""
        with self._state:
            return frozenset(self._cursed)

    def curse(self, group_uuid: str, kind: Kind) -> None:
        """From now on the function raises when it asks for this group, or may not write its rows."""
        with self._state:
            self._cursed[group_uuid] = kind

    def lift(self, group_uuids: Collection[str]) -> list[Kind]:
        """End the curses on these groups; answers which there were."""
        with self._state:
            return [self._cursed.pop(group_uuid) for group_uuid in group_uuids if group_uuid in self._cursed]

    def settle(self) -> None:
        """Return once no call is under way: one of a process that was killed is still carried out."""
        with self._state:
            self._released.set()
            if not self._state.wait_for(lambda: not self._under_way, timeout=60):
                raise TimeoutError(f"{self._under_way} calls are still under way")

    def answer_to(self, call: _Call) -> _Answer | None:
        """What the function is answered; None: the connection is cut."""
        with self._state:
            self._under_way += 1
            self.calls[call.operation] += 1
            fault, cursed = self._due(call), dict(self._cursed)
        try:
            return self._with_fault(call, fault) if fault else self._with_curses(call, cursed)
        finally:
            with self._state:
                self._under_way -= 1
                self._state.notify_all()

    def _due(self, call: _Call) -> Fault | None:
        if call.operation in _READS:
            return self._reads.pop(0) if self._reads else None
        self._written += 1
        if self._stalled:  # the botocore of the function gives up waiting after 5 s, and asks again
            return Fault(Kind.TIMED_OUT, 0)
        fault = self._writes.pop(self._written - 1, None)
        self._stalled = fault is not None and fault.kind is Kind.TIMED_OUT
        return fault

    def _with_fault(self, call: _Call, fault: Fault) -> _Answer | None:
        if fault.kind is Kind.THROTTLED:
            return _error(*_THROTTLING)
        if fault.kind is Kind.UNPROCESSED:
            return self._partly(call, fault.at)
        released, kill = self._released, self._kill
        if fault.kind is Kind.UNANSWERED or fault.is_late:
            self._passed_on(call)
        if fault.kind is Kind.KILLED:
            kill()
        elif fault.kind is Kind.TIMED_OUT:
            released.wait(60)
        return None

    def _partly(self, call: _Call, at: float) -> _Answer:
        """The answer to some of the keys; the others are unprocessed."""
        asked = json.loads(call.body)
        ((table, wanted),) = asked["RequestItems"].items()
        count = int(at * len(wanted["Keys"]))
        left = {table: {**wanted, "Keys": wanted["Keys"][count:]}}
        found: dict[str, Any] = {"Responses": {table: []}}
        if count:
            some = {"RequestItems": {table: {**wanted, "Keys": wanted["Keys"][:count]}}}
            found = json.loads(self._passed_on(_Call(call.operation, call.headers, json.dumps(some).encode())).body)
        return _Answer(200, {}, json.dumps({**found, "UnprocessedKeys": left}).encode())

    def _with_curses(self, call: _Call, cursed: Mapping[str, Kind]) -> _Answer:
        met = {kind for group_uuid, kind in cursed.items() if group_uuid.encode() in call.body}
        if Kind.RAISING in met and call.operation in _READS:
            return _Answer(200, {}, _MISSHAPEN)
        if Kind.REFUSED in met and call.operation not in _READS:
            return _error(*_DENIAL)
        return self._passed_on(call)

    def _passed_on(self, call: _Call) -> _Answer:
        answer = self._pool.urlopen("POST", "/", body=call.body, headers=call.headers, decode_content=False)
        kept = {name: value for name, value in answer.headers.items() if name.lower().startswith("x-amz")}
        return _Answer(answer.status, kept, answer.data)


def _error(kind: str, message: str) -> _Answer:
    return _Answer(400, {}, json.dumps({"__type": kind, "message": message}).encode())


class _Server(LoopbackServer):
    def __init__(self, passthrough: Passthrough) -> None:
        super().__init__(_Handler)
        self.passthrough = passthrough


class _Handler(LoopbackHandler):
    server: _Server

    def do_POST(self) -> None:
        passed = {name: value for name, value in self.headers.items() if name.lower() not in _OWN_HEADERS}
        operation = self.headers["X-Amz-Target"].split(".")[1]
        answer = self.server.passthrough.answer_to(_Call(operation, passed, self.body()))
        if answer is None:
            self.close_connection = True
            return
        self.answer(answer.status, "application/x-amz-json-1.0", answer.body, answer.headers)
