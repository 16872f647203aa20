"""Many items by their keys, read strongly consistently."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from stream_lambda.items import Item
from stream_lambda.table import ATTEMPTS, KEYS_PER_CALL
from tableguard.errors import TableError
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
    """The items that exist, in no order; TableError if DynamoDB leaves some unread however often it is asked."""
    shape = {"ConsistentRead": True} | ({"ProjectionExpression": projection} if projection else {})
    for start in range(0, len(keys), KEYS_PER_CALL):
        left = list(keys[start : start + KEYS_PER_CALL])
        for attempt in range(ATTEMPTS):
            if attempt:
                sleep(0.05 * 2 ** (attempt - 1))
            request = {table_name: {"Keys": left, **shape}}
            answer = client.batch_get_item(RequestItems=request, ReturnConsumedCapacity="TOTAL")
            cost.add(answer.get("ConsumedCapacity"))
            yield from answer["Responses"].get(table_name, [])
            left = answer.get("UnprocessedKeys", {}).get(table_name, {}).get("Keys", [])
            if not left:
                break
        else:
            raise TableError(
                f"table {table_name}: too busy to read {len(left)} items, {ATTEMPTS} times; try again later"
            )
