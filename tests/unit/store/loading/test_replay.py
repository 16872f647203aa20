"""A trace of real messages: read line by line, given texts, written to the table, and what the rows must show."""

import dataclasses
import os
import statistics
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from stream_lambda import items, records
from stream_lambda.decide import conversation
from stream_lambda.handler import handle_batch
from stream_lambda.table import ProjectionTable
from tableguard.errors import MessageError
from tableguard.store.encryption import Cipher
from tableguard.store.loading import recording, replay
from tableguard.store.loading.recording import TraceLine
from tableguard.store.messages import MessageTable, pair_group_uuid
from tableguard.store.places import Places
from tests.engines.choice import BOTH
from tests.worlds.messages import NOW, TABLE, all_items, all_rows, emulated_table, message_records, stream_record
from tests.worlds.recordings import expected_rows

pytestmark = pytest.mark.slow
TRACE = """% asym positive
% 6 3 3
1 2 1 1082008561
2 1 1 1082008561
1 3 1 1082008561
3 2 1 1082123439
1 2 1 1082008500
3 1 1 1082381991
"""
LINES = (
    TraceLine(1, 2, 1082008561),
    TraceLine(2, 1, 1082008561),
    TraceLine(1, 3, 1082008561),
    TraceLine(3, 2, 1082123439),
    TraceLine(1, 2, 1082008500),
    TraceLine(3, 1, 1082381991),
)
USERS = {number: recording.member(number) for number in (1, 2, 3)}


def group_of(one: int, other: int) -> str:
    return pair_group_uuid(USERS[one].user_uuid, USERS[other].user_uuid)


@pytest.fixture(params=BOTH)
def client(request: pytest.FixtureRequest) -> Iterator[Any]:
    with emulated_table(engine=request.param) as emulated:
        yield emulated


def trace_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "trace.txt"
    path.write_text(text)
    return path


def test_a_trace_is_read_without_its_header(tmp_path: Path) -> None:
    assert recording.read_trace(trace_file(tmp_path, TRACE)) == LINES


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("1 2 1", "four whole numbers"),
        ("1 2 1 1082008561 5", "four whole numbers"),
        ("1 2 1 soon", "four whole numbers"),
        ("1 2 1 -5", "four whole numbers"),
        ("1 2 1 1.5", "four whole numbers"),
        ("1 2 1 ²", "four whole numbers"),
        (" ", "four whole numbers"),
        ("1 2 3 1082008561", "weight 3"),
        ("4 4 1 1082008561", "sender and recipient are both 4"),
        ("1 2 1 999999999999", "unix-time 999999999999 is in the future"),
    ],
)
def test_a_bad_line_is_refused_by_its_number(tmp_path: Path, line: str, reason: str) -> None:
    with pytest.raises(MessageError, match=rf"trace\.txt:9: .*{reason}"):
        recording.read_trace(trace_file(tmp_path, f"{TRACE}{line}\n"))


NOON = 1_100_000_000
PATTERN_D_ACCEPTS = 5 * 60


@pytest.mark.parametrize("clock", [NOON, NOON + 0.9])
@pytest.mark.parametrize("index", [0, 999_999])
def test_the_last_second_that_is_read_is_one_that_pattern_d_accepts(tmp_path: Path, clock: float, index: int) -> None:
    last = NOON + PATTERN_D_ACCEPTS - 1
    (line,) = recording.read_trace(trace_file(tmp_path, f"1 2 1 {last}\n"), clock=lambda: clock)
    (message,) = recording.messages([line])
    latest = datetime.fromisoformat(message.created_at) + timedelta(microseconds=index)
    record = stream_record(items.message_item(dataclasses.replace(message, created_at=items.timestamp(latest))))
    record["dynamodb"]["ApproximateCreationDateTime"] = float(int(clock))
    assert isinstance(records.read(record, NOW), items.Message)


@pytest.mark.parametrize("clock", [NOON, NOON + 0.9])
def test_a_message_from_the_future_is_refused_by_its_line(tmp_path: Path, clock: float) -> None:
    late = trace_file(tmp_path, f"1 2 1 {NOON}\n1 2 1 {NOON + PATTERN_D_ACCEPTS}\n")
    with pytest.raises(MessageError, match=r"trace\.txt:2: unix-time 1100000300 is in the future"):
        recording.read_trace(late, clock=lambda: clock)


