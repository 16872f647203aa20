"""The writes and reads of one request to DynamoDB, so that its writes take effect together or not at all.

moto writes item by item and straight into the stream. A request that fails midway (an update whose second clause is
wrong, a cancelled transaction) leaves items and records behind; on AWS it leaves nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import Table

from tableguard.aws.item_size import Image


@dataclass
class Write:
    """One item of a table before and after; absent on both sides where a missing item was deleted."""

    table: Table
    before: Item | None
    after: Item | None
    old: Image | None = field(init=False)  # before and after as the API writes them, at the time of the write
    new: Image | None = field(init=False)

    def __post_init__(self) -> None:
        self.old, self.new = image(self.before), image(self.after)

    def undo(self) -> None:
        """Restore the item as it was before."""
        item = self.before or self.after
        if item is not None:
            restore(self.table, item, self.before)


@dataclass
class DynamoDbRequest:
    """The writes that a request made and the items that it read, so far."""

    writes: list[Write] = field(default_factory=list)
    evaluated: list[Item] = field(default_factory=list)  # what a query or scan read, before any filter
    repeats: tuple[tuple[str, int], ...] | None = None  # (table, bytes) of a transaction that repeats an earlier one


_current: ContextVar[DynamoDbRequest | None] = ContextVar("request", default=None)


def current() -> DynamoDbRequest | None:
    """Return the request under way; None if there is none."""
    return _current.get()


def image(item: Item | None) -> Image | None:
    """Return an item as the API writes it, as a copy."""
    return None if item is None else item.to_json()["Attributes"]


def restore(table: Table, like: Item, item: Item | None) -> None:
    """Make a table hold `item` (None: nothing) under the key of `like`."""
    items: dict[Any, Any] = table.items  # partitions by partition key; or items, where that is the whole key
    partition, key = (items[like.hash_key], like.range_key) if table.has_range_key else (items, like.hash_key)
    if item is None:
        partition.pop(key, None)
    else:
        partition[key] = item


@contextmanager
def request() -> Iterator[DynamoDbRequest]:
    """Run a request in the block; an exception undoes its writes."""
    this = DynamoDbRequest()
    token = _current.set(this)
    try:
        yield this
    except BaseException:  # whatever it was, nothing stays half done, and the exception goes on
        for write in reversed(this.writes):
            write.undo()
        raise
    finally:
        _current.reset(token)


def record(write: Write) -> bool:
    """Add a write to the request under way; return False if there is none, so that the write stands by itself."""
    this = _current.get()
    if this is not None:
        this.writes.append(write)
    return this is not None
