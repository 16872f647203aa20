"""Read markers: what another wrote is unread until it is marked, and a marker only moves forward."""

from collections.abc import Iterator
from typing import Any

import pytest

from stream_lambda.items import RowKey, User, marker_key
from tableguard.aws.capacity import Consumption, Index
from tableguard.errors import MessageError
from tableguard.store.messages import MessageTable
from tableguard.store.read_markers import mark_read, unread
from tests.worlds.conversations import NEWEST_OF_THREE, table_of_three
from tests.worlds.messages import (
    ADA,
    BOB,
    EVE,
    NOW,
    TABLE,
    TRIO,
    all_items,
    all_rows,
    at,
    message_records,
    said,
)
from tests.worlds.stream_function import deliver

DAN = User("user-dan", "Dan Example", "dan")
GROUP = TRIO.group_uuid


@pytest.fixture
def client() -> Iterator[Any]:
    with table_of_three() as emulated:
        yield emulated


@pytest.fixture
def table(client: Any) -> MessageTable:
    return MessageTable(client, TABLE, clock=lambda: NOW)


def unread_of(table: MessageTable, user: User) -> list[str]:
    page = table.conversations(user.user_uuid, unread=True)
    return sorted(unread(page.items, page.read_until))


def test_what_another_wrote_is_unread_until_it_is_marked(table: MessageTable, client: Any) -> None:
    assert (unread_of(table, ADA), unread_of(table, BOB)) == ([], [GROUP])
    assert mark_read(table, GROUP, BOB.user_uuid, NEWEST_OF_THREE.created_at).moved
    assert (unread_of(table, BOB), unread_of(table, EVE)) == ([], [GROUP])
    deliver(client, message_records(said("one more", 6, TRIO)))
    assert unread_of(table, BOB) == [GROUP]


def test_a_marker_never_moves_back(table: MessageTable) -> None:
    later, earlier = (mark_read(table, GROUP, BOB.user_uuid, at(second)) for second in (7, 5))
    assert (later.moved, earlier.moved) == (True, False)
    assert table.conversations(BOB.user_uuid, unread=True).read_until == {GROUP: at(7)}


def test_a_marker_takes_one_write_unit_and_none_of_the_index(table: MessageTable, client: Any) -> None:
    mark_read(table, GROUP, BOB.user_uuid, at(5))
    marker = client.get_item(TableName=TABLE, Key=marker_key(RowKey(BOB.user_uuid, GROUP)))["Item"]
    consumed = Consumption(TABLE)
    index = Index("further-conversations", ("pk", "further_at"), None, is_global=True)
    consumed.add_write((index,), marker | {"last_read_at": {"S": at(1)}}, marker, transactional=False)
    assert (consumed.table, consumed.global_indexes) == (1, {})


def test_pattern_d_and_markers_leave_one_another_alone(table: MessageTable, client: Any) -> None:
    before = all_rows(client)
    mark_read(table, GROUP, BOB.user_uuid, at(5))
    rows = {row.user_uuid: row for row in table.all_conversations(BOB.user_uuid).items}
    assert rows == {BOB.user_uuid: before[BOB.user_uuid, GROUP]}
    deliver(client, message_records(said("newer", 6, TRIO)))
    assert table.all_conversations(BOB.user_uuid, unread=True).read_until == {GROUP: at(5)}


def test_markers_of_other_groups_come_with_the_listing_and_are_no_conversations(
    table: MessageTable, client: Any
) -> None:
    groups = [f"group {number}" for number in range(5)]
    for number, group_uuid in enumerate(groups):
        marker = marker_key(RowKey(ADA.user_uuid, group_uuid)) | {"last_read_at": {"S": at(number)}}
        client.put_item(TableName=TABLE, Item=marker)
    page = table.conversations(ADA.user_uuid, unread=True)
    assert page.read_until == {f"group {number}": at(number) for number in range(5)}
    assert [row.group_uuid for row in page.items] == [GROUP]


@pytest.mark.parametrize(
    ("user", "until", "reason"),
    [
        (DAN, at(5), "'user-dan' is not a member"),
        (BOB, "yesterday", "'yesterday' is not an ISO 8601 timestamp"),
        (BOB, at(10**6), "is in the future"),
    ],
)
def test_a_marker_like_this_is_refused(table: MessageTable, client: Any, user: User, until: str, reason: str) -> None:
    before = all_items(client)
    with pytest.raises(MessageError, match=reason):
        mark_read(table, GROUP, user.user_uuid, until)
    assert all_items(client) == before


def test_a_malformed_marker_is_named_and_hides_nothing(table: MessageTable, client: Any) -> None:
    client.put_item(TableName=TABLE, Item=marker_key(RowKey(ADA.user_uuid, GROUP)) | {"last_read_at": {"N": "1"}})
    page = table.conversations(ADA.user_uuid, unread=True)
    assert page.refusals == ("item GRP#user-ada / READ#group-of-three: last_read_at: absent or not of type S",)
    assert [row.group_uuid for row in page.items] == [GROUP]
    assert page.read_until == {}
