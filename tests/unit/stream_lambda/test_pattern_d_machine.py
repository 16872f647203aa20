"""The packaged function on a real engine: whatever is sent, however it is delivered, and whichever calls fail.

TABLEGUARD_MACHINE_EXAMPLES sets how many histories are tried on each engine.
"""

import importlib
import io
import itertools
import os
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from types import ModuleType
from typing import Any, ClassVar

import pytest
from botocore.exceptions import ReadTimeoutError
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from stream_lambda.items import (
    Conversation,
    Group,
    Message,
    RowKey,
    User,
    conversation_of,
    flag_key,
    message_item,
    row_key,
    rows_pk,
)
from tableguard.local.event_source.batch_response import judge
from tableguard.local.function.outcome import FunctionError, Outcome, Success
from tableguard.store.inbox import Inbox
from tests.cases.handler_faults import FAULTS
from tests.engines.choice import BOTH, DYNAMODB_LOCAL, FASTER, MOTO
from tests.worlds.function_engines import Engine, running
from tests.worlds.handler_packages import Context, packaged, with_fault
from tests.worlds.messages import NOW, TABLE, at, said, stream_record
from tests.worlds.watched_client import refused

pytestmark = pytest.mark.slow


# moto takes four times as long
EXAMPLES = {MOTO: 6, DYNAMODB_LOCAL: 20}
Pair = tuple[str, str]  # user, group


class Killed(BaseException):
    """The function's process ends here; nothing in it can catch this."""


class Faults:
    """What befalls the calls of the function's client in turn: before they are sent, or after they were done."""

    def __init__(self, client: Any) -> None:
        self.planned: list[str] = []
        self.met = False
        client.meta.events.register("before-call.dynamodb", self._before)
        client.meta.events.register("after-call.dynamodb", self._after)

    def _before(self, **_: Any) -> None:
        self._meet("refused", refused("ProvisionedThroughputExceededException"))
        self._meet("killed before", Killed())

    def _after(self, **_: Any) -> None:
        self._meet("answer lost", ReadTimeoutError(endpoint_url=""))
        self._meet("killed after", Killed())
        if self.planned:
            self.planned.pop(0)

    def _meet(self, kind: str, error: BaseException) -> None:
        if self.planned and self.planned[0] == kind:
            self.planned.pop(0)
            self.met = True
            raise error


fault_lists = st.lists(
    st.sampled_from(["none", "none", "refused", "answer lost", "killed before", "killed after"]), max_size=5
)
_histories = itertools.count()


