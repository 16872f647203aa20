"""A row is moved with its group and what is left at the other place, or, if any of these changed, not at all."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from stream_lambda.items import Group, Item, RowKey, conversation_item, group_item, row_key
from tableguard.projection.migration import moving
from tableguard.projection.migration.moving import Hindrance, Move
from tableguard.store.consumed import ReadCost
from tests.engines.choice import BOTH
from tests.worlds.conversations import row_of_ada
from tests.worlds.messages import ADA, BOB, NOW, PAIR, TABLE, at, emulated_table

KEY = RowKey(ADA.user_uuid, PAIR.group_uuid)
ROW = row_of_ada(PAIR)


@pytest.fixture(params=BOTH)
def client(request: pytest.FixtureRequest) -> Iterator[Any]:
    with emulated_table(PAIR, engine=request.param) as emulated:
        put(emulated, conversation_item(ROW))
        yield emulated


def put(client: Any, item: Item) -> None:
    client.put_item(TableName=TABLE, Item=item)


def stored(client: Any, key: Item) -> Item:
    item: Item = client.get_item(TableName=TABLE, Key=key, ConsistentRead=True)["Item"]
    return item


def read(client: Any, row: RowKey = KEY) -> Move:
    (move,) = moving.read(client, TABLE, [row], ReadCost())
    return move


def moved(client: Any, move: Move) -> bool:
    return moving.apply(client, TABLE, move, NOW) is not None


def test_a_row_goes_there_and_back_as_it_was(client: Any) -> None:
    group = stored(client, group_item(PAIR) and {name: group_item(PAIR)[name] for name in ("pk", "sk")})
    assert moved(client, read(client))
    assert stored(client, row_key(KEY.other_place)) == conversation_item(replace(ROW, further=True))
    expired = stored(client, row_key(KEY))
    assert expired == conversation_item(ROW) | {"expires_at": {"N": str(int(NOW.timestamp()))}}
    further = group_item(replace(PAIR, further=frozenset((ADA.user_uuid,))))
    assert stored(client, {name: group[name] for name in ("pk", "sk")}) == further
    assert moved(client, read(client, KEY.other_place))
    assert stored(client, row_key(KEY)) == conversation_item(ROW)
    assert stored(client, {name: group[name] for name in ("pk", "sk")}) == group


def newer_message(client: Any) -> None:
    put(client, conversation_item(replace(ROW, last_message_at=at(9))))


def other_members(client: Any) -> None:
    put(client, group_item(Group(PAIR.group_uuid, (ADA, replace(BOB, handle="robert")))))


def row_at_the_other_place(client: Any) -> None:
    put(client, conversation_item(replace(ROW, further=True)))


@pytest.mark.parametrize("happens", [newer_message, other_members, row_at_the_other_place, None])
def test_what_changed_since_it_was_read_is_not_moved(client: Any, happens: Callable[[Any], None] | None) -> None:
    move = read(client)
    if happens:
        happens(client)
    assert moved(client, move) == (happens is None)
    if happens:
        assert moved(client, read(client))  # once it was read again


class Cancelling:
    """A client whose transactions are all cancelled for one reason."""

    def __init__(self, client: Any, code: str) -> None:
        self.exceptions, self.reasons = client.exceptions, [{"Code": "None"}, {"Code": code}]

    def transact_write_items(self, **_: Any) -> Any:
        answer = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": self.reasons}
        raise self.exceptions.TransactionCanceledException(answer, "TransactWriteItems")


def test_only_what_passes_by_itself_is_tried_again(client: Any) -> None:
    move = read(client)
    assert not moved(Cancelling(client, "TransactionConflict"), move)
    assert not moved(Cancelling(client, "ThrottlingError"), move)
    with pytest.raises(client.exceptions.TransactionCanceledException):
        moved(Cancelling(client, "ValidationError"), move)


@pytest.mark.parametrize(
    ("change", "hindrance"),
    [
        ({}, None),
        ({"expires_at": {"N": str(int(NOW.timestamp()))}}, Hindrance.GONE),
        ({"expires_at": {"N": str(int((NOW + timedelta(seconds=1)).timestamp()))}}, None),
        ({"colour": {"S": "red"}}, Hindrance.FOREIGN),
        ({"last_message_at": {"N": "1"}}, Hindrance.MALFORMED),
    ],
)
def test_a_row_that_cannot_be_moved_says_why(change: Item, hindrance: Hindrance | None) -> None:
    assert Move(KEY, conversation_item(ROW) | change, group_item(PAIR), None).hindrance(NOW) is hindrance


@pytest.mark.parametrize(
    ("group", "hindrance"),
    [
        (group_item(PAIR), None),
        (None, Hindrance.STRANGER),
        (group_item(Group(PAIR.group_uuid, (BOB,))), Hindrance.STRANGER),
        (group_item(replace(PAIR, further=frozenset((ADA.user_uuid,)))), Hindrance.ELSEWHERE),
        (group_item(replace(PAIR, further=frozenset((BOB.user_uuid,)))), None),
        (group_item(PAIR) | {"members": {"S": "nobody"}}, Hindrance.MALFORMED),
    ],
)
def test_a_group_that_says_otherwise_is_an_obstacle(group: Item | None, hindrance: Hindrance | None) -> None:
    assert Move(KEY, conversation_item(ROW), group, None).hindrance(NOW) is hindrance


def test_a_row_without_its_group_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="a row and its group are expected"):
        Move(KEY, conversation_item(ROW), None, None).changes(NOW)


def test_what_else_a_member_of_the_group_has_stays(client: Any) -> None:
    group = group_item(PAIR)
    group["members"]["L"][0]["M"]["since"] = {"S": "2020"}
    put(client, group)
    assert moved(client, read(client))
    (ada, bob) = stored(client, {name: group[name] for name in ("pk", "sk")})["members"]["L"]
    assert ada["M"] == group["members"]["L"][0]["M"] | {"further": {"BOOL": True}}
    assert bob == group["members"]["L"][1]
