"""Find rows that disagree with the messages; reads twice, so that updates in flight are not reported."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from stream_lambda.batch_get import KEYS_PER_CALL, chunks
from tableguard.errors import MessageError
from tableguard.findings.counts import counted
from tableguard.projection.drift import NOTHING, Drift, Kind, Stamp, View, drifts, members
from tableguard.projection.lag import Lag
from tableguard.projection.scan import UnknownItems, Unmatched, scan
from tableguard.projection.views import Reader

GROUPS = KEYS_PER_CALL  # looked at together


@dataclass
class _Suspect:
    """A group that looked wrong: its newest message then, users with a row who are no members, messages without it."""

    due: Stamp = NOTHING
    users: set[str] = field(default_factory=set)
    messages: int = 0


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
    unknown: UnknownItems = field(default_factory=UnknownItems)
    lag: Lag = field(init=False)
    _suspects: dict[str, _Suspect] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Begin without a lag."""
        self.lag = Lag(self.settle)

    def of_group(self, group_uuid: str) -> Iterator[Drift]:
        """Return what is wrong with one group; rows of former members are found by `of_all` only."""
        (view,) = self._look([group_uuid])
        if view.group is None and not drifts(view):
            raise MessageError(f"table {self.reader.table_name}: no group {group_uuid!r}")
        return self._look_again()

    def of_all(self) -> Iterator[Drift]:
        """Return what is wrong with every group, with every row that belongs to none, and with messages of none."""
        for _ in self.observe(self._look_at_all()):
            pass
        return self._look_again()

    def _look_at_all(self) -> Iterator[str]:
        """Look at every group and every row once, yielding each group that was looked at."""
        unmatched = Unmatched(self.reader)
        for page in scan(self.reader):
            for chunk in chunks(page.groups, GROUPS):
                self._look(chunk)
                yield from chunk
            self._suspect_strangers(page.rows)
            self._suspect_orphaned(unmatched.add(page))
            self.unknown.add(page.unknown)
        self._suspect_orphaned(unmatched.missing())

    def _look(self, group_uuids: list[str]) -> list[View]:
        views = list(self.reader.views(dict.fromkeys(group_uuids, ())))
        for view in views:
            self.groups += view.group is not None
            self.rows += len(view.rows)
            self.unknown.add(view.unknown())
            if wrong := drifts(view):
                self.lag.look(view, wrong)
                self._suspect(view.group_uuid).due = _newest_stamp(view)
        return views

    def _suspect(self, group_uuid: str) -> _Suspect:
        return self._suspects.setdefault(group_uuid, _Suspect())

    def _suspect_strangers(self, owners: list[tuple[str, str]]) -> None:
        """Suspect the rows of users who are no members; what is no row at such a key is only counted."""
        groups = self.reader.groups({group_uuid for _, group_uuid in owners})
        strangers = [owner for owner in owners if owner[0] not in members(groups.get(owner[1]))]
        for view in self.reader.of_strangers(strangers, groups):
            self.unknown.add(view.unknown())
            if rows := [user_uuid for user_uuid, item in view.rows.items() if view.is_row(item)]:
                self._suspect(view.group_uuid).users.update(rows)

    def _suspect_orphaned(self, missing: Iterable[tuple[str, int]]) -> None:
        for group_uuid, messages in missing:
            self._suspect(group_uuid).messages += messages

    def _look_again(self) -> Iterator[Drift]:
        if self._suspects:
            self.sleep(self.settle)
        for chunk in chunks(self._suspects.items(), GROUPS):
            suspects = dict(chunk)
            for view in self.reader.views({group_uuid: suspect.users for group_uuid, suspect in chunk}):
                suspect = suspects[view.group_uuid]
                for drift in drifts(view, suspect.due):
                    self.lag.look_again(drift)
                    yield _with_count(drift, suspect.messages)


def _with_count(drift: Drift, messages: int) -> Drift:
    """Say how many messages have no group, if the scan counted them."""
    if drift.kind is not Kind.ORPHANED or not messages:
        return drift
    return replace(drift, detail=f"{counted(messages, 'message')}, {drift.detail}")


def _newest_stamp(view: View) -> Stamp:
    return view.newest.message.stamp if view.newest.message else NOTHING
