"""A pair that was taken over keeps its uuid: listings show it as two people, and no second conversation is begun."""

from collections.abc import Iterator
from typing import Any

import pytest

from stream_lambda.items import Group, User, group_item, group_key
from tableguard.store.bootcamp.pairs import post_to_pair, taken_over_pairs
from tableguard.store.consumed import ReadCost
from tableguard.store.messages import MessageTable, pair_group_uuid
from tests.engines.choice import BOTH
from tests.worlds.conversations import ticking_table
from tests.worlds.messages import ADA, BOB, EVE, TABLE, emulated_table

TAKEN_OVER = Group("taken-over", (ADA, BOB))
THREE = Group("three", (ADA, BOB, EVE))


@pytest.fixture(params=BOTH)
def client(request: pytest.FixtureRequest) -> Iterator[Any]:
    with emulated_table(TAKEN_OVER, THREE, engine=request.param) as emulated:
        yield emulated


@pytest.fixture
def table(client: Any) -> MessageTable:
    """Ada, Bob and Eve talk in both groups."""
    made = ticking_table(client)
    for group in (TAKEN_OVER, THREE):
        made.post(group.group_uuid, BOB.user_uuid, "hello")
        made.refresh(group.group_uuid)
    return made


def pairs(table: MessageTable, user: User = ADA) -> tuple[frozenset[str], float]:
    cost = ReadCost()
    return taken_over_pairs(table, table.all_conversations(user.user_uuid).items, cost), cost.units


def test_of_groups_with_a_uuid_of_their_own_the_members_are_counted(table: MessageTable) -> None:
    begun = table.create_conversation(ADA, [EVE], "hello").message.group_uuid
    shown, units = pairs(table)
    assert shown == {"taken-over"}
    assert begun == pair_group_uuid(ADA.user_uuid, EVE.user_uuid)
    assert units == 2.0  # of the group of three too, and not of that which is named by its members
    assert pairs(table, EVE)[0] == frozenset()


def test_a_group_that_cannot_be_understood_is_no_pair(table: MessageTable) -> None:
    table.client.put_item(TableName=TABLE, Item={**group_key("taken-over"), "members": {"S": "two"}})
    assert pairs(table)[0] == frozenset()
    table.client.put_item(TableName=TABLE, Item=group_item(TAKEN_OVER))
    assert pairs(table)[0] == {"taken-over"}


def test_a_message_to_who_has_such_a_conversation_goes_into_it(table: MessageTable) -> None:
    posted = post_to_pair(table, ADA, [BOB], "again")
    assert (posted.message.group_uuid, posted.created) == ("taken-over", False)
    alone = table.post("taken-over", ADA.user_uuid, "once more").read_units
    assert posted.read_units > alone + 2  # the rows, and both groups with Bob
    other = post_to_pair(table, ADA, [EVE], "hello")
    assert (other.message.group_uuid, other.created) == (pair_group_uuid(ADA.user_uuid, EVE.user_uuid), True)


def test_a_conversation_that_is_named_by_its_members_comes_first(table: MessageTable) -> None:
    begun = table.create_conversation(ADA, [BOB], "before the takeover").message.group_uuid
    assert post_to_pair(table, BOB, [ADA], "again").message.group_uuid == begun


def test_several_people_begin_a_conversation_of_their_own(table: MessageTable) -> None:
    posted = post_to_pair(table, ADA, [BOB, EVE], "all of us")
    assert posted.created
    assert posted.message.group_uuid not in ("three", "taken-over")
