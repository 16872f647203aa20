"""Read groups, their rows and their newest messages strongly consistently, many groups at a time."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from stream_lambda.items import Item, RowKey, group_key, group_of_key, row_key, row_of_key
from tableguard.projection.drift import View, members
from tableguard.store.batch_get import batch_get
from tableguard.store.consumed import ReadCost
from tableguard.store.newest_message import NewestUsable, newest_message


@dataclass(frozen=True)
class Reader:
    """The table, a client for it, the clock, how many queries run at once, and the read units taken so far."""

    client: Any  # botocore makes its classes at run time
    table_name: str
    clock: Callable[[], datetime]
    workers: int = 8
    cost: ReadCost = field(default_factory=ReadCost)

    def views(self, users: Mapping[str, Collection[str]]) -> Iterator[View]:
        """Yield a view of each group, with the rows of its members and of the users named here."""
        now = self.clock()
        groups = self.groups(users)
        wanted = {(user, group) for group in users for user in (*users[group], *members(groups.get(group)))}
        rows = self._rows(wanted)
        newest = self.newest(users, now)  # after the rows: see View
        for group_uuid in users:
            yield View(group_uuid, groups.get(group_uuid), rows.get(group_uuid, {}), newest[group_uuid], now)

    def of_strangers(self, owners: Collection[tuple[str, str]], groups: Mapping[str, Item]) -> Iterator[View]:
        """Yield the rows of these users in these groups, by group; the messages are not looked for."""
        now = self.clock()
        for group_uuid, rows in self._rows(owners).items():
            yield View(group_uuid, groups.get(group_uuid), rows, NewestUsable(), now)

    def groups(self, group_uuids: Iterable[str]) -> dict[str, Item]:
        """Return the items of the groups that exist."""
        keys = [group_key(group_uuid) for group_uuid in group_uuids]
        items = batch_get(self.client, self.table_name, keys, self.cost)
        return {name: item for item in items if (name := group_of_key(item)) is not None}

    def _rows(self, wanted: Iterable[tuple[str, str]]) -> dict[str, dict[str, Item]]:
        keys = [row_key(RowKey(*owner, further)) for owner in sorted(wanted) for further in (False, True)]
        rows: dict[str, dict[str, Item]] = {}
        for item in batch_get(self.client, self.table_name, keys, self.cost):
            if row := row_of_key(item):
                rows.setdefault(row.group_uuid, {})[row.user_uuid] = item
        return rows

    def newest(self, group_uuids: Collection[str], now: datetime) -> dict[str, NewestUsable]:
        """Return the newest usable message of each group."""
        find = partial(newest_message, self.client, self.table_name, now=now, cost=self.cost)
        with ThreadPoolExecutor(self.workers) as pool:
            return dict(zip(group_uuids, pool.map(find, group_uuids), strict=True))
