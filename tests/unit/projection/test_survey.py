"""A survey reports what two looks find, and nothing that is on its way, expired or complete."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from stream_lambda import items
from stream_lambda.decide import conversation
from stream_lambda.items import Group, User, conversation_item, group_item, message_item
from tableguard.errors import MessageError, TableError
from tableguard.projection.drift import Drift, Kind
from tableguard.projection.repair import RepairOutcome
from tableguard.projection.survey import Survey
from tableguard.projection.verify import verify
from tableguard.projection.views import Reader
from tests.cases.damages import ADAS, BOBS, forget_to_expire, leave_a_row_behind
from tests.worlds.messages import (
    ADA,
    BOB,
    EVE,
    NOW,
    OTHER_PAIR,
    PAIR,
    TABLE,
    TRIO,
    all_items,
    all_rows,
    at,
    message_records,
    said,
)
from tests.worlds.rows import PAST, PRIVATE, change, drift_found, mend, remove, send, survey, table_with_rows, write
from tests.worlds.stream_function import deliver
from tests.worlds.watched_client import Sparing


@pytest.fixture
def client() -> Iterator[Any]:
    with table_with_rows() as emulated:
        yield emulated


# Beside live traffic


def test_a_message_on_its_way_is_no_drift(client: Any) -> None:
    new = said("on its way", 6)
    send(client, new)
    assert drift_found(client, between=lambda: deliver(client, message_records(new))) == []
    send(client, said("the stream stands still", 7))
    assert {kind for kind, _ in drift_found(client)} == {Kind.BEHIND}


def test_a_stream_of_messages_hides_no_row_that_stays_behind(client: Any) -> None:
    """Between the looks another message comes: the row needs to have reached the earlier one only."""
    first, second = said("first to come", 6), said("second to come", 7)
    send(client, first)

    def goes_on() -> None:
        deliver(client, message_records(first))
        send(client, second)

    assert drift_found(client, between=goes_on) == []
    assert {kind for kind, _ in drift_found(client, between=lambda: send(client, said("third", 8)))} == {Kind.BEHIND}


def test_a_conversation_that_begins_between_the_looks_is_no_drift(client: Any) -> None:
    stranger = replace(all_rows(client)[BOB.user_uuid, PAIR.group_uuid], group_uuid=OTHER_PAIR.group_uuid)
    write(client, [group_item(OTHER_PAIR), conversation_item(stranger)])
    begins = said("hello eve", 6, OTHER_PAIR)
    assert drift_found(client, between=lambda: send(client, begins)) == [(Kind.FORMER, BOB.user_uuid)]


# What is no drift


def test_edits_tombstones_and_ciphertext_are_compared_as_they_are(client: Any) -> None:
    edit = said(b"\x00\xff", 2, edited_at=at(20), preview=b"\xff")
    tombstone = said("", 3, TRIO, edited_at=at(21), deleted=True)
    send(client, edit, tombstone)
    assert {kind for kind, _ in drift_found(client)} == {Kind.BEHIND}
    deliver(client, message_records(edit, tombstone))
    assert drift_found(client) == []


def test_a_message_dated_later_than_now_is_never_put_into_a_row(client: Any) -> None:
    send(client, said("from the future", 10**6))
    mend(client, force=True)
    assert {drift.detail.partition(": ")[2] for drift in survey(client).of_all()} == {
        "created_at or edited_at: in the future"
    }
    assert {row.last_message for row in all_rows(client).values()} == {PRIVATE, "all"}


def test_rows_and_messages_that_have_expired_count_as_absent(client: Any) -> None:
    for second in (1, 2):
        change(client, items.message_key(PAIR.group_uuid, at(second)), expires_at={"N": str(PAST)})
    for key in (ADAS, BOBS):
        change(client, key, expires_at={"N": str(PAST)})
    assert drift_found(client) == []
    remove(client, ADAS)
    assert drift_found(client) == []


def test_read_markers_are_no_rows(client: Any) -> None:
    marker = items.marker_key(items.RowKey(ADA.user_uuid, PAIR.group_uuid)) | {"last_read_at": {"S": at(1)}}
    client.put_item(TableName=TABLE, Item=marker)
    assert drift_found(client) == []


def test_a_group_nobody_has_written_to_yet_needs_no_rows(client: Any) -> None:
    client.put_item(TableName=TABLE, Item=group_item(OTHER_PAIR))
    assert drift_found(client) == []


# What is not ours


FOREIGN = [
    {"pk": {"S": "USER#1"}, "sk": {"S": "PROFILE#main"}, "name": {"S": PRIVATE}},
    {"pk": {"S": "USER#2"}, "sk": {"S": "PROFILE#main"}},
    {"pk": {"S": "alone"}, "sk": {"S": "sk"}},
    {"pk": {"S": "a name that is much too long to be one#1"}, "sk": {"S": "sk"}},
    {"pk": {"S": f"META#{PAIR.group_uuid}"}, "sk": {"S": "SETTINGS"}},
    {"pk": {"S": f"META#{PAIR.group_uuid}"}, "sk": {"S": "READ#x"}},
    {"pk": {"S": f"MSG#{PAIR.group_uuid}"}, "sk": {"S": "!pinned"}},
    {"pk": {"S": "MSG#"}, "sk": {"S": at(1)}},
]
KINDS = {
    "USER#… / PROFILE#…": 2,
    "… / …": 2,
    "META#… / …": 1,
    "META#… / READ#…": 1,
    "MSG#… / …": 1,
    "MSG#… / a time": 1,
}


def test_items_that_nobody_of_ours_writes_are_counted_by_kind_and_left_alone(client: Any) -> None:
    assert survey(client).unknown.kinds == {}
    write(client, FOREIGN)
    before = all_items(client)
    assert mend(client, force=True) == []
    assert all_items(client) == before
    report = verify(survey(client), None)
    assert (report.exit_code, report.findings, report.facts()["unknown_items"]) == (0, [], KINDS)
    assert (
        "8 items of kinds that are not of the message store, left alone: 2 USER#… / PROFILE#…, 2 … / …, "
        in report.text()
    )
    assert PRIVATE not in report.text()


@pytest.mark.parametrize("loses", [False, True], ids=["of a group that is there", "of none"])
def test_what_has_nothing_of_a_row_never_expires_and_what_has_it_may(client: Any, loses: bool) -> None:
    group = "nowhere" if loses else PAIR.group_uuid
    foreign = items.row_key(items.RowKey(EVE.user_uuid, group)) | {"colour": {"S": "red"}}
    client.put_item(TableName=TABLE, Item=foreign)
    looked = survey(client)
    assert (list(looked.of_all()), looked.unknown.kinds) == ([], {"GRP#… / …": 1})
    assert mend(client, force=True) == []
    assert foreign in all_items(client)
    row = conversation_item(conversation(said("x", 1), EVE, PAIR)) | items.row_key(items.RowKey(EVE.user_uuid, group))
    client.put_item(TableName=TABLE, Item=row | {"colour": {"S": "red"}})
    assert mend(client, force=True) == [RepairOutcome.EXPIRED]


def test_part_of_a_row_is_one_where_its_group_is_there_and_not_where_it_is_not(client: Any) -> None:
    part = {"last_message_at": {"S": at(1)}}
    client.put_item(TableName=TABLE, Item=items.row_key(items.RowKey(EVE.user_uuid, PAIR.group_uuid)) | part)
    client.put_item(TableName=TABLE, Item=items.row_key(items.RowKey(EVE.user_uuid, "nowhere")) | part)
    looked = survey(client)
    assert [(drift.kind, drift.group_uuid) for drift in looked.of_all()] == [(Kind.FORMER, PAIR.group_uuid)]
    assert looked.unknown.kinds == {"GRP#… / …": 1}


def test_an_unknown_item_at_a_members_key_is_one_only_as_long_as_there_is_no_message_to_show(client: Any) -> None:
    client.put_item(TableName=TABLE, Item=group_item(OTHER_PAIR))
    foreign = items.row_key(items.RowKey(EVE.user_uuid, OTHER_PAIR.group_uuid)) | {"colour": {"S": "red"}}
    client.put_item(TableName=TABLE, Item=foreign)
    looked = survey(client)
    assert (list(looked.of_all()), looked.unknown.kinds) == ([], {"GRP#… / …": 1})
    send(client, said("hello", 1, OTHER_PAIR))
    looked = survey(client)
    assert {drift.kind for drift in looked.of_all()} == {Kind.MISSING, Kind.MALFORMED}
    assert looked.unknown.kinds == {}
    mend(client, force=True)
    assert all_rows(client)[EVE.user_uuid, OTHER_PAIR.group_uuid].last_message == "hello"
    assert {"colour": {"S": "red"}}.items() <= row_of(client, foreign).items()


def row_of(client: Any, key: items.Item) -> items.Item:
    item: items.Item = client.get_item(TableName=TABLE, Key={name: key[name] for name in ("pk", "sk")})["Item"]
    return item


# How far behind


def test_the_lag_is_that_of_the_oldest_newest_message_that_a_row_lacks(client: Any) -> None:
    def lag(between: Callable[[], object] = lambda: None) -> dict[str, float]:
        looked = survey(client, between)
        list(looked.of_all())
        return looked.lag.facts()

    assert lag() == {"groups": 0, "seconds": 0.0, "settle": 5.0, "groups_after_settle": 0}
    old, new = said("a minute ago", 29 * 60), said("now", 30 * 60, TRIO)
    send(client, old, new)
    behind = lag(between=lambda: deliver(client, message_records(new)))
    assert behind == {"groups": 2, "seconds": 60.0, "settle": 5.0, "groups_after_settle": 1}
    looked = survey(client, between=lambda: deliver(client, message_records(old)))
    assert list(looked.of_all()) == []
    assert looked.lag.line().endswith("of 1 group did not show the newest message, up to 60.0 s old; 5 s later all did")
    assert looked.lag.facts() == behind | {
        "groups": 1,
        "groups_after_settle": 0,
    }
    assert lag()["groups"] == 0


def test_the_lag_of_an_edit_is_counted_from_the_edit_and_that_of_a_gone_message_not_at_all(client: Any) -> None:
    edit = said("edited", 2, edited_at=at(30 * 60 - 7))
    send(client, edit)
    looked = survey(client)
    list(looked.of_all())
    assert looked.lag.line() == (
        "lag: rows of 1 group did not show the newest message, up to 7.0 s old; "
        "5 s later those of 1 group still did not"
    )
    deliver(client, message_records(edit))
    remove(client, items.message_key(PAIR.group_uuid, at(2)))
    looked = survey(client)
    assert {drift.kind for drift in looked.of_all()} == {Kind.GONE}
    assert looked.lag.line() == "lag: every row showed its group's newest message"


# One group, many groups, many members


def test_one_group_is_looked_at_and_no_other(client: Any) -> None:
    leave_a_row_behind(client)
    assert mend(client, group_uuid=TRIO.group_uuid) == []
    assert mend(client, group_uuid=PAIR.group_uuid) == [RepairOutcome.MENDED]
    with pytest.raises(MessageError, match="table messages: no group 'nowhere'"):
        mend(client, group_uuid="nowhere")


def people(count: int) -> tuple[User, ...]:
    return tuple(User(f"user {number}", f"User {number}", f"user{number}") for number in range(count))


def test_a_group_of_fifty_is_reconciled_whole(client: Any) -> None:
    crowd = Group("fifty", people(50))
    message = said("to all of you", 4, crowd)
    rows = [conversation_item(conversation(message, member, crowd)) for member in crowd.members]
    write(client, [group_item(crowd), message_item(message), *rows[:-1]])
    assert mend(client, group_uuid="fifty") == [RepairOutcome.MENDED]
    assert mend(client, group_uuid="fifty") == []


def test_more_groups_and_rows_than_one_request_takes_are_all_looked_at(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tableguard.projection.survey.GROUPS", 2)
    monkeypatch.setattr("stream_lambda.batch_get.KEYS_PER_CALL", 3)
    pairs = [Group(f"pair {number}", people(2)) for number in range(5)]
    write(client, [group_item(pair) for pair in pairs] + [message_item(said("hello", 1, pair)) for pair in pairs])
    expected = [(Kind.MISSING, user, pair.group_uuid) for pair in pairs for user in ("user 0", "user 1")]
    assert sorted((d.kind.name, d.user_uuid, d.group_uuid) for d in survey(client).of_all()) == sorted(
        (kind.name, user, group) for kind, user, group in expected
    )


def test_keys_that_stay_unprocessed_are_an_error_and_not_a_finding(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    reader = Reader(Sparing(client, never=True), TABLE, lambda: NOW, workers=1)
    with pytest.raises(TableError, match="too busy to read"):
        Survey(reader).of_group(PAIR.group_uuid)


def test_what_a_name_holds_cannot_play_with_the_terminal(client: Any) -> None:
    row = conversation_item(replace(all_rows(client)[ADA.user_uuid, PAIR.group_uuid], user_uuid="eve\x1b[2J"))
    client.put_item(TableName=TABLE, Item=row)
    report = verify(survey(client), None)
    assert (report.exit_code, "\x1b" in report.text()) == (1, False)


def test_a_finding_shows_nothing_of_what_it_saw() -> None:
    seen = {"pk": {"S": "GRP#u"}, "sk": {"S": "g"}, "last_message": {"S": PRIVATE}}
    assert PRIVATE not in repr(Drift(Kind.DIFFERENT, "g", "u", seen=seen))


def test_the_clock_decides_what_has_expired(client: Any) -> None:
    forget_to_expire(client)
    mend(client)
    later = Survey(Reader(client, TABLE, lambda: NOW + timedelta(hours=2), workers=1), sleep=lambda seconds: None)
    kinds: Sequence[Kind] = [drift.kind for drift in later.of_all()]
    assert kinds == [Kind.MISSING, Kind.MISSING]
