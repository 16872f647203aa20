"""Pattern D beside the delete-and-put way on DynamoDB Local: units, calls, invocations and time for a message.

TABLEGUARD_TRACE names a recorded trace of messages (KONECT's format); without it only drawn traffic is measured.
TABLEGUARD_BENCH_STORED is how many messages are stored, at most, before one more is handled: 10,000 in ten seconds.
"""

import itertools
import json
import math
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from stream_lambda.items import message_item
from tableguard.local.dynamodb_local.sources import present
from tableguard.local.event_source.event_filter import event_filter
from templates.stream import FILTER
from tests.benchmarks.figures import Figure
from tests.cases import message_batches
from tests.cases.message_batches import Batch, Traffic, expected_write_units
from tests.engines.dynamodb_local import engine
from tests.worlds import projections
from tests.worlds.projections import Projection

_SAMPLES = {1: 30, 10: 20, 100: 30, 1000: 5}  # batch size: how many batches, evenly spaced over the whole time
_NAIVE_MESSAGES = 30  # it takes them one by one, so that more tell nothing new
_NAIVE_WRITE_UNITS = 8  # for rows under 1 KB: each of two is deleted and put, in the table and in its index
_STORED = int(os.environ.get("TABLEGUARD_BENCH_STORED", "10000"))
_accounts = itertools.count()


def missing() -> str | None:
    """Say what is missing to measure this, and what installs it."""
    return None if present() else "no DynamoDB Local; scripts/engines/dynamodb-local installs it"


def figures() -> Iterator[Figure]:
    """Units are the engine's own ReturnConsumedCapacity; both ways begin with the rows of every conversation."""
    yield from _invocations()
    for name, traffic in _traffics():
        for size in _SAMPLES:
            yield from _batches(f"{name}, batch {size}", traffic, size)
    yield from _flat()
    yield from _linear()


def _traffics() -> Iterator[tuple[str, Traffic]]:
    yield "Zipf 1.1", message_batches.zipf(3000, 1000)
    path = os.environ.get("TABLEGUARD_TRACE")
    if path is None:
        print("TABLEGUARD_TRACE names no trace of messages: only drawn traffic is measured", file=sys.stderr)
    else:
        yield "trace", message_batches.trace(Path(path))


def _batches(case: str, traffic: Traffic, size: int) -> Iterator[Figure]:
    batches = traffic.spread(size, _SAMPLES[size])
    one_by_one = [[message] for batch in batches for message in batch][:_NAIVE_MESSAGES]
    ours = _begun(projections.ours(_client()), traffic, batches).measure(batches)
    naive = _begun(projections.naive(_client()), traffic, one_by_one).measure(one_by_one)
    yield _figure(f"{case}: write units", ours.write_units, naive.write_units, "WCU/message")
    yield _figure(f"{case}: read units", ours.read_units, naive.read_units, "RCU/message")
    yield _figure(f"{case}: calls", ours.calls, naive.calls, "calls/message")
    yield _figure(f"{case}: time", ours.milliseconds, naive.milliseconds, "ms/message")
    by_the_rules = expected_write_units(traffic.batches(size))
    yield _figure(f"{case}: all {len(traffic.messages)}, by rule", by_the_rules, _NAIVE_WRITE_UNITS, "WCU/message")


def _begun(projection: Projection, traffic: Traffic, batches: Sequence[Batch]) -> Projection:
    named = {message.group_uuid for batch in batches for message in batch}
    projection.begin([group for group in traffic.groups if group.group_uuid in named])
    return projection


def _invocations() -> Iterator[Figure]:
    """What the two functions would be invoked with: all that stands in the table's stream after 100 messages."""
    traffic = message_batches.zipf(100, 30)
    ours = _streamed(projections.ours, traffic, {"Filters": [{"Pattern": json.dumps(FILTER)}]})
    naive = _streamed(projections.naive, traffic, None)
    for size in (1, 10, 100):
        wanted = math.ceil(ours / size) / len(traffic.messages)
        yield _figure(f"batch {size}: invocations", wanted, naive / len(traffic.messages), "a message")


def _streamed(make: Any, traffic: Traffic, criteria: Any) -> int:
    account = _account()
    projection = _begun(make(_client(account), stream=True), traffic, [traffic.messages])
    streams = _client(account, "dynamodbstreams")
    before = len(_records(streams))
    projection.put([message_item(message) for message in traffic.messages])
    projection.measure([traffic.messages])
    lets_through = event_filter(criteria)
    return sum(map(lets_through.passes, _records(streams)[before:]))


def _records(streams: Any) -> list[dict[str, Any]]:
    (stream,) = streams.list_streams()["Streams"]
    found: list[dict[str, Any]] = []
    for shard in streams.describe_stream(StreamArn=stream["StreamArn"])["StreamDescription"]["Shards"]:
        iterator = streams.get_shard_iterator(
            StreamArn=stream["StreamArn"], ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while (page := streams.get_records(ShardIterator=iterator))["Records"]:
            found += page["Records"]
            iterator = page["NextShardIterator"]
    return found


def _flat() -> Iterator[Figure]:
    """One message, when ever more are stored; beside it the same with the fewest."""
    each = 50
    sizes = [size for size in (1_000, 10_000, 100_000, 1_000_000) if size <= _STORED]
    traffic = message_batches.zipf(sizes[-1] + each, 1000)
    projection = _begun(projections.ours(_client()), traffic, [traffic.messages])
    first, done = None, 0
    for size in sizes:
        projection.put([message_item(message) for message in traffic.messages[done:size]])
        done = size
        found = projection.measure([[message] for message in traffic.messages[size : size + each]])
        first = first or found
        yield _figure(f"{size} stored: write units", found.write_units, first.write_units, "WCU/message")
        yield _figure(f"{size} stored: calls", found.calls, first.calls, "calls/message")
        yield _figure(f"{size} stored: time", found.milliseconds, first.milliseconds, "ms/message")


def _linear() -> Iterator[Figure]:
    """A thousand messages of ever more groups: the time for a group stays that of the fewest."""
    projection = projections.ours(_client())
    _milliseconds_a_group(projection, 100)  # the first time is not for the record
    first = _milliseconds_a_group(projection, 100)
    for groups in (200, 400):
        yield _figure(f"1000 messages of {groups} groups", _milliseconds_a_group(projection, groups), first, "ms/group")


def _milliseconds_a_group(projection: Projection, groups: int) -> float:
    traffic = message_batches.in_turn(1000, groups)
    batches = [traffic.messages]
    return 1000 * _begun(projection, traffic, batches).measure(batches).milliseconds / groups


def _figure(case: str, ours: float, other: float, unit: str) -> Figure:
    return Figure("projecting", case, ours, other, unit)


def _account() -> str:
    return f"projecting{next(_accounts)}"


def _client(account: str | None = None, service: str = "dynamodb") -> Any:
    """Each account has tables of its own."""
    make: Any = boto3.Session(account or _account(), "nothing", region_name="eu-central-1").client
    return make(service, endpoint_url=engine().endpoint, config=Config(proxies={}, max_pool_connections=8))