class PatternD(RuleBasedStateMachine):
    """A stream, a function that may fail at any call, and redeliveries of any stretch in any order."""

    engine: ClassVar[Engine]
    handler: ClassVar[ModuleType]
    faults: ClassVar[Faults]

    def __init__(self) -> None:
        super().__init__()
        history = next(_histories)  # users and groups of its own, in the one table
        ada, bob, eve = (User(f"{name}-{history}", name.title(), name) for name in ("ada", "bob", "eve"))
        pair, everybody = (f"pair-{history}", (ada, bob)), (f"all-{history}", (ada, bob, eve))
        self.groups = [Group(*pair, frozenset((bob.user_uuid,))), Group(*everybody, frozenset((ada.user_uuid,)))]
        self.users = [ada, bob, eve]
        for group in self.groups:
            self.engine.put(group)
            for user_uuid in group.further:
                self.engine.client.put_item(TableName=TABLE, Item=flag_key(user_uuid))
        self.messages: dict[tuple[str, int], Message] = {}
        self.stream: list[dict[str, Any]] = []
        self.sent: dict[str, Message] = {}  # by the number of its record
        self.position = 0
        self.discarded: list[dict[str, Any]] = []
        self.shown: dict[Pair, Conversation] = {}

    # What happens in the table

    @rule(group=st.integers(0, 1), second=st.integers(1, 30), expires_at=st.sampled_from([None, 4_000_000_000]))
    def send(self, group: int, second: int, expires_at: int | None) -> None:
        chosen = self.groups[group]
        if (chosen.group_uuid, second) not in self.messages:
            self._write(second, said(f"message {second}", second, chosen, expires_at=expires_at))

    @precondition(lambda self: self.messages)
    @rule(data=st.data(), deleted=st.booleans())
    def edit(self, data: st.DataObject, deleted: bool) -> None:
        group_uuid, second = data.draw(st.sampled_from(sorted(self.messages)))
        group = self._group(group_uuid)
        edited_at = at(100 + len(self.stream))
        self._write(
            second, said("" if deleted else f"edited {edited_at}", second, group, edited_at=edited_at, deleted=deleted)
        )

    def _group(self, group_uuid: str) -> Group:
        return next(group for group in self.groups if group.group_uuid == group_uuid)

    def _write(self, second: int, message: Message) -> None:
        self.messages[message.group_uuid, second] = message
        name = "MODIFY" if message.edited_at else "INSERT"
        self.stream.append(stream_record(message_item(message), len(self.stream) + 1, name))
        self.sent[_number(self.stream[-1])] = message

    @rule(kind=st.sampled_from(["REMOVE", "row", "poison"]))
    def noise(self, kind: str) -> None:
        item = message_item(said("noise", 999, self.groups[0]))
        if kind == "row":
            item |= {"pk": {"S": rows_pk(self.users[0].user_uuid)}}
        if kind == "poison":
            item |= {"message_uuid": {"N": "1"}}
        self.stream.append(stream_record(item, len(self.stream) + 1, "REMOVE" if kind == "REMOVE" else "INSERT"))

    # What becomes of the stream

    @precondition(lambda self: self.position < len(self.stream))
    @rule(size=st.integers(1, 8), faults=fault_lists, timed_out=st.booleans())
    def poll(self, size: int, faults: list[str], timed_out: bool) -> None:
        batch = self.stream[self.position : self.position + size]
        settled = self._deliver(batch, faults)
        if not timed_out:  # else it was cut off after its last write, and the batch comes again
            self.position += settled

    @precondition(lambda self: self.stream)
    @rule(data=st.data(), reverse=st.booleans(), faults=fault_lists)
    def redeliver(self, data: st.DataObject, reverse: bool, faults: list[str]) -> None:
        start = data.draw(st.integers(0, len(self.stream) - 1))
        batch = self.stream[start : start + data.draw(st.integers(1, 6))]
        self._deliver(batch[::-1] if reverse else batch, faults)

    @precondition(lambda self: self.position < len(self.stream))
    @rule(size=st.integers(1, 4))
    def discard(self, size: int) -> None:
        batch = self.stream[self.position : self.position + size]
        self.discarded += batch
        self.position += len(batch)

    def _deliver(self, batch: Sequence[dict[str, Any]], faults: Sequence[str] = ()) -> int:
        self.faults.planned, self.faults.met = list(faults), False
        outcome = self._outcome(batch)
        self.faults.planned = []
        settled = judge(outcome, [_number(record) for record in batch], True).done
        assert self.faults.met or settled == len(batch), "delivered again although no call failed"
        self._look()
        left = self._announced(batch[settled:])
        for message in self._announced(batch[:settled]):
            newer_comes = any(message.group_uuid == each.group_uuid and message.stamp < each.stamp for each in left)
            assert newer_comes or self._is_seen(message), "settled, and not shown"
        return settled

    def _outcome(self, batch: Sequence[dict[str, Any]]) -> Outcome:
        with redirect_stdout(io.StringIO()):
            try:
                return Success(self.handler.handle({"Records": list(batch)}, Context()))
            except Killed:
                return FunctionError("Killed", "")

    # What members see

    def _look(self) -> None:
        """No conversation vanishes, none goes back, and none shows what was never sent."""
        before, self.shown = self.shown, self._rows()
        assert before.keys() <= self.shown.keys()
        for pair, row in before.items():
            assert _stamp(self.shown[pair]) >= _stamp(row)
        assert {row.last_message for row in self.shown.values()} <= {message.summary for message in self.sent.values()}

    def _announced(self, records: Sequence[dict[str, Any]]) -> list[Message]:
        return [self.sent[_number(record)] for record in records if _number(record) in self.sent]

    def _is_seen(self, message: Message) -> bool:
        """Whether every member sees this message or a newer one."""
        pairs = [(member.user_uuid, message.group_uuid) for member in self._group(message.group_uuid).members]
        return all(pair in self.shown and _stamp(self.shown[pair]) >= message.stamp for pair in pairs)

    def _rows(self) -> dict[Pair, Conversation]:
        keys = [
            row_key(RowKey(member.user_uuid, group.group_uuid, member.user_uuid in group.further))
            for group in self.groups
            for member in group.members
        ]
        answer = self.engine.client.batch_get_item(RequestItems={TABLE: {"Keys": keys, "ConsistentRead": True}})
        return {(row.user_uuid, row.group_uuid): row for row in map(conversation_of, answer["Responses"][TABLE])}

    def _listed(self, user: User) -> list[Conversation]:
        inbox = Inbox(self.engine.client, TABLE, user.user_uuid, NOW)
        pages = [inbox.page(1, None, consistent=True)]
        while pages[-1].token:
            pages.append(inbox.page(1, pages[-1].token, consistent=True))
        assert [page.refusals for page in pages] == [()] * len(pages)
        return [row for page in pages for row in page.items]

    def teardown(self) -> None:
        """Once everything is delivered, each member has one row, and it shows the newest message."""
        while self.position < len(self.stream):
            self.position += self._deliver(self.stream[self.position : self.position + 5])
        self._deliver(self.discarded[::-1])
        wanted = {
            (member.user_uuid, group.group_uuid): newest
            for group in self.groups
            if (newest := self._newest(group)) is not None
            for member in group.members
        }
        assert {pair: _shows(row) for pair, row in self.shown.items()} == {
            pair: (*message.stamp, message.summary, message.message_uuid, message.expires_at)
            for pair, message in wanted.items()
        }
        for user in self.users:
            rows = [row for pair, row in self.shown.items() if pair[0] == user.user_uuid]
            listed = self._listed(user)
            assert listed == sorted(listed, key=lambda row: row.last_message_at, reverse=True)
            assert sorted(listed, key=_group_of) == sorted(rows, key=_group_of)

    def _newest(self, group: Group) -> Message | None:
        of_group = [message for (group_uuid, _), message in self.messages.items() if group_uuid == group.group_uuid]
        return max(of_group, key=lambda message: message.stamp, default=None)


