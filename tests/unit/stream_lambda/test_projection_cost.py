"""What Pattern D costs a message: held to its targets by the rules of capacity, and on DynamoDB Local where it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from threading import Lock
from typing import Any

import pytest

from stream_lambda.handler import WORKERS, handle_batch
from stream_lambda.items import Group, Item, User, group_item, message_item
from stream_lambda.table import ProjectionTable
from tableguard.aws.item_size import item_size
from tests.cases import message_batches
from tests.cases.message_batches import UNITS_OF_FIRST_ROW, Batch, Traffic, expected_write_units, records
from tests.engines.dynamodb_local import client, needs_dynamodb_local
from tests.worlds import projections
from tests.worlds.messages import NOW, TABLE
from tests.worlds.projections import Projection
from tests.worlds.row_ledger import EVERYTHING, KEYS_ONLY, bucketed, units_by_rule

# as skewed and as many groups as the traffic of a small community: batch -> units and calls a message, at most
TARGETS = {1: (2.0, 3.0), 10: (1.75, 1.9), 100: (1.2, 1.25), 1000: (0.6, 0.65)}


@dataclass
class Counting:
    """Knows the groups, takes every row, and counts what it is asked."""

    groups: Mapping[str, Item]
    calls: int = 0
    rows: int = 0
    lock: Lock = field(default_factory=Lock)

    def batch_get_item(self, RequestItems: Any) -> Any:  # AWS's own names
        self.calls += 1
        asked = [key["pk"]["S"] for key in RequestItems[TABLE]["Keys"]]
        return {"Responses": {TABLE: [self.groups[pk] for pk in asked]}}

    def update_item(self, **request: Any) -> None:
        with self.lock:
            self.calls += 1
            self.rows += 1
        # a row of over 1 KB would cost twice as much
        values = request["ExpressionAttributeValues"].items()
        assert item_size(request["Key"] | {name.removeprefix(":"): value for name, value in values}) <= 1024


@pytest.fixture(scope="module")
def traffic() -> Traffic:
    return message_batches.zipf(3000, 1000)


def cost(traffic: Traffic, batches: list[Batch]) -> tuple[float, float]:
    """Write units and calls a message."""
    counting = Counting({(item := group_item(group))["pk"]["S"]: item for group in traffic.groups})
    for batch in batches:
        handle_batch(records(batch), ProjectionTable(counting, TABLE, WORKERS), NOW, lambda: 60_000)
    count = sum(map(len, batches))
    return UNITS_OF_FIRST_ROW * counting.rows / count, counting.calls / count


@pytest.mark.parametrize("size", TARGETS)
def test_a_message_costs_no_more_than_the_target_of_its_batch_size(traffic: Traffic, size: int) -> None:
    units, calls = cost(traffic, traffic.spread(size, max(20, 100 // size)))
    assert (units <= TARGETS[size][0], calls <= TARGETS[size][1]) == (True, True), (units, calls)


def test_the_same_messages_in_smaller_batches_miss_the_target(traffic: Traffic) -> None:
    units, calls = cost(
        traffic, [batch[start : start + 10] for batch in traffic.spread(100, 5) for start in range(0, 100, 10)]
    )
    assert (units > TARGETS[100][0], calls > TARGETS[100][1]) == (True, True), (units, calls)


def test_a_batch_asks_for_its_distinct_groups_only() -> None:
    few, many = message_batches.in_turn(400, 40), message_batches.in_turn(400, 80)
    assert (cost(few, [few.messages])[0], cost(many, [many.messages])[0]) == (2 * 40 / 400, 2 * 80 / 400)


@needs_dynamodb_local
def test_dynamodb_local_charges_what_the_rules_say(traffic: Traffic) -> None:
    batches = traffic.spread(40, 2)
    measured = begun(projections.ours, traffic, batches).measure(batches)
    assert measured.write_units == expected_write_units(traffic.groups, batches)


@needs_dynamodb_local
def test_dynamodb_local_charges_two_units_more_for_each_further_row(traffic: Traffic) -> None:
    batches = traffic.spread(40, 1)
    measured = begun(projections.ours, with_further_rows(traffic), batches).measure(batches)
    assert measured.write_units == expected_write_units(with_further_rows(traffic).groups, batches)
    assert measured.write_units == 2 * expected_write_units(traffic.groups, batches)  # 1 + 3 of the two, not 1 + 1


def test_the_rules_of_capacity_say_the_same_of_real_rows(traffic: Traffic) -> None:
    mixed, batches = with_further_rows(traffic), traffic.batches(100)
    assert units_by_rule(mixed.groups, batches) == expected_write_units(mixed.groups, batches)
    assert units_by_rule(traffic.groups, batches) == expected_write_units(traffic.groups, batches)


def test_a_row_that_keeps_its_bucket_does_not_touch_an_index_of_keys(traffic: Traffic) -> None:
    mixed, batches = with_further_rows(traffic), [traffic.messages[:1]] * 2
    assert units_by_rule(mixed.groups, batches, bucketed(timedelta(days=1), KEYS_ONLY)) == (4 + 2) / 2
    assert units_by_rule(mixed.groups, batches, bucketed(timedelta(days=1), EVERYTHING)) == (4 + 2) / 2
    later = [[traffic.messages[0]], [replace(traffic.messages[0], created_at="2026-01-01T00:00:01.000000+00:00")]]
    assert units_by_rule(mixed.groups, later, bucketed(timedelta(days=1), KEYS_ONLY)) == (4 + 2) / 2
    assert units_by_rule(mixed.groups, later, bucketed(timedelta(days=1), EVERYTHING)) == (4 + 3) / 2


def test_the_first_fifty_conversations_of_a_person_have_first_rows() -> None:
    ada = User("ada", "Ada", "ada")
    groups = [Group(f"group-{number}", (ada, User(f"{number}", "", ""))) for number in range(52)]
    places = [group.further for group in message_batches.placed(groups)]
    assert places == [frozenset()] * 50 + [frozenset({"ada"})] * 2


@needs_dynamodb_local
def test_deleting_and_putting_costs_eight_units_and_five_calls_a_message(traffic: Traffic) -> None:
    batches = [traffic.messages[:10]]
    measured = begun(projections.naive, traffic, batches).measure(batches)
    assert (measured.write_units, measured.read_units, measured.calls) == (8, 0.5, 5)


@needs_dynamodb_local
def test_a_message_that_changes_nothing_is_charged_for_its_failed_conditions(traffic: Traffic) -> None:
    batches = [traffic.messages[:1]]
    projection = begun(projections.ours, traffic, batches)
    first, again = projection.measure(batches), projection.measure(batches)
    assert (first.write_units, again.write_units) == (2, 2)


@needs_dynamodb_local
def test_a_message_costs_the_same_however_many_are_stored(traffic: Traffic) -> None:
    some, more = traffic.messages[1000:1005], traffic.messages[1005:1010]
    projection = begun(projections.ours, traffic, [some, more])
    few = projection.measure([[message] for message in some])
    projection.put([message_item(message) for message in traffic.messages[:500]])
    many = projection.measure([[message] for message in more])
    assert (few.write_units, few.calls) == (many.write_units, many.calls) == (2, 3)


def with_further_rows(traffic: Traffic) -> Traffic:
    """The same, one member of each group with so many conversations that the row is a further one."""
    groups = (replace(group, further=frozenset({group.members[0].user_uuid})) for group in traffic.groups)
    return replace(traffic, groups=tuple(groups))


def begun(make: Callable[[Any], Projection], traffic: Traffic, batches: list[Batch]) -> Projection:
    """A projection that knows the conversations of these batches."""
    projection = make(client())
    named = {message.group_uuid for batch in batches for message in batch}
    projection.begin([group for group in traffic.groups if group.group_uuid in named])
    return projection
