"""That one message costs the same however many are stored, and that a batch's time is linear in its groups."""

import itertools
import os
from collections.abc import Iterator

from stream_lambda.items import message_item
from tests.benchmarks.figures import Figure
from tests.benchmarks.projecting.engine import begun, client, figure, load, new_account
from tests.cases import message_batches
from tests.worlds import projections
from tests.worlds.projections import Projection

_STORED = int(os.environ.get("TABLEGUARD_BENCH_STORED", "10000"))
_MEASURED = 50  # messages, at each size of the table
_GROUPS = 1000


def figures() -> Iterator[Figure]:
    """Measure messages in ever fuller tables, and batches of ever more groups."""
    yield from _flat()
    yield from _linear()


def _flat() -> Iterator[Figure]:
    """One message, when ever more are stored; beside it the same with the fewest."""
    account, done, first = new_account(), 0, None
    projection = projections.ours(client(account))
    projection.begin(message_batches.zipf(0, _GROUPS).groups)
    messages = message_batches.zipf_messages(_GROUPS)
    for size in (size for size in (1_000, 10_000, 100_000, 1_000_000) if size <= _STORED):
        load(account, projections.OURS, map(message_item, itertools.islice(messages, size - done)))
        done = size
        measured = projection.measure([[message] for message in itertools.islice(messages, _MEASURED)])
        first = first or measured
        yield figure(f"{size} stored: write units", measured.write_units, first.write_units, "WCU/message")
        yield figure(f"{size} stored: calls", measured.calls, first.calls, "calls/message")
        yield figure(f"{size} stored: time", measured.milliseconds, first.milliseconds, "ms/message")


def _linear() -> Iterator[Figure]:
    """A thousand messages of ever more groups: the time for a group stays that of the fewest."""
    projection = projections.ours(client())
    _milliseconds_a_group(projection, 100)  # the first time is not for the record
    first = _milliseconds_a_group(projection, 100)
    for groups in (200, 400, 800):
        yield figure(f"1000 messages of {groups} groups", _milliseconds_a_group(projection, groups), first, "ms/group")


def _milliseconds_a_group(projection: Projection, groups: int) -> float:
    traffic = message_batches.in_turn(1000, groups)
    batches = [traffic.messages]
    return 1000 * begun(projection, traffic, batches).measure(batches).milliseconds / groups