def _number(record: dict[str, Any]) -> str:
    return str(record["dynamodb"]["SequenceNumber"])


def _group_of(row: Conversation) -> str:
    return row.group_uuid


def _stamp(row: Conversation) -> tuple[str, str]:
    return row.last_message_at, row.last_message_version


def _shows(row: Conversation) -> tuple[object, ...]:
    return (*_stamp(row), row.last_message, row.last_message_uuid, row.expires_at)


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    with running(request.param) as found:
        for name, value in found.environment.items():
            monkeypatch.setenv(name, value)
        yield found


def try_histories(engine: Engine, package: ModuleType, **more: Any) -> None:
    """Run the function of a package through random histories."""
    handler: Any = importlib.import_module(f"{package.__name__}.handler")
    handler.WORKERS = 1  # so that the same faults meet the same calls when a history is tried again
    parts = {"engine": engine, "handler": handler, "faults": Faults(handler._table().client)}
    chosen = settings(stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck), **more)
    run_state_machine_as_test(type("History", (PatternD,), parts), settings=chosen)


def test_in_the_end_every_member_sees_the_newest_message(engine: Engine) -> None:
    examples = int(os.environ.get("TABLEGUARD_MACHINE_EXAMPLES", EXAMPLES[engine.name]))
    with packaged() as package:
        try_histories(engine, package, max_examples=examples)


@pytest.mark.parametrize("engine", [FASTER], indirect=True)
@pytest.mark.parametrize(
    "fault", ["rows are overwritten unconditionally", "nothing is answered", "the first record is no failure"]
)
def test_it_would_be_found_if(fault: str, engine: Engine) -> None:
    unshrunk = {"phases": [Phase.generate], "derandomize": True, "report_multiple_bugs": False}
    with with_fault(FAULTS[fault]) as package, pytest.raises(AssertionError):
        try_histories(engine, package, max_examples=100, **unshrunk)
