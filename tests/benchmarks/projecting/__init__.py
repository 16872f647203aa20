"""Pattern D beside the delete-and-put way on DynamoDB Local: units, calls, invocations and time for a message.

TABLEGUARD_TRACE names a recorded trace of messages (KONECT's format); without it only drawn traffic is measured.
TABLEGUARD_BENCH_STORED is how many messages are stored, at most, before one more is handled: 10,000 in ten seconds,
1,000,000 in some ten minutes.
"""

from collections.abc import Iterator

from tableguard.local.dynamodb_local.sources import present
from tests.benchmarks.figures import Figure
from tests.benchmarks.projecting import alternatives, by_batch, large_groups, listing, live, stored, table_rows


def missing() -> str | None:
    """Say what is missing to measure this, and what installs it."""
    return None if present() else "no DynamoDB Local; scripts/engines/dynamodb-local installs it"


def figures() -> Iterator[Figure]:
    """Units are the engine's own ReturnConsumedCapacity; both ways begin with the rows of every conversation."""
    for part in (by_batch, live, listing, table_rows, alternatives, large_groups, stored):
        yield from part.figures()