@pytest.mark.parametrize("text", ["", "% a header only\n"])
def test_a_trace_without_messages_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(MessageError, match="holds no message"):
        recording.read_trace(trace_file(tmp_path, text))


def test_a_trace_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MessageError, match=r"absent: cannot be read \(No such file or directory\)$"):
        recording.read_trace(tmp_path / "absent")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(MessageError, match=r"binary: not UTF-8 text \(byte \d+\)$"):
        recording.read_trace(tmp_path / "binary")


def test_messages_of_a_pair_in_the_same_second_keep_their_order() -> None:
    found = list(recording.messages(LINES))
    assert [(message.group_uuid, message.created_at) for message in found[:3]] == [
        (group_of(1, 2), "2004-04-15T05:56:01.000000+00:00"),
        (group_of(1, 2), "2004-04-15T05:56:01.000001+00:00"),
        (group_of(1, 3), "2004-04-15T05:56:01.000000+00:00"),
    ]
    assert len({message.message_uuid for message in found}) == len(LINES)
    assert [message.author for message in found] == [USERS[line.sender] for line in LINES]


def test_texts_are_those_of_the_seed() -> None:
    assert [recording.text(1, index) for index in range(50)] == [recording.text(1, index) for index in range(50)]
    assert [recording.text(1, index) for index in range(50)] != [recording.text(2, index) for index in range(50)]


def test_texts_are_as_long_as_those_of_chats() -> None:
    lengths = [len(recording.text(0, index)) for index in range(20_000)]
    assert 45 <= statistics.median(lengths) <= 55
    assert (min(lengths) >= 1, max(lengths)) == (True, 1000)


def test_the_rows_to_expect_are_those_of_the_newest_message_of_each_pair() -> None:
    sent = list(recording.messages(LINES))
    newest = {group_of(1, 2): sent[1], group_of(1, 3): sent[5], group_of(2, 3): sent[3]}
    assert expected_rows(LINES) == {
        (USERS[user].user_uuid, group_of(user, other)): newest[group_of(user, other)]
        for user in USERS
        for other in USERS
        if user != other
    }


def new_places(client: Any, most: int = 50) -> Places:
    return Places(client, TABLE, most, NOW)


def test_a_replayed_trace_is_in_the_table_message_by_message(client: Any) -> None:
    replayed = replay.replay(client, TABLE, LINES, new_places(client), workers=1)
    assert (replayed.users, replayed.groups, replayed.messages) == (3, 3, 6)
    held = [item for item in all_items(client) if items.is_message_pk(item["pk"]["S"])]
    assert {items.message_of(item) for item in held} == set(recording.messages(LINES))
    table = MessageTable(client, TABLE, clock=lambda: NOW)
    assert len(table.messages(group_of(1, 2), USERS[2].user_uuid).items) == 3


def anew(text: bytes, context: Mapping[str, str]) -> bytes:
    """Encrypts like the real cipher in that the same text is never the same twice."""
    return os.urandom(16) + text


ENCRYPTING = Cipher(encrypt=anew, decrypt=lambda text, context: text[16:])


@pytest.mark.parametrize("cipher", [None, ENCRYPTING], ids=["plaintext", "encrypted"])
def test_replaying_it_again_changes_nothing(client: Any, cipher: Cipher | None) -> None:
    first = replay.replay(client, TABLE, LINES, new_places(client), workers=1, cipher=cipher)
    before = all_items(client)
    again = replay.replay(client, TABLE, LINES, new_places(client), workers=1, cipher=cipher)
    assert all_items(client) == before
    assert (first.new_messages, again.new_messages, again.messages) == (6, 0, 6)


