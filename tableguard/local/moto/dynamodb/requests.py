"""What one request to DynamoDB wrote and read: its writes take effect together, or not at all.

moto writes item by item and straight into the stream. A request that fails half-way (an update whose second clause
is wrong, a cancelled transaction) leaves items and records behind that were never written.
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
    old: Image | None = field(init=False)  # both as the API writes them, at this time
    new: Image | None = field(init=False)

    def __post_init__(self) -> None:
        self.old, self.new = image(self.before), image(self.after)

    def undo(self) -> None:
        """Put back what was there."""
        item = self.before or self.after
        if item is not None:
            restore(self.table, item, self.before)


@dataclass
class Request:
    """What a request has done so far."""

    writes: list[Write] = field(default_factory=list)
    evaluated: list[Item] = field(default_factory=list)  # what a query or scan read, before any filter
    repeats: tuple[tuple[str, int], ...] | None = None  # (table, bytes) of a transaction that was carried out before


_current: ContextVar[Request | None] = ContextVar("request", default=None)
_quiet: ContextVar[bool] = ContextVar("quiet", default=False)


def current() -> Request | None:
    """The request under way, if there is one."""
    return _current.get()


def image(item: Item | None) -> Image | None:
    """An item as the API writes it; later changes to the item do not reach it."""
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
def request() -> Iterator[Request]:
    """A request: an exception undoes what it wrote."""
    this = Request()
    token = _current.set(this)
    try:
        yield this
    except BaseException:  # whatever it was, nothing stays half done, and the exception goes on
        for write in reversed(this.writes):
            write.undo()
        raise
    finally:
        _current.reset(token)


@contextmanager
def unrecorded() -> Iterator[None]:
    """While it lasts, writes are parts of a larger one that is recorded as a whole."""
    token = _quiet.set(True)
    try:
        yield
    finally:
        _quiet.reset(token)


def record(write: Write) -> bool:
    """Note a write of the request under way; False where there is none and the write stands by itself."""
    if _quiet.get():
        return True
    this = _current.get()
    if this is not None:
        this.writes.append(write)
    return this is not None
