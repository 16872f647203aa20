"""Read groups, their rows and their newest messages strongly consistently, many groups at a time."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from stream_lambda.items import Item, RowKey, flag_key, group_key, group_of_key, row_key, row_of_key
from tableguard.projection.drift import View, places
from tableguard.store.batch_get import batch_get
from tableguard.store.consumed import ReadCost
from tableguard.store.newest_message import NewestUsable, newest_message
from tableguard.store.rows import is_hidden


@dataclass(frozen=True)
class Reader:
    """The table, a client for it, the clock, how many queries run at once, and the read units taken so far."""

    client: Any  # botocore makes its classes at run time
    table_name: str
    clock: Callable[[], datetime]
    workers: int = 8
    cost: ReadCost = field(default_factory=ReadCost)

    def views(self, users: Mapping[str, Collection[str]], *, everywhere: bool = False) -> Iterator[View]:
        """Yield a view of each group, with the rows of its members and of the users named here.

        Rows of members are read where the group says they are; `everywhere`, all rows at both places.
        """
        now = self.clock()
        groups = self.groups(users)
        rows = self.rows(key for group in users for key in _keys(group, groups.get(group), users[group], everywhere))
        newest = self.newest(users, now)  # after the rows: see View
        for group_uuid in users:
            yield View(group_uuid, groups.get(group_uuid), rows.get(group_uuid, {}), newest[group_uuid], now)

    def of_rows(self, keys: Iterable[RowKey], groups: Mapping[str, Item]) -> Iterator[View]:
        """Yield these rows, by group; the messages are not looked for."""
        now = self.clock()
        for group_uuid, rows in self.rows(keys).items():
            yield View(group_uuid, groups.get(group_uuid), rows, NewestUsable(), now)

    def groups(self, group_uuids: Iterable[str]) -> dict[str, Item]:
        """Return the items of the groups that exist."""
        keys = [group_key(group_uuid) for group_uuid in group_uuids]
        items = batch_get(self.client, self.table_name, keys, self.cost)
        return {name: item for item in items if (name := group_of_key(item)) is not None}

    def rows(self, keys: Iterable[RowKey]) -> dict[str, dict[RowKey, Item]]:
        """Return what is at these keys, by group."""
        rows: dict[str, dict[RowKey, Item]] = {}
        for item in batch_get(self.client, self.table_name, list(map(row_key, sorted(set(keys)))), self.cost):
            if row := row_of_key(item):
                rows.setdefault(row.group_uuid, {})[row] = item
        return rows

    def flagged(self, user_uuids: Collection[str]) -> set[str]:
        """Return those users whose flag says that they have further rows."""
        now, keys = self.clock(), {user_uuid: flag_key(user_uuid) for user_uuid in user_uuids}
        items = batch_get(self.client, self.table_name, list(keys.values()), self.cost)
        there = [item["pk"] for item in items if not is_hidden(item, now)]
        return {user_uuid for user_uuid, key in keys.items() if key["pk"] in there}

    def newest(self, group_uuids: Collection[str], now: datetime) -> dict[str, NewestUsable]:
        """Return the newest usable message of each group."""
        find = partial(newest_message, self.client, self.table_name, now=now, cost=self.cost)
        with ThreadPoolExecutor(self.workers) as pool:
            return dict(zip(group_uuids, pool.map(find, group_uuids), strict=True))


def _keys(group_uuid: str, group: Item | None, users: Iterable[str], everywhere: bool) -> Iterator[RowKey]:
    members = places(group)
    if everywhere:
        yield from (RowKey(user, group_uuid, further) for user in (*users, *members) for further in (False, True))
    else:
        yield from (RowKey(user, group_uuid, further) for user, further in members.items())