def test_what_users_have_changed_since_stays_as_they_left_it(client: Any) -> None:
    replay.replay(client, TABLE, LINES, new_places(client), workers=1)
    first = next(recording.messages(LINES))
    deleted = dataclasses.replace(first, text="", deleted=True, edited_at=items.timestamp(NOW))
    grown = items.Group(first.group_uuid, tuple(USERS.values()))
    changed = [items.message_item(deleted), items.group_item(grown)]
    for item in changed:
        client.put_item(TableName=TABLE, Item=item)
    replay.replay(client, TABLE, LINES, new_places(client), workers=1)
    held = all_items(client)
    assert all(item in held for item in changed)


def test_only_what_is_absent_is_written(client: Any) -> None:
    replay.replay(client, TABLE, LINES, new_places(client), workers=1)
    whole = all_items(client)
    lost = list(recording.messages(LINES))[2]
    client.delete_item(TableName=TABLE, Key=items.message_key(lost.group_uuid, lost.created_at))
    counting = Busy(client)
    again = replay.replay(counting, TABLE, LINES, new_places(client), workers=1)
    assert (counting.sizes, again.new_messages) == ([1], 1)
    assert sorted(map(str, all_items(client))) == sorted(map(str, whole))


class Overtaken:
    """A client whose reader sees an empty table: another replay has written all of it since."""

    def __init__(self, client: Any) -> None:
        self.exceptions, self.transact_write_items = client.exceptions, client.transact_write_items

    def batch_get_item(self, **request: Any) -> Any:
        return {"Responses": {}, "UnprocessedKeys": {}}


def test_what_another_replay_writes_meanwhile_is_left_alone_too(client: Any) -> None:
    replay.replay(client, TABLE, LINES[:2], new_places(client), workers=1, cipher=ENCRYPTING)
    before = all_items(client)
    more = replay.replay(
        Overtaken(client),
        TABLE,
        LINES,
        new_places(client),
        workers=1,
        cipher=ENCRYPTING,
        sleep=lambda _: None,
    )
    after = all_items(client)
    assert all(item in after for item in before)
    assert (len(after), more.new_messages) == (9, 4)


class Interrupted:
    """A client during whose so many-th transaction the user presses Ctrl-C."""

    def __init__(self, client: Any, transactions: int) -> None:
        self.client, self.left, self.exceptions = client, transactions, client.exceptions
        self.batch_get_item = client.batch_get_item

    def transact_write_items(self, **request: Any) -> Any:
        self.left -= 1
        if self.left <= 0:
            raise KeyboardInterrupt
        return self.client.transact_write_items(**request)


@pytest.mark.parametrize(("transaction", "messages"), [(1, 0), (2, 0), (3, 25), (4, 50)])
def test_an_interrupted_replay_says_how_far_it_came(client: Any, transaction: int, messages: int) -> None:
    trace = [TraceLine(1, 2, NOON + number) for number in range(60)]
    passed: list[items.Message] = []

    def observe(written: Iterable[items.Message]) -> Iterator[items.Message]:
        for message in written:
            passed.append(message)
            yield message

    with pytest.raises(KeyboardInterrupt):
        replay.replay(
            Interrupted(client, transaction),
            TABLE,
            trace,
            new_places(client),
            workers=1,
            observe=observe,
        )
    assert len(passed) == messages
    again = replay.replay(client, TABLE, trace, new_places(client), workers=1)
    assert again.new_messages == 60 - messages
    assert len(all_items(client)) == 61


class Reporting:
    """A client that reports this capacity for each transaction."""

    def __init__(self, client: Any, *consumed: dict[str, Any]) -> None:
        self.client, self.consumed, self.exceptions = client, list(consumed), client.exceptions
        self.batch_get_item = client.batch_get_item

    def transact_write_items(self, **request: Any) -> Any:
        return self.client.transact_write_items(**request) | {"ConsumedCapacity": self.consumed}


@pytest.mark.parametrize(
    ("consumed", "write_units"),
    [
        ([{"CapacityUnits": 9.0, "WriteCapacityUnits": 8.0}], 16.0),
        ([{"CapacityUnits": 9.0}], None),
        ([], None),
    ],
)
def test_write_units_are_those_of_the_engine_or_unknown(
    client: Any, consumed: list[dict[str, Any]], write_units: float | None
) -> None:
    reporting = Reporting(client, *consumed)
    assert replay.replay(reporting, TABLE, LINES, new_places(client), workers=1).write_units == write_units
    assert replay.replay(reporting, TABLE, LINES, new_places(client), workers=1).write_units == 0


