"""What further rows would cost if the key of their index were cut to a bucket of time.

"Ours" is the design as it is, "other" the alternative.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from statistics import mean

from stream_lambda.decide import newest_per_group, rows
from stream_lambda.items import Conversation, conversation_item
from tableguard.aws.capacity import read_units
from tableguard.aws.item_size import item_size
from tableguard.scale.workload import PAGE
from tests.benchmarks.figures import Figure
from tests.benchmarks.projecting.engine import figure, trace
from tests.cases.message_batches import Traffic
from tests.worlds.row_ledger import EVERYTHING, KEYS, KEYS_ONLY, OURS, bucket_of, bucketed, units_by_rule

_BUCKETS = {"day": timedelta(days=1), "week": timedelta(days=7), "30 days": timedelta(days=30)}
_SIZES = (1, 10, 100, 1000)


def figures() -> Iterator[Figure]:
    """Compute both by the rules of capacity, which the engine was held to before."""
    if traffic := trace():
        yield from _writing(traffic)
        yield from _reading(traffic)


def _writing(traffic: Traffic) -> Iterator[Figure]:
    for size in _SIZES:
        batches = traffic.batches(size)
        ours = units_by_rule(traffic.groups, batches, OURS)
        for name, length in _BUCKETS.items():
            for projected, index in (("KEYS_ONLY", KEYS_ONLY), ("ALL", EVERYTHING)):
                other = units_by_rule(traffic.groups, batches, bucketed(length, index))
                yield figure(f"trace, batch {size}, {name}, {projected}: all", ours, other, "WCU/message")


def _reading(traffic: Traffic) -> Iterator[Figure]:
    """The first page of further rows of everybody who has any, at the trace's end."""
    further = defaultdict(list)
    for row in rows(
        newest_per_group(enumerate(traffic.messages)), {group.group_uuid: group for group in traffic.groups}
    ):
        if row.further:
            further[row.user_uuid].append(row)
    for name, length in _BUCKETS.items():
        pages = [_page(of_user, bucket_of(length)) for of_user in further.values()]
        exact = mean(ours for ours, _, _ in pages)
        yield figure(f"page of further rows, {name}, KEYS_ONLY", exact, mean(keys for _, keys, _ in pages), "RCU/page")
        yield figure(f"page of further rows, {name}, ALL", exact, mean(whole for _, _, whole in pages), "RCU/page")


def _page(of_user: Sequence[Conversation], beginning: Callable[[str], str]) -> tuple[float, float, float]:
    """Return the units of one page: by exact time, from keys and then each row, from whole rows by bucket.

    Inside a bucket rows are in no order, so all rows of the buckets that hold the newest twenty are read.
    """
    newest = sorted(of_user, key=lambda row: row.last_message_at, reverse=True)
    last = beginning(newest[:PAGE][-1].last_message_at)
    candidates = [row for row in newest if beginning(row.last_message_at) >= last]
    sizes = [item_size(conversation_item(row)) for row in candidates]
    keys = sum(item_size({name: conversation_item(row)[name] for name in KEYS}) for row in candidates)
    each = sum(read_units(size, consistent=False) for size in sizes)
    return (
        read_units(sum(sizes[:PAGE]), consistent=False),
        read_units(keys, consistent=False) + each,
        read_units(sum(sizes), consistent=False),
    )
