"""How many of a person's rows to list from the table: more are cheaper to write, and dearer to list. By rule."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import ceil

from stream_lambda.decide import newest_per_group, rows
from stream_lambda.items import Item, conversation_item, flag_key
from tableguard.aws.capacity import read_units
from tableguard.aws.item_size import item_size
from tableguard.scale.workload import PAGE
from tests.benchmarks.figures import Figure
from tests.benchmarks.projecting.engine import NAIVE_WRITE_UNITS, figure, trace
from tests.cases.message_batches import Traffic, expected_write_units, placed

_NUMBERS = (0, 20, 30, 50, 75, 100, 300)  # nobody in the trace has more than 255
_SIZES = (1, 10, 100, 1000)
_PARTS = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "most": 1.0}


def figures() -> Iterator[Figure]:
    """Beside writing stands the simple way; beside reading the index alone, as with 0 rows."""
    traffic = trace()
    if traffic is None:
        return
    messages = Counter(message.group_uuid for message in traffic.messages)
    weights: Counter[str] = Counter()
    for group in traffic.groups:
        weights.update({member.user_uuid: messages[group.group_uuid] for member in group.members})
    index_alone = _listings(_with(traffic, 0))
    for number in _NUMBERS:
        placed_so = _with(traffic, number)
        for size in _SIZES:
            units = expected_write_units(placed_so.groups, placed_so.batches(size))
            yield figure(f"{number} in the table, batch {size}: all", units, NAIVE_WRITE_UNITS, "WCU/message")
        listings = _listings(placed_so)
        for name, part in _PARTS.items():
            ours, other = (sorted(units.values())[ceil(part * len(units)) - 1] for units in (listings, index_alone))
            yield figure(f"{number} in the table: listing, {name} of people", ours, other, "RCU/listing")
        ours, other = (_a_message(units, weights) for units in (listings, index_alone))
        yield figure(f"{number} in the table: each member lists once", ours, other, "RCU/message")


def _a_message(listings: Mapping[str, float], weights: Mapping[str, int]) -> float:
    """Return the units of listing for a message, if with each message both members look at their lists."""
    return sum(units * weights[user_uuid] for user_uuid, units in listings.items()) / (sum(weights.values()) / 2)


def _with(traffic: Traffic, number: int) -> Traffic:
    groups = (replace(group, further=frozenset()) for group in traffic.groups)
    return replace(traffic, groups=tuple(placed(groups, number)))


def _listings(traffic: Traffic) -> dict[str, float]:
    """Return the units of everybody's first page, eventually consistent."""
    of_people: dict[str, tuple[list[Item], list[Item]]] = {}
    newest = newest_per_group(enumerate(traffic.messages))
    ordered = sorted(newest.items(), key=lambda entry: entry[1].message.stamp, reverse=True)
    for row in rows(dict(ordered), {group.group_uuid: group for group in traffic.groups}):
        of_people.setdefault(row.user_uuid, ([], []))[row.further].append(conversation_item(row))
    return {user_uuid: _page(user_uuid, first, further) for user_uuid, (first, further) in of_people.items()}


def _page(user_uuid: str, first: list[Item], further: list[Item]) -> float:
    """Return the units of a query of the table and, where there are further rows, of one of the index.

    Where there are no first rows at all, every row is in the index, and the table is not asked.
    """
    flag = [flag_key(user_uuid)] if first and further else []
    return (_units(first + flag) if first else 0) + (_units(further[:PAGE]) if further else 0)


def _units(items: list[Item]) -> float:
    return read_units(sum(map(item_size, items)), consistent=False)
