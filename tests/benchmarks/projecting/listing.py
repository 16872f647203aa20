"""Read units of the first page of conversations, for every person of the trace at its end."""

from collections.abc import Callable, Collection, Iterable, Iterator
from math import ceil
from statistics import mean
from typing import Any

from stream_lambda.decide import newest_per_group, rows
from stream_lambda.items import Item, RowKey, conversation_item, flag_key, marker_key, rows_pk
from tableguard.aws.item_size import item_size
from tableguard.scale.workload import PAGE
from tableguard.store.messages import MessageTable
from tests.benchmarks.figures import Figure
from tests.benchmarks.projecting.engine import client, figure, load, new_account, trace
from tests.cases.message_batches import Traffic
from tests.naive import table as naive_table
from tests.worlds import projections
from tests.worlds.dynamodb_meter import Meter
from tests.worlds.messages import NOW

_PARTS = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "most": 1.0}  # of the people


def figures() -> Iterator[Figure]:
    """List the conversations of everybody, both ways; then the same once everybody has read everything."""
    traffic = trace()
    if traffic is None:
        return
    people = sorted({member.user_uuid for group in traffic.groups for member in group.members})
    our_rows, naive_rows = _our_rows(traffic), _naive_rows(traffic)
    yield figure("a row at the trace's end", _mean_size(our_rows), _mean_size(naive_rows), "bytes")

    account = new_account()
    table = client(account)
    load(account, projections.ours(table).table_name, [*our_rows, *_flags(traffic)])
    listed = MessageTable(table, projections.OURS, lambda: NOW)
    simple = _naive_units(people, naive_rows)

    def measured(case: str, consistent: bool = False, unread: bool = False) -> Iterator[Figure]:
        units = _units(table, people, lambda user: listed.conversations(user, PAGE, None, consistent, unread))
        yield from _percentiles(case, units, simple)

    yield from measured("listing")
    yield from measured("consistent listing", consistent=True)
    load(account, projections.OURS, _markers(traffic))
    yield from measured("listing, all marked as read")
    yield from measured("listing, all marked as read, and what is unread", unread=True)


def _percentiles(case: str, ours: Collection[float], naive: Collection[float]) -> Iterator[Figure]:
    for name, part in _PARTS.items():
        ours_at, naive_at = (sorted(units)[ceil(part * len(units)) - 1] for units in (ours, naive))
        yield figure(f"{case}: {name} of people", ours_at, naive_at, "RCU/listing")
    yield figure(f"{case}: mean", mean(ours), mean(naive), "RCU/listing")


def _units(table: Any, people: Iterable[str], page: Callable[[str], object]) -> list[float]:
    """Return the units of each person's page, by the engine's meter."""
    meter, units = Meter(), []
    meter.watch(table)
    for user_uuid in people:
        meter.reset()
        page(user_uuid)
        units.append(meter.read_units)
    return units


def _naive_units(people: Iterable[str], items: Iterable[Item]) -> list[float]:
    account = new_account()
    table = client(account)
    load(account, projections.naive(table).table_name, items)

    def page(user_uuid: str) -> None:
        table.query(
            TableName=projections.NAIVE,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": rows_pk(user_uuid)}},
            ScanIndexForward=False,
            Limit=PAGE,
        )

    return _units(table, people, page)


def _our_rows(traffic: Traffic) -> list[Item]:
    """Return the rows as the stream function leaves them."""
    groups = {group.group_uuid: group for group in traffic.groups}
    return [conversation_item(row) for row in rows(newest_per_group(enumerate(traffic.messages)), groups)]


def _naive_rows(traffic: Traffic) -> list[Item]:
    """Return the rows by their keys: of two conversations that someone has at the same instant one is lost."""
    rows_by_key = {}
    newest = newest_per_group(enumerate(traffic.messages))
    for group in traffic.groups:
        message = newest[group.group_uuid].message
        for row in naive_table.first_rows(group, message.created_at, str(message.text)):
            rows_by_key[row["pk"]["S"], row["sk"]["S"]] = row
    return list(rows_by_key.values())


def _mean_size(items: Iterable[Item]) -> float:
    return mean(map(item_size, items))


def _flags(traffic: Traffic) -> list[Item]:
    return [flag_key(user_uuid) for user_uuid in {user_uuid for group in traffic.groups for user_uuid in group.further}]


def _markers(traffic: Traffic) -> Iterator[Item]:
    at = {"last_read_at": {"S": traffic.messages[-1].created_at}}
    for group in traffic.groups:
        uuids = [member.user_uuid for member in group.members]
        yield from (marker_key(RowKey(uuid, group.group_uuid, uuid in group.further)) | at for uuid in uuids)
