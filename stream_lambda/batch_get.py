"""Read many items by their keys, with DynamoDB's back-off for the keys that it leaves unprocessed."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from .items import Item

T = TypeVar("T")

KEYS_PER_CALL = 100  # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
ATTEMPTS = 5  # for keys that DynamoDB leaves unprocessed: 0.05 s, then twice as long each time


@dataclass(frozen=True)
class Portion:
    """The items that one call returned, the keys it left unprocessed, and its whole answer."""

    items: list[Item]
    unread: list[Item]
    answer: Mapping[str, Any]


def chunks(things: Iterable[T], size: int = KEYS_PER_CALL) -> Iterator[list[T]]:
    """Yield the same things in lists of at most `size`: by default as many keys as one call takes."""
    remaining = iter(things)
    while chunk := list(islice(remaining, size)):
        yield chunk


def read_chunk(
    client: Any,
    table_name: str,
    keys: list[Item],
    sleep: Callable[[float], None] = time.sleep,
    projection: str | None = None,
    **arguments: str,
) -> Iterator[Portion]:
    """Read the items of a chunk strongly consistently, and yield what each call returns.

    The last portion has the keys that stayed unprocessed in all attempts. Errors of the client are not handled;
    `arguments` are more arguments of BatchGetItem.
    """
    shape = {"ConsistentRead": True} | ({"ProjectionExpression": projection} if projection else {})
    for attempt in range(ATTEMPTS):
        if attempt:
            sleep(0.05 * 2 ** (attempt - 1))
        answer = client.batch_get_item(RequestItems={table_name: {"Keys": keys, **shape}}, **arguments)
        keys = answer.get("UnprocessedKeys", {}).get(table_name, {}).get("Keys", [])
        yield Portion(answer["Responses"].get(table_name, []), keys, answer)
        if not keys:
            return
