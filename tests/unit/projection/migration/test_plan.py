"""What would be moved, of whom, what would be left, and what it costs, before anything is written."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from stream_lambda.decide import conversation
from stream_lambda.items import RowKey, conversation_item, marker_key, row_key
from tableguard.projection.migration import census
from tableguard.projection.migration.direction import Direction
from tableguard.projection.migration.moving import Hindrance
from tableguard.projection.migration.partition import read_partition
from tests.worlds.messages import ADA, NOW, TABLE, all_items, said
from tests.worlds.migrations import BACK, THERE, former_table, groups, migrated, planned, reader_of
from tests.worlds.rows import change


@pytest.fixture
def client() -> Iterator[Any]:
    with former_table() as made:
        yield made


def test_the_plan_reads_and_writes_nothing(client: Any) -> None:
    before = all_items(client)
    plan = planned(client)
    assert all_items(client) == before
    assert (plan.persons, plan.rows, plan.left) == ([ADA.user_uuid], 2, {})
    assert plan.text().splitlines()[:2] == [
        "4 groups, and 8 rows of 5 persons",
        "1 person with more than 2 first rows: 2 rows to be further rows; the newest of each person stay",
    ]
    assert plan.text().splitlines()[-1].startswith("cost: 15 write units and ")
    assert plan.facts()["rows_to_move"] == 2


@pytest.mark.parametrize(("most", "rows"), [(0, 8), (1, 3), (3, 1), (4, 0)])
def test_so_many_rows_of_each_person_stay(client: Any, most: int, rows: int) -> None:
    assert planned(client, Direction(most)).rows == rows


def test_rows_that_cannot_be_moved_are_counted_by_the_reason(client: Any) -> None:
    change(client, row_key(RowKey(ADA.user_uuid, "group-0")), colour={"S": "red"})
    plan = planned(client)
    assert (plan.rows, plan.left) == (1, {Hindrance.FOREIGN: 1})
    assert "1 row to be left: it has attributes that are not ours, and they would be lost" in plan.text()
    report = migrated(client)
    assert (report.exit_code, report.facts()["moved"], report.facts()["left"]) == (1, 1, {"foreign": 1})
    assert f"left  group-0  {ADA.user_uuid}" in report.text().splitlines()


def test_the_way_back_counts_further_rows_of_everybody(client: Any) -> None:
    assert planned(client, BACK).rows == 0
    migrated(client)
    plan = planned(client, BACK)
    assert (plan.persons, plan.rows) == ([ADA.user_uuid], 2)
    assert plan.text().splitlines()[1] == "1 person with further rows: 2 rows to be first rows again"


def test_the_census_counts_what_has_not_expired(client: Any) -> None:
    client.put_item(TableName=TABLE, Item=marker_key(RowKey(ADA.user_uuid, "group-0")))
    expired = conversation(said("gone", 0), ADA, groups(1)[0])
    client.put_item(
        TableName=TABLE,
        Item=conversation_item(replace(expired, group_uuid="group-9", expires_at=int(NOW.timestamp()))),
    )
    counted = census.count(reader_of(client))
    assert (counted.first[ADA.user_uuid], counted.further.total(), counted.groups, counted.flagged) == (4, 0, 4, set())
    migrated(client)
    counted = census.count(reader_of(client))
    assert (counted.first[ADA.user_uuid], counted.further, counted.flagged) == (2, {ADA.user_uuid: 2}, {ADA.user_uuid})
    assert (counted.rows, counted.persons) == (8, 5)


def test_a_row_at_both_places_displaces_no_other(client: Any) -> None:
    partition = read_partition(reader_of(client), ADA.user_uuid)
    assert THERE.rows(partition) == [RowKey(ADA.user_uuid, "group-1"), RowKey(ADA.user_uuid, "group-0")]
    twin = conversation(said("twin", 60, groups(4)[2]), ADA, replace(groups(4)[2], further=frozenset((ADA.user_uuid,))))
    client.put_item(TableName=TABLE, Item=conversation_item(twin))
    partition = read_partition(reader_of(client), ADA.user_uuid)
    assert THERE.rows(partition) == [RowKey(ADA.user_uuid, "group-0")]
    assert BACK.rows(partition) == [RowKey(ADA.user_uuid, "group-2", further=True)]
