"""The operator takes a table over where the settings keep the former index, with no permission beyond its own."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from stream_lambda.items import FORMER_INDEX, INDEX, User, group_key
from tableguard.findings.exit_code import FINE
from tableguard.local import estate
from tableguard.projection.migration import census, indexes
from tableguard.projection.migration.direction import Direction
from tableguard.projection.migration.plan import plan
from tableguard.projection.migration.run import Migration
from tableguard.projection.views import Reader
from tableguard.store.messages import MessageTable
from tests.worlds.estate import DENIED, SETTINGS, TABLE, refusal

pytestmark = pytest.mark.slow
UMA = User("migrated-uma", "Uma", "uma")
OTHERS = [User(f"migrated-{number}", "Vic", "vic") for number in range(5)]
MEMBERS = {
    "TableName": TABLE,
    "UpdateExpression": "SET members = :members",
    "ExpressionAttributeValues": {":members": {"L": []}},
}


@pytest.fixture(scope="module")
def former() -> Iterator[estate.EmbeddedEstate]:
    """The estate while its table is taken over: both indexes are there."""
    with estate.running(replace(SETTINGS, former_index=True), 0, lambda step: None, None) as started:
        yield started


def _table(running: estate.EmbeddedEstate, most: int) -> MessageTable:
    client = running.roles["application"].client("dynamodb")
    return MessageTable(client, TABLE, clock=lambda: datetime.now(UTC), conversations_in_table=most)


def _migrate(running: estate.EmbeddedEstate, direction: Direction) -> Any:
    client = running.roles["operator"].client("dynamodb")
    usable = indexes.usable_indexes(client, TABLE, direction.index)
    reader = Reader(client, TABLE, lambda: datetime.now(UTC))
    planned = plan(reader, direction, census.count(reader), usable)
    return Migration(reader, under_way=0, settle=0, sleep=lambda seconds: running.poller.drain(timeout=20)).run(planned)


def test_the_operator_moves_rows_there_and_back_beside_the_real_function(former: estate.EmbeddedEstate) -> None:
    table = _table(former, 1000)
    groups = [table.create_conversation(UMA, [other], "hello").message.group_uuid for other in OTHERS]
    former.poller.drain(timeout=20)
    there = _migrate(former, Direction(2))
    assert (there.exit_code, there.facts()["moved"]) == (FINE, 3)
    for group in groups:  # the function knows the places: it writes to each of both
        table.post(group, UMA.user_uuid, "are you there?")
    former.poller.drain(timeout=20)
    page = table.conversations(UMA.user_uuid)
    assert [row.last_message for row in page.items] == ["are you there?"] * 5
    assert [row.further for row in page.items].count(True) == 3
    back = _migrate(former, Direction(2, back=True))
    assert (back.exit_code, back.facts()["moved"], back.flags) == (FINE, 3, 1)
    assert not any(row.further for row in table.conversations(UMA.user_uuid).items)


def test_both_indexes_are_there(former: estate.EmbeddedEstate) -> None:
    client = former.roles["operator"].client("dynamodb")
    assert {index.name for index in indexes.usable_indexes(client, TABLE, INDEX)} == {INDEX, FORMER_INDEX}


@pytest.mark.parametrize("key", ["META#g", "MSG#g"])
def test_the_operator_writes_members_of_groups_and_of_nothing_else(former: estate.EmbeddedEstate, key: str) -> None:
    client = former.roles["operator"].client("dynamodb")
    written = {**MEMBERS, "Key": {**group_key("g"), "pk": {"S": key}}}
    if key == "META#g":
        client.update_item(**written)
    else:
        code, message = refusal(client.update_item, **written)
        assert code == DENIED
        assert "perform: dynamodb:UpdateItem on resource: " in message
