"""Scan the keys of the whole table, and sort them by what they are; of an item nothing else is read.

All that is scanned is paid for, whichever keys are then answered, so messages cost nothing more to see than to skip.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from stream_lambda.items import (
    MESSAGE_PREFIX,
    ROW_PREFIX,
    Item,
    RowKey,
    begins_with_time,
    group_of_key,
    group_of_marker,
    is_flag,
    row_of_key,
)
from tableguard.projection.views import Reader

NAMES = 100_000  # kept in mind at most: some 20 MB
KINDS = 20  # of items that are not ours, told apart at most: keys may have as many beginnings as there are items
_BEGINNING = 20  # characters of a key that name its kind; a longer one may be anything
_OTHER_KINDS = "other kinds"
_UNEXPIRED = "attribute_not_exists(expires_at) OR expires_at > :now"


@dataclass
class KeyPage:
    """The keys of one page: groups, rows, users with a flag, messages counted by group, and what is unknown."""

    groups: list[str] = field(default_factory=list)
    rows: list[RowKey] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    messages: Counter[str] = field(default_factory=Counter)
    unknown: list[Item] = field(default_factory=list)

    def add(self, key: Item) -> None:
        """Sort one key in; a read marker is known, and nothing follows from it."""
        if (of_messages := _group_of_message(key)) is not None:
            self.messages[of_messages] += 1
        elif (group_uuid := group_of_key(key)) is not None:
            self.groups.append(group_uuid)
        elif (row := row_of_key(key)) is not None:
            self.rows.append(row)
        elif (user_uuid := _user_of_flag(key)) is not None:
            self.flags.append(user_uuid)
        elif not _is_marker(key):
            self.unknown.append(key)


def scan(reader: Reader) -> Iterator[KeyPage]:
    """Yield the keys of everything in the table that has not expired."""
    pages = reader.client.get_paginator("scan").paginate(
        TableName=reader.table_name,
        FilterExpression=_UNEXPIRED,
        ProjectionExpression="pk, sk",
        Select="SPECIFIC_ATTRIBUTES",  # the operator's role may scan for nothing else, and is asked by this word
        ExpressionAttributeValues={":now": {"N": str(int(reader.clock().timestamp()))}},
        ReturnConsumedCapacity="TOTAL",
    )
    for answer in pages:
        reader.cost.add(answer.get("ConsumedCapacity"))
        page = KeyPage()
        for key in answer["Items"]:
            page.add(key)
        yield page


@dataclass
class UnknownItems:
    """Items that nobody of ours writes, counted by kind: the beginnings of their keys."""

    kinds: Counter[str] = field(default_factory=Counter)

    def add(self, keys: Iterable[Item]) -> None:
        """Count these items."""
        for key in keys:
            kind = " / ".join(_beginning(key[name]["S"]) for name in ("pk", "sk"))
            full = len(self.kinds) >= KINDS and kind not in self.kinds
            self.kinds[_OTHER_KINDS if full else kind] += 1


@dataclass
class Unmatched:
    """What needs another item that the scan has not come by: messages a group, further rows a flag.

    The scan comes by either first. Of at most `limit` names it is remembered that the item was seen, and of as many
    that it is needed. Beyond that it forgets, and a name costs one more read unit.
    """

    there: Callable[[Collection[str]], Collection[str]]  # asks the table which of these names have the item
    limit: int = NAMES
    _seen: set[str] = field(default_factory=set)
    _needed: Counter[str] = field(default_factory=Counter)

    def add(self, seen: Iterable[str], needed: Mapping[str, int]) -> Iterator[tuple[str, int]]:
        """Match the names of a page; yield each that is missing, with how often it was needed so far."""
        for name in seen:
            self._needed.pop(name, None)
            if len(self._seen) >= self.limit:
                self._seen.clear()
            self._seen.add(name)
        self._needed.update({name: count for name, count in needed.items() if name not in self._seen})
        if len(self._needed) >= self.limit:
            yield from self.missing()

    def missing(self) -> Iterator[tuple[str, int]]:
        """Ask for the items that were not come by; yield the names of those that are not there."""
        needed, self._needed = self._needed, Counter()
        there = self.there(needed)
        yield from ((name, count) for name, count in needed.items() if name not in there)


def _group_of_message(key: Item) -> str | None:
    """Return the group of a message's key; None for a key that no message can have."""
    group_uuid = str(key["pk"]["S"]).removeprefix(MESSAGE_PREFIX)
    if not group_uuid or group_uuid == key["pk"]["S"]:
        return None
    try:
        datetime.fromisoformat(key["sk"]["S"])  # `canonical` would take ten times as long, of every message
    except ValueError:
        return None
    return group_uuid


def _user_of_flag(key: Item) -> str | None:
    pk = str(key["pk"]["S"])
    return pk.removeprefix(ROW_PREFIX) if pk.startswith(ROW_PREFIX) and is_flag(key) else None


def _is_marker(key: Item) -> bool:
    return key["pk"]["S"].startswith(ROW_PREFIX) and group_of_marker(key) is not None


def _beginning(text: str) -> str:
    """Return what a key shows of its kind: up to its first number sign, as nothing else tells a kind from a name."""
    if begins_with_time(text):
        return "a time"
    beginning, sign, _ = text.partition("#")
    return f"{beginning}#…" if sign and len(beginning) <= _BEGINNING else "…"
