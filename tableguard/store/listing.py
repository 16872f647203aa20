"""Read listings page by page, with tokens that continue one listing and no other."""

import base64
import hashlib
import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from stream_lambda.items import Item, ItemError, row_of_key
from tableguard.errors import MessageError

T = TypeVar("T")

PAGE = 100  # items asked for at once, at most
UNEXPIRED = "attribute_not_exists(expires_at) OR expires_at > :now"  # DynamoDB deletes within days of the moment
KEY_BYTES = 1024  # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html: sort keys


@dataclass(frozen=True)
class ListingPage(Generic[T]):
    """One page: its items, the token of the next page (None: this is the last), and the read units it took.

    `refusals` says what cannot be shown and why: first `damaged` entries that are not among the items, then entries
    that are, but whose text does not fit its ciphertext. `seconds_old` is for how long what is shown may be past, where
    a cache answered; 0 where the table did.
    """

    items: tuple[T, ...]
    token: str | None
    read_units: float
    refusals: tuple[str, ...] = ()
    damaged: int = 0
    seconds_old: int = 0


@dataclass(frozen=True)
class Listing:
    """One partition of the table or of an index, and the attributes that give a position in it."""

    table: str
    index: str | None
    pk: str
    position: tuple[str, ...]

    def token(self, last_key: Item | None) -> str | None:
        """Return the token with which the caller asks for the next page."""
        if last_key is None:
            return None
        values = (last_key[name]["S"] for name in self.position)
        return base64.urlsafe_b64encode("\n".join((self._identity(), *values)).encode()).decode()

    def start_key(self, token: str) -> Item:
        """Return the key after which a token continues; MessageError if it is damaged or of another listing."""
        try:
            identity, *values = base64.b64decode(token, altchars=b"-_", validate=True).decode().split("\n")
        except ValueError as error:
            raise MessageError("the continuation token is damaged; begin again without one") from error
        if identity != self._identity():
            raise MessageError("the continuation token belongs to another listing; begin again without one")
        if len(values) != len(self.position) or not all(0 < len(value.encode()) <= KEY_BYTES for value in values):
            raise MessageError("the continuation token is damaged; begin again without one")
        # The partition is the caller's own, never the token's: a token made by hand moves within it and not out.
        return {"pk": {"S": self.pk}} | {name: {"S": value} for name, value in zip(self.position, values, strict=True)}

    def _identity(self) -> str:
        """Return a digest that identifies the listing without showing whose it is."""
        return hashlib.sha256("\n".join((self.table, self.index or "", self.pk)).encode()).hexdigest()[:16]


def check_limit(limit: int) -> int:
    """Return how many items a page has at most; MessageError if that is out of bounds."""
    if not 1 <= limit <= PAGE:
        raise MessageError(f"limit {limit}: from 1 to {PAGE} items are read at once")
    return limit


def parse(read: Callable[[Item], T], item: Item) -> T:
    """Return what an item holds; MessageError, with the remedy, if it cannot be understood."""
    try:
        return read(item)
    except ItemError as error:
        raise MessageError(f"item {item['pk']['S']} / {item['sk']['S']}: {error}{_remedy(item)}") from error


def readable(read: Callable[[Item], T], stored: Iterable[Item]) -> tuple[tuple[T, ...], tuple[str, ...]]:
    """Return what the items hold, and the reasons for those that cannot be understood."""
    entries: list[T] = []
    refusals: list[str] = []
    for item in stored:
        try:
            entries.append(parse(read, item))
        except MessageError as error:
            refusals.append(str(error))
    return tuple(entries), tuple(refusals)


def _remedy(item: Item) -> str:
    """Return how the operator mends a conversation row; nothing for other items, which are no copies."""
    row = row_of_key(item)
    return (
        f"; tableguard rows reconcile --group {shlex.quote(row.group_uuid)} --force writes the row anew" if row else ""
    )
