"""The first rows of a user are few: those that are made later are further rows, and the user is flagged before."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from stream_lambda.items import Conversation, RowKey, conversation_item, flag_key, marker_key, row_key
from tableguard.store.messages import MessageTable
from tableguard.store.places import Places
from tests.worlds.messages import ADA, BOB, EVE, NOW, TABLE, TRIO, all_rows, at

ROW = Conversation(ADA.user_uuid, "g", BOB, "hello", at(1), "", "uuid", BOB.user_uuid)


def places(client: Any, most: int) -> Places:
    return Places(client, TABLE, most, NOW)


def put_rows(client: Any, groups: Sequence[str], **changes: Any) -> None:
    for group_uuid in groups:
        client.put_item(TableName=TABLE, Item=conversation_item(replace(ROW, group_uuid=group_uuid, **changes)))


def flagged(client: Any, user_uuid: str) -> bool:
    return "Item" in client.get_item(TableName=TABLE, Key=flag_key(user_uuid))


@pytest.mark.parametrize(("most", "further"), [(3, False), (2, True), (0, True)])
def test_a_row_is_a_further_one_where_so_many_are_there(client: Any, most: int, further: bool) -> None:
    put_rows(client, ["a", "b"])
    decided = places(client, most)
    assert decided.further([ADA.user_uuid]) == (frozenset((ADA.user_uuid,)) if further else frozenset())
    assert flagged(client, ADA.user_uuid) == further
    assert decided.cost.units > 0


def test_markers_further_and_expired_rows_are_not_counted(client: Any) -> None:
    put_rows(client, ["a"])
    put_rows(client, ["b"], further=True)
    put_rows(client, ["c"], expires_at=int(NOW.timestamp()))
    client.put_item(TableName=TABLE, Item=marker_key(RowKey(ADA.user_uuid, "a")))
    assert places(client, 2).further([ADA.user_uuid]) == frozenset()
    put_rows(client, ["c"], expires_at=int(NOW.timestamp()) + 1)
    assert places(client, 2).further([ADA.user_uuid]) == {ADA.user_uuid}


def test_places_that_were_given_count(client: Any) -> None:
    decided = places(client, 2)
    assert [bool(decided.further([ADA.user_uuid])) for _ in range(4)] == [False, False, True, True]
    assert decided.further([BOB.user_uuid]) == frozenset()


def test_the_flag_is_written_once_and_stays(client: Any) -> None:
    put_rows(client, ["a"])
    first, again = places(client, 1), places(client, 1)
    first.further([ADA.user_uuid])
    first.further([ADA.user_uuid])
    again.further([ADA.user_uuid])
    assert first.write_units > 0
    assert again.write_units == 0


def test_a_conversation_is_made_at_its_members_places(client: Any) -> None:
    put_rows(client, ["a", "b"])
    table = MessageTable(client, TABLE, clock=lambda: NOW, conversations_in_table=2)
    created = table.create_conversation(BOB, [ADA, EVE], "hello")
    group = table.group(created.message.group_uuid)
    assert group is not None
    assert group.further == {ADA.user_uuid}
    keys = [RowKey(user.user_uuid, group.group_uuid, user == ADA) for user in (ADA, BOB, EVE)]
    rows = [client.get_item(TableName=TABLE, Key=row_key(key))["Item"] for key in keys]
    assert [row.get("further_at") for row in rows] == [{"S": created.message.created_at}, None, None]
    assert flagged(client, ADA.user_uuid)
    assert not flagged(client, BOB.user_uuid)
    assert {row.last_message for row in all_rows(client).values() if row.group_uuid == group.group_uuid} == {"hello"}
    assert TRIO.group_uuid != group.group_uuid
