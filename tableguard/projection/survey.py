"""Find rows that disagree with the messages; reads twice, so that updates in flight are not reported."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from stream_lambda.batch_get import KEYS_PER_CALL, chunks
from stream_lambda.items import GROUP_PREFIX, ROW_PREFIX, Item, group_of_key, row_of_key
from tableguard.errors import MessageError
from tableguard.projection.drift import NOTHING, Drift, Stamp, View, drifts
from tableguard.projection.views import Reader, members

GROUPS = KEYS_PER_CALL  # looked at together
# keys alone travel, of groups and of rows that are shown to somebody; all that is scanned is paid for
_SCANNED = (
    "(begins_with(pk, :group) OR begins_with(pk, :row)) AND (attribute_not_exists(expires_at) OR expires_at > :now)"
)


@dataclass
class _Suspect:
    """A group that looked wrong, its newest message then, and users who had a row without being members."""

    due: Stamp = NOTHING
    users: set[str] = field(default_factory=set)


@dataclass
class Survey:
    """Looks at groups through a reader, waits `settle` seconds, and looks again at those that looked wrong.

    Of the table it holds only what looked wrong: a table of any size can be surveyed.
    """

    reader: Reader
    settle: float = 5.0
    observe: Callable[[Iterable[str]], Iterable[str]] = iter  # sees each group pass, once it was looked at
    sleep: Callable[[float], object] = time.sleep
    groups: int = 0  # looked at so far
    rows: int = 0
    _suspects: dict[str, _Suspect] = field(default_factory=dict)

    def of_group(self, group_uuid: str) -> Iterator[Drift]:
        """Return what is wrong with one group; rows of former members are found by `of_all` only."""
        if group_uuid not in self.reader.groups([group_uuid]):
            raise MessageError(f"table {self.reader.table_name}: no group {group_uuid!r}")
        self._look([group_uuid])
        return self._look_again()

    def of_all(self) -> Iterator[Drift]:
        """Return what is wrong with every group, and with every row that belongs to none."""
        for _ in self.observe(self._look_at_all()):
            pass
        return self._look_again()

    def _look_at_all(self) -> Iterator[str]:
        """Look at every group and every row once, yielding each group that was looked at."""
        for page in self._scan():
            group_uuids = [group_uuid for key in page if (group_uuid := group_of_key(key)) is not None]
            for chunk in chunks(group_uuids, GROUPS):
                self._look(chunk)
                yield from chunk
            self._suspect_strangers([owner for key in page if (owner := row_of_key(key)) is not None])

    def _scan(self) -> Iterator[list[Item]]:
        now = int(self.reader.clock().timestamp())
        pages = self.reader.client.get_paginator("scan").paginate(
            TableName=self.reader.table_name,
            FilterExpression=_SCANNED,
            ProjectionExpression="pk, sk",
            Select="SPECIFIC_ATTRIBUTES",  # the operator's role may scan for nothing else, and is asked by this word
            ExpressionAttributeValues={
                ":group": {"S": GROUP_PREFIX},
                ":row": {"S": ROW_PREFIX},
                ":now": {"N": str(now)},
            },
            ReturnConsumedCapacity="TOTAL",
        )
        for page in pages:
            self.reader.cost.add(page.get("ConsumedCapacity"))
            yield page["Items"]

    def _look(self, group_uuids: list[str]) -> None:
        for view in self.reader.views(dict.fromkeys(group_uuids, ())):
            self.groups += 1
            self.rows += len(view.rows)
            if drifts(view):
                self._suspects.setdefault(view.group_uuid, _Suspect()).due = _newest_stamp(view)

    def _suspect_strangers(self, owners: list[tuple[str, str]]) -> None:
        groups = self.reader.groups({group_uuid for _, group_uuid in owners})
        for user_uuid, group_uuid in owners:
            if user_uuid not in members(groups.get(group_uuid)):
                self._suspects.setdefault(group_uuid, _Suspect()).users.add(user_uuid)

    def _look_again(self) -> Iterator[Drift]:
        if self._suspects:
            self.sleep(self.settle)
        for chunk in chunks(self._suspects.items(), GROUPS):
            suspects = dict(chunk)
            for view in self.reader.views({group_uuid: suspect.users for group_uuid, suspect in chunk}):
                yield from drifts(view, suspects[view.group_uuid].due)


def _newest_stamp(view: View) -> Stamp:
    return view.newest.message.stamp if view.newest.message else NOTHING
