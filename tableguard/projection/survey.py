"""Find rows that disagree with the messages; reads twice, so that updates in flight are not reported."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from stream_lambda.batch_get import KEYS_PER_CALL, chunks
from stream_lambda.items import RowKey
from tableguard.errors import MessageError
from tableguard.findings.counts import counted
from tableguard.projection.drift import NOTHING, Drift, Kind, Stamp, View, drifts, places
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
    _unflagged: Counter[str] = field(default_factory=Counter)  # users, with the numbers of their further rows

    def __post_init__(self) -> None:
        """Begin without a lag."""
        self.lag = Lag(self.settle)

    def of_group(self, group_uuid: str) -> Iterator[Drift]:
        """Return what is wrong with one group; rows of former members are found by `of_all` only."""
        (view,) = self._look([group_uuid], everywhere=True)
        if view.group is None and not drifts(view):
            raise MessageError(f"table {self.reader.table_name}: no group {group_uuid!r}")
        members = places(view.group)
        further = {key.user_uuid for key in view.shown() if key.further and members.get(key.user_uuid)}
        self._unflagged.update(further - self.reader.flagged(further))
        return self._look_again()

    def of_all(self) -> Iterator[Drift]:
        """Return what is wrong with every group, with every row that belongs to none, and with messages of none."""
        for _ in self.observe(self._look_at_all()):
            pass
        return self._look_again()

    def _look_at_all(self) -> Iterator[str]:
        """Look at every group and every row once, yielding each group that was looked at."""
        groups, flags = Unmatched(self.reader.groups), Unmatched(self.reader.flagged)
        for page in scan(self.reader):
            for chunk in chunks(page.groups, GROUPS):
                self._look(chunk)
                yield from chunk
            further = Counter(key.user_uuid for key in self._suspect_rows(page.rows) if key.further)
            self._suspect_orphaned(groups.add(page.groups, page.messages))
            self._unflagged.update(dict(flags.add(page.flags, further)))
            self.unknown.add(page.unknown)
        self._suspect_orphaned(groups.missing())
        self._unflagged.update(dict(flags.missing()))

    def _look(self, group_uuids: list[str], *, everywhere: bool = False) -> list[View]:
        views = {view.group_uuid: view for view in self.reader.views(_nobody(group_uuids), everywhere=everywhere)}
        for view in views.values():
            self.unknown.add(view.unknown())
        if not everywhere:  # a row that is missing may be at the other place
            incomplete = [name for name, view in views.items() if Kind.MISSING in {d.kind for d in drifts(view)}]
            views |= {view.group_uuid: view for view in self.reader.views(_nobody(incomplete), everywhere=True)}
        for view in views.values():
            self.groups += view.group is not None
            self.rows += len(view.rows)
            if wrong := drifts(view):
                self.lag.look(view, wrong)
                self._suspect(view.group_uuid).due = _newest_stamp(view)
        return list(views.values())

    def _suspect(self, group_uuid: str) -> _Suspect:
        return self._suspects.setdefault(group_uuid, _Suspect())

    def _suspect_rows(self, rows: list[RowKey]) -> list[RowKey]:
        """Suspect rows of users who are no members, or at another place than the group says; return the others.

        What is no row at such a key is only counted.
        """
        groups = self.reader.groups({row.group_uuid for row in rows})
        members = {group_uuid: places(group) for group_uuid, group in groups.items()}
        placed = [row for row in rows if members.get(row.group_uuid, {}).get(row.user_uuid) is row.further]
        strays = set(rows).difference(placed)
        for view in self.reader.of_rows(strays, groups):
            self.unknown.add(view.unknown())
            if shown := view.shown():
                self._suspect(view.group_uuid).users.update(row.user_uuid for row in shown)
        return placed

    def _suspect_orphaned(self, missing: Iterable[tuple[str, int]]) -> None:
        for group_uuid, messages in missing:
            self._suspect(group_uuid).messages += messages

    def _look_again(self) -> Iterator[Drift]:
        if self._suspects or self._unflagged:
            self.sleep(self.settle)
        for chunk in chunks(self._suspects.items(), GROUPS):
            suspects = dict(chunk)
            users = {group_uuid: suspect.users for group_uuid, suspect in chunk}
            for view in self.reader.views(users, everywhere=True):
                suspect = suspects[view.group_uuid]
                for drift in drifts(view, suspect.due):
                    self.lag.look_again(drift)
                    yield _with_count(drift, suspect.messages)
        flagged = self.reader.flagged(self._unflagged)
        for user_uuid, rows in self._unflagged.items():
            if user_uuid not in flagged:
                yield Drift(Kind.UNFLAGGED, "", user_uuid, counted(rows, "further row"))


def _nobody(group_uuids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the groups without users of whom more is to be read than of any member."""
    return dict.fromkeys(group_uuids, ())


def _with_count(drift: Drift, messages: int) -> Drift:
    """Say how many messages have no group, if the scan counted them."""
    if drift.kind is not Kind.ORPHANED or not messages:
        return drift
    return replace(drift, detail=f"{counted(messages, 'message')}, {drift.detail}")


def _newest_stamp(view: View) -> Stamp:
    return view.newest.message.stamp if view.newest.message else NOTHING