def test_pattern_d_brings_about_the_rows_to_expect(client: Any) -> None:
    replay.replay(client, TABLE, LINES, new_places(client), workers=1)
    changes = message_records(*recording.messages(LINES))
    handle_batch(changes[::-1], ProjectionTable(client, TABLE, workers=1), NOW, lambda: 60_000)
    groups = {group.group_uuid: group for group in recording.groups(LINES)}
    assert all_rows(client) == {
        (user_uuid, group_uuid): conversation(message, user, groups[group_uuid])
        for (user_uuid, group_uuid), message in expected_rows(LINES).items()
        for user in USERS.values()
        if user.user_uuid == user_uuid
    }


class Busy:
    """A client whose transactions are cancelled for these reasons, one after the other, and then succeed."""

    def __init__(self, client: Any, *reasons: list[str]) -> None:
        self.client, self.reasons, self.exceptions, self.sizes = client, list(reasons), client.exceptions, list[int]()
        self.batch_get_item = client.batch_get_item

    def transact_write_items(self, **request: Any) -> Any:
        self.sizes.append(len(request["TransactItems"]))
        if not self.reasons:
            return self.client.transact_write_items(**request)
        codes = self.reasons.pop(0)
        codes += ["None"] * (self.sizes[-1] - len(codes))  # there is a reason for each item
        response: Any = {
            "Error": {"Code": "TransactionCanceledException"},
            "CancellationReasons": [{"Code": code} for code in codes],
        }
        raise self.exceptions.TransactionCanceledException(response, "TransactWriteItems")


def test_a_busy_table_is_tried_again_less_and_less_often(client: Any) -> None:
    waits: list[float] = []
    busy = Busy(client, ["None", "ThrottlingError"], ["TransactionConflict"], ["ProvisionedThroughputExceeded"])
    replay.replay(busy, TABLE, LINES, new_places(client), workers=1, sleep=waits.append)
    assert (len(all_items(client)), waits) == (9, [0.05, 0.1, 0.2])


def test_a_table_that_stays_busy_is_an_error(client: Any) -> None:
    busy = Busy(client, *[["ThrottlingError"]] * 8)
    with pytest.raises(MessageError, match="table messages: too busy for 3 items, 8 times"):
        replay.replay(busy, TABLE, LINES, new_places(client), workers=1, sleep=lambda _: None)


def test_any_other_refusal_is_the_callers_to_see(client: Any) -> None:
    busy = Busy(client, ["None", "ItemCollectionSizeLimitExceeded"])
    with pytest.raises(client.exceptions.TransactionCanceledException):
        replay.replay(busy, TABLE, LINES, new_places(client), workers=1, sleep=lambda _: None)
    assert busy.sizes == [3]


def test_no_more_than_25_items_are_written_at_once(client: Any) -> None:
    counting = Busy(client)
    many = [TraceLine(1, number, 1082008561) for number in range(2, 28)]
    replay.replay(counting, TABLE, many, new_places(client), workers=1)
    assert counting.sizes == [25, 1, 25, 1]


def test_an_observer_of_groups_sees_each_that_is_absent_before_any_message_is_written(client: Any) -> None:
    passed: list[int] = []

    def observe(absent: Iterable[items.Group]) -> Iterator[items.Group]:
        for group in absent:
            passed.append(len(all_items(client)))
            yield group

    for seen in ([0, 0, 0], [0, 0, 0]):  # the second time none is absent
        replay.replay(client, TABLE, LINES, new_places(client), workers=1, observe_groups=observe)
        assert passed == seen


def test_an_observer_sees_each_message_pass(client: Any, capsys: pytest.CaptureFixture[str]) -> None:
    passed: list[items.Message] = []

    def observe(written: Iterable[items.Message]) -> Iterator[items.Message]:
        for message in written:
            passed.append(message)
            yield message

    replay.replay(client, TABLE, LINES, new_places(client), workers=1, observe=observe)
    assert len({message.message_uuid for message in passed}) == len(LINES)
    assert capsys.readouterr() == ("", "")
