"""A function under test, stopped at each of its calls: run anew with the answers that its calls have had so far."""

import copy
import io
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

from botocore.exceptions import ClientError, ReadTimeoutError

from stream_lambda.items import Content, Group, Item, Message
from tableguard.local.event_source.batch_response import judge
from tableguard.local.function.outcome import FunctionError, Outcome, Success
from tests.explorer.model_table import TIMEOUT, Failure
from tests.explorer.pool import Frozen, freeze
from tests.worlds.watched_client import refused


class Call(NamedTuple):
    """One call: the same request is made again as another occurrence of it."""

    operation: str
    request: Frozen
    occurrence: int


class Row(NamedTuple):
    """What an item of a conversation list says."""

    user_uuid: str
    group_uuid: str
    created_at: str
    text: Content


@dataclass(frozen=True)
class Program:
    """A way to keep conversation rows: what handles a batch, the rows of a new conversation, and how rows are read."""

    name: str
    handle: Callable[[Any, Sequence[Any]], Any]  # client, records -> response
    first_rows: Callable[[Group, Message], list[Item]]
    read: Callable[[Item], Row]


class Look(NamedTuple):
    """Where a batch stands: the calls that wait for an answer; if none does, how many records are settled."""

    waiting: tuple[Call, ...]
    settled: int


class Unanswered(ClientError):
    """A call whose answer is still to come; what the function makes of it is thrown away."""

    def __init__(self) -> None:
        super().__init__({"Error": {"Code": "Unanswered", "Message": ""}}, "any")


@dataclass
class StoppedClient:
    """A client whose calls are answered as they have been so far; each other call waits, and fails for now."""

    answers: Mapping[Call, Frozen]
    waiting: list[Call] = field(default_factory=list)
    seen: Counter[tuple[str, Frozen]] = field(default_factory=Counter)

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        return partial(self._ask, operation)

    def _ask(self, operation: str, **request: Any) -> Any:
        frozen = freeze(copy.deepcopy(request))
        self.seen[operation, frozen] += 1
        call = Call(operation, frozen, self.seen[operation, frozen])
        if call not in self.answers:
            self.waiting.append(call)
            raise Unanswered
        return self.answer(self.answers[call])

    def answer(self, frozen: Frozen) -> Any:
        """An answer as a client gives it: returned, or raised."""
        if not isinstance(frozen.value, Failure):
            return copy.deepcopy(frozen.value)
        raise ReadTimeoutError(endpoint_url="") if frozen.value.code == TIMEOUT else refused(frozen.value.code)


def look(program: Program, records: Sequence[Any], answers: Mapping[Call, Frozen]) -> Look:
    """How far a function gets with a batch on these answers.

    A call without an answer fails for now. The function goes on with the calls that do not depend on it, which is how
    all calls that are on the wire at once are known.
    """
    client = StoppedClient(answers)
    outcome = _outcome(program, client, records)
    if client.waiting:
        return Look(tuple(client.waiting), 0)
    return Look((), judge(outcome, [record["dynamodb"]["SequenceNumber"] for record in records], True).done)


def _outcome(program: Program, client: StoppedClient, records: Sequence[Any]) -> Outcome:
    with redirect_stdout(io.StringIO()):
        try:
            return Success(program.handle(client, records))
        except Exception as error:  # noqa: BLE001 - whatever a function raises, Lambda delivers the batch again
            return FunctionError(type(error).__name__, "")
