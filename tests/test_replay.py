"""A trace of real messages: read line by line, given texts, written to the table, and what the rows must show."""

import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stream_lambda import items
from stream_lambda.decide import conversation
from stream_lambda.handler import handle_batch
from stream_lambda.table import Table
from tableguard import replay
from tableguard.errors import MessageError
from tableguard.messages import MessageTable, pair_group_uuid
from tableguard.replay import Line
from tests.engines.choice import BOTH
from tests.message_world import NOW, TABLE, all_items, all_rows, emulated_table, message_records

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
    Line(1, 2, 1082008561),
    Line(2, 1, 1082008561),
    Line(1, 3, 1082008561),
    Line(3, 2, 1082123439),
    Line(1, 2, 1082008500),
    Line(3, 1, 1082381991),
)
USERS = {number: replay.member(number) for number in (1, 2, 3)}


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
    assert replay.read_trace(trace_file(tmp_path, TRACE)) == LINES


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
        ("1 2 1 999999999999", "after the year 9998"),
    ],
)
def test_a_bad_line_is_refused_by_its_number(tmp_path: Path, line: str, reason: str) -> None:
    with pytest.raises(MessageError, match=rf"trace\.txt:9: .*{reason}"):
        replay.read_trace(trace_file(tmp_path, f"{TRACE}{line}\n"))


@pytest.mark.parametrize("text", ["", "% a header only\n"])
def test_a_trace_without_messages_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(MessageError, match="holds no message"):
        replay.read_trace(trace_file(tmp_path, text))


def test_a_trace_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MessageError, match="absent: cannot be read"):
        replay.read_trace(tmp_path / "absent")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(MessageError, match="binary: cannot be read"):
        replay.read_trace(tmp_path / "binary")


def test_messages_of_a_pair_in_the_same_second_keep_their_order() -> None:
    found = list(replay.messages(LINES))
    assert [(message.group_uuid, message.created_at) for message in found[:3]] == [
        (group_of(1, 2), "2004-04-15T05:56:01.000000+00:00"),
        (group_of(1, 2), "2004-04-15T05:56:01.000001+00:00"),
        (group_of(1, 3), "2004-04-15T05:56:01.000000+00:00"),
    ]
    assert len({message.message_uuid for message in found}) == len(LINES)
    assert [message.author for message in found] == [USERS[line.sender] for line in LINES]


def test_texts_are_those_of_the_seed() -> None:
    assert [replay.text(1, index) for index in range(50)] == [replay.text(1, index) for index in range(50)]
    assert [replay.text(1, index) for index in range(50)] != [replay.text(2, index) for index in range(50)]


def test_texts_are_as_long_as_those_of_chats() -> None:
    lengths = [len(replay.text(0, index)) for index in range(20_000)]
    assert 45 <= statistics.median(lengths) <= 55
    assert (min(lengths) >= 1, max(lengths)) == (True, 1000)


def test_the_rows_to_expect_are_those_of_the_newest_message_of_each_pair() -> None:
    sent = list(replay.messages(LINES))
    newest = {group_of(1, 2): sent[1], group_of(1, 3): sent[5], group_of(2, 3): sent[3]}
    assert replay.expected_rows(LINES) == {
        (USERS[user].user_uuid, group_of(user, other)): newest[group_of(user, other)]
        for user in USERS
        for other in USERS
        if user != other
    }


def test_a_replayed_trace_is_in_the_table_message_by_message(client: Any) -> None:
    replayed = replay.replay(client, TABLE, LINES, workers=1, progress=False)
    assert (replayed.users, replayed.groups, replayed.messages) == (3, 3, 6)
    held = [item for item in all_items(client) if items.is_message_pk(item["pk"]["S"])]
    assert {items.message_of(item) for item in held} == set(replay.messages(LINES))
    table = MessageTable(client, TABLE, clock=lambda: NOW)
    assert len(table.messages(group_of(1, 2), USERS[2].user_uuid).items) == 3


def test_replaying_it_again_changes_nothing(client: Any) -> None:
    replay.replay(client, TABLE, LINES, workers=1, progress=False)
    before = all_items(client)
    replay.replay(client, TABLE, LINES, workers=1, progress=False)
    assert all_items(client) == before


def test_pattern_d_brings_about_the_rows_to_expect(client: Any) -> None:
    replay.replay(client, TABLE, LINES, workers=1, progress=False)
    records = message_records(*replay.messages(LINES))
    handle_batch(records[::-1], Table(client, TABLE, workers=1), NOW, lambda: 60_000)
    groups = {group.group_uuid: group for group in replay.groups(LINES)}
    assert all_rows(client) == {
        (user_uuid, group_uuid): conversation(message, user, groups[group_uuid])
        for (user_uuid, group_uuid), message in replay.expected_rows(LINES).items()
        for user in USERS.values()
        if user.user_uuid == user_uuid
    }


class Busy:
    """A client whose transactions are cancelled for these reasons, one after the other, and then succeed."""

    def __init__(self, client: Any, *reasons: list[str]) -> None:
        self.client, self.reasons, self.exceptions, self.sizes = client, list(reasons), client.exceptions, list[int]()

    def transact_write_items(self, **request: Any) -> Any:
        self.sizes.append(len(request["TransactItems"]))
        if not self.reasons:
            return self.client.transact_write_items(**request)
        response: Any = {
            "Error": {"Code": "TransactionCanceledException"},
            "CancellationReasons": [{"Code": code} for code in self.reasons.pop(0)],
        }
        raise self.exceptions.TransactionCanceledException(response, "TransactWriteItems")


def test_a_busy_table_is_tried_again_less_and_less_often(client: Any) -> None:
    waits: list[float] = []
    busy = Busy(client, ["None", "ThrottlingError"], ["TransactionConflict"], ["ProvisionedThroughputExceeded"])
    replay.replay(busy, TABLE, LINES, workers=1, progress=False, sleep=waits.append)
    assert (len(all_items(client)), waits) == (9, [0.05, 0.1, 0.2])


def test_a_table_that_stays_busy_is_an_error(client: Any) -> None:
    busy = Busy(client, *[["ThrottlingError"]] * 8)
    with pytest.raises(MessageError, match="table messages: too busy for 3 items, 8 times"):
        replay.replay(busy, TABLE, LINES, workers=1, progress=False, sleep=lambda _: None)


def test_any_other_refusal_is_the_callers_to_see(client: Any) -> None:
    busy = Busy(client, ["None", "ItemCollectionSizeLimitExceeded"])
    with pytest.raises(client.exceptions.TransactionCanceledException):
        replay.replay(busy, TABLE, LINES, workers=1, progress=False, sleep=lambda _: None)
    assert busy.sizes == [3]


def test_no_more_than_25_items_are_written_at_once(client: Any) -> None:
    counting = Busy(client)
    many = [Line(1, number, 1082008561) for number in range(2, 28)]
    replay.replay(counting, TABLE, many, workers=1, progress=False)
    assert counting.sizes == [25, 1, 25, 1]


def test_progress_is_shown_where_it_is_wanted(client: Any, capsys: pytest.CaptureFixture[str]) -> None:
    replay.replay(client, TABLE, LINES, workers=1)
    assert "6/6" in capsys.readouterr().err
    replay.replay(client, TABLE, LINES, workers=1, progress=False)
    assert capsys.readouterr().err == ""
