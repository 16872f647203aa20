"""Read many items by their keys, and count the read units."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from stream_lambda.batch_get import ATTEMPTS, chunks, read_chunk
from stream_lambda.items import Item
from tableguard.errors import TableError
from tableguard.findings.counts import counted
from tableguard.store.consumed import ReadCost


def batch_get(
    client: Any,
    table_name: str,
    keys: Sequence[Item],
    cost: ReadCost,
    *,
    projection: str | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Item]:
    """Yield the items that exist, in no order, read strongly consistently.

    TableError if DynamoDB leaves some unread however often they are asked for.
    """
    for chunk in chunks(keys):
        unread: list[Item] = []
        for portion in read_chunk(client, table_name, chunk, sleep, projection, ReturnConsumedCapacity="TOTAL"):
            cost.add(portion.answer.get("ConsumedCapacity"))
            yield from portion.items
            unread = portion.unread
        if unread:
            raise TableError(
                f"table {table_name}: too busy to read {counted(len(unread), 'item')}, {ATTEMPTS} times; "
                "try again later"
            )
