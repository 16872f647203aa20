"""Write units, read units, calls and time for a message, by the size of the batch."""

import json
import math
from collections.abc import Iterator, Sequence
from typing import Any

from stream_lambda.items import message_item
from tableguard.local.event_source.event_filter import event_filter
from templates.stream import FILTER
from tests.benchmarks.figures import Figure
from tests.benchmarks.projecting.engine import (
    NAIVE_WRITE_UNITS,
    begun,
    client,
    figure,
    new_account,
    one_by_one,
    trace,
)
from tests.cases import message_batches
from tests.cases.message_batches import Batch, Traffic, expected_write_units
from tests.worlds import projections

_SAMPLES = {1: 100, 10: 30, 100: 30, 1000: 5}  # batch size: how many batches, evenly spaced over the whole time
_NAIVE_MESSAGES = 30  # it takes them one by one, so that more tell nothing new


def figures() -> Iterator[Figure]:
    """Measure batches on the engine, and compute the same for all of them by rule."""
    yield from _invocations()
    for name, traffic in _traffics():
        for size in _SAMPLES:
            yield from _batches(f"{name}, batch {size}", traffic, size)


def _traffics() -> Iterator[tuple[str, Traffic]]:
    yield "Zipf 1.1", message_batches.zipf(3000, 1000)
    if recorded := trace():
        yield "trace", recorded


def _batches(case: str, traffic: Traffic, size: int) -> Iterator[Figure]:
    batches, every = traffic.spread(size, _SAMPLES[size]), traffic.batches(size)
    singly = list(one_by_one(batches, _NAIVE_MESSAGES))
    ours = begun(projections.ours(client()), traffic, batches).measure(batches)
    naive = begun(projections.naive(client()), traffic, singly).measure(singly)
    yield figure(f"{case}: write units", ours.write_units, naive.write_units, "WCU/message")
    yield figure(
        f"{case}: the same by rule", expected_write_units(traffic.groups, batches), NAIVE_WRITE_UNITS, "WCU/message"
    )
    yield figure(f"{case}: read units", ours.read_units, naive.read_units, "RCU/message")
    yield figure(f"{case}: calls", ours.calls, naive.calls, "calls/message")
    yield figure(f"{case}: time", ours.milliseconds, naive.milliseconds, "ms/message")
    yield _by_rule(f"{case}: all {len(traffic.messages)}", traffic, every)
    within = list(_within(traffic, every))
    yield _by_rule(f"{case}: {sum(map(len, within))} within N", traffic, within)


def _by_rule(case: str, traffic: Traffic, batches: Sequence[Batch]) -> Figure:
    return figure(case, expected_write_units(traffic.groups, batches), NAIVE_WRITE_UNITS, "WCU/message")


def _within(traffic: Traffic, batches: Sequence[Batch]) -> Iterator[Batch]:
    """Yield what is left of batches without the conversations of people who have more than the table holds."""
    first_only = {group.group_uuid for group in traffic.groups if not group.further}
    for batch in batches:
        if within := [message for message in batch if message.group_uuid in first_only]:
            yield within


def _invocations() -> Iterator[Figure]:
    """What the two functions would be invoked with: all that stands in the table's stream after 100 messages."""
    traffic = message_batches.zipf(100, 30)
    ours = _streamed(projections.ours, traffic, {"Filters": [{"Pattern": json.dumps(FILTER)}]})
    naive = _streamed(projections.naive, traffic, None)
    for size in (1, 10, 100):
        wanted = math.ceil(ours / size) / len(traffic.messages)
        yield figure(f"batch {size}: invocations", wanted, naive / len(traffic.messages), "a message")


def _streamed(make: Any, traffic: Traffic, criteria: Any) -> int:
    account = new_account()
    projection = begun(make(client(account), stream=True), traffic, [traffic.messages])
    streams = client(account, "dynamodbstreams")
    before = len(_records(streams))
    projection.put([message_item(message) for message in traffic.messages])
    projection.measure([traffic.messages])
    lets_through = event_filter(criteria)
    return sum(map(lets_through.passes, _records(streams)[before:]))


def _records(streams: Any) -> list[dict[str, Any]]:
    (stream,) = streams.list_streams()["Streams"]
    records: list[dict[str, Any]] = []
    for shard in streams.describe_stream(StreamArn=stream["StreamArn"])["StreamDescription"]["Shards"]:
        iterator = streams.get_shard_iterator(
            StreamArn=stream["StreamArn"], ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while (page := streams.get_records(ShardIterator=iterator))["Records"]:
            records += page["Records"]
            iterator = page["NextShardIterator"]
    return records
