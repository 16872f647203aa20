"""Compare a group's rows with its messages: pure, and the same for verifying and for reconciling.

An expired message counts as none, and an expired row as absent: nobody is shown either, DynamoDB removes both within
days, and until then neither is wrong. A deleted message is an empty one, its own tombstone, and is shown as such.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum

from stream_lambda.decide import conversation
from stream_lambda.items import (
    FURTHER_AT,
    Conversation,
    Group,
    Item,
    ItemError,
    RowKey,
    User,
    conversation_of,
    group_of,
)
from tableguard.store.newest_message import NewestUsable
from tableguard.store.rows import ATTRIBUTES, is_hidden, names

Stamp = tuple[str, str]
NOTHING: Stamp = ("", "")  # the stamp of the newest message where there is none


class Kind(Enum):
    """A way in which a row, group or message is wrong; repairs of the kinds in FORCED take a row back or expire it."""

    MISSING = "a member has no row"
    BEHIND = "the row shows an older message than the newest"
    DIFFERENT = "the row shows the newest message, but not as it is"
    UNSORTED = "the row is not in the index as its place and its message say"
    MISPLACED = "the row is at a place that the group does not say"
    TWICE = "the member has a second row, at a place that the group does not say"
    UNFLAGGED = "a user with further rows has no flag, so that no listing reads them"
    NAMES = "the row does not name the other member as the group does"
    FORMER = "the row is of somebody who is not a member of the group"
    GONE = "the row shows a message that is not there, newer than the newest that is"
    EMPTY = "the row shows a message of a group that has none"
    GROUPLESS = "the row is of a group that is not there"
    ORPHANED = "messages are of a group that is not there"
    MALFORMED = "the row cannot be understood"
    GROUP = "the group cannot be understood"
    MESSAGE = "a message newer than the newest usable one cannot be understood"


FORCED = frozenset({Kind.GONE, Kind.EMPTY, Kind.GROUPLESS, Kind.MALFORMED})
HOPELESS = frozenset({Kind.GROUP, Kind.MESSAGE, Kind.ORPHANED})  # nothing here can tell what was meant


@dataclass(frozen=True)
class View:
    """One group as it was read: the group, then the rows, then the messages.

    In this order a row can only be behind because Pattern D has yet to come to it; a row ahead of the messages shows
    one that was there and is not any more.
    """

    group_uuid: str
    group: Item | None
    rows: Mapping[RowKey, Item]  # of all members, and others where there are any
    newest: NewestUsable
    now: datetime

    def shown(self) -> list[RowKey]:
        """Return the keys of the rows that can be shown to somebody, at either place."""
        rows = sorted(self.rows.items())
        return [key for key, row in rows if not is_hidden(row, self.now) and self.is_row(row)]

    def unknown(self) -> list[Item]:
        """Return the items at rows' keys that are no rows, where the group does not say what row belongs there."""
        due = places(self.group).items() if self.newest.message else ()
        others = (item for key, item in self.rows.items() if (key.user_uuid, key.further) not in due)
        return [item for item in others if not is_hidden(item, self.now) and not self.is_row(item)]

    def is_row(self, item: Item) -> bool:
        """Tell whether an item at a row's key is a row: only such a one may expire.

        Where its group is there, it has anything of a row. Where it is not, nothing else speaks for it, and it must be
        whole: an application that shares the table may use the same keys.
        """
        if self.group is not None:
            return any(name in item for name in ATTRIBUTES if name != "expires_at")
        try:
            conversation_of(item)
        except ItemError:
            return False
        return True


@dataclass(frozen=True)
class Drift:
    """One thing that is wrong; `wanted` is the right row, or None if the row must not be shown.

    `seen` is the row at its place. `stray` is one at the other place, which must not be shown.
    """

    kind: Kind
    group_uuid: str
    user_uuid: str = ""
    detail: str = ""
    seen: Item | None = field(default=None, repr=False)
    group: Item | None = field(default=None, repr=False)
    wanted: Conversation | None = field(default=None, repr=False)
    stray: Item | None = field(default=None, repr=False)

    @property
    def removes(self) -> bool:
        """Tell whether the repair only takes a row away."""
        return self.wanted is None and self.kind is not Kind.UNFLAGGED


def drifts(view: View, due: Stamp | None = None) -> list[Drift]:
    """Return everything wrong with a group.

    `due` is the stamp of the newest message at an earlier look: a row that shows that message or a later one is on its
    way, and only an older one has been left behind.
    """
    if view.group is None:
        return [*_orphaned(view), *(_of_row(view, Kind.GROUPLESS, key) for key in view.shown())]
    try:
        group = group_of(view.group)
    except ItemError as error:
        return [Drift(Kind.GROUP, view.group_uuid, detail=str(error))]
    members = {member.user_uuid: member for member in group.members}
    unusable = view.newest.unusable.items()
    return [
        *(Drift(Kind.MESSAGE, view.group_uuid, detail=f"{sk}: {why}") for sk, why in unusable),
        *(drift for member in members.values() for drift in _of_member(view, group, member, due)),
        *(_of_row(view, Kind.FORMER, key) for key in view.shown() if key.user_uuid not in members),
    ]


def _orphaned(view: View) -> list[Drift]:
    newest, unusable = view.newest.message, view.newest.unusable
    if newest is None and not unusable:
        return []
    detail = f"the newest of {newest.created_at}" if newest else "none of them usable"
    return [Drift(Kind.ORPHANED, view.group_uuid, detail=detail)]


def _of_row(view: View, kind: Kind, key: RowKey, detail: str = "", wanted: Conversation | None = None) -> Drift:
    return Drift(kind, view.group_uuid, key.user_uuid, detail, view.rows.get(key), view.group, wanted)


def _of_member(view: View, group: Group, member: User, due: Stamp | None) -> list[Drift]:
    key = RowKey(member.user_uuid, view.group_uuid, member.user_uuid in group.further)
    elsewhere = key._replace(further=not key.further)
    wanted = None if view.newest.message is None else conversation(view.newest.message, member, group)
    placed = _of_placed(view, key, wanted, due)
    if elsewhere not in view.shown():
        return placed
    row, stray = view.rows.get(key), _of_stray(view, elsewhere, wanted)
    if row is None or is_hidden(row, view.now):
        return [replace(stray, seen=row, wanted=wanted)]
    if stray.kind is not Kind.MISPLACED:
        return [*placed, stray]
    if _stamp_of(view.rows[elsewhere]) <= _stamp_of(row):
        return [*placed, replace(stray, kind=Kind.TWICE)]
    # it alone may show the newest message, so it goes in the write that brings the other up to date
    malformed = Kind.MALFORMED in {drift.kind for drift in placed}
    return [replace(stray, kind=Kind.MALFORMED if malformed else Kind.TWICE, seen=row, wanted=wanted)]


def _of_stray(view: View, key: RowKey, wanted: Conversation | None) -> Drift:
    """Return what is wrong with a member's row at a place that the group does not say."""
    stray = view.rows[key]
    kind = Kind.EMPTY if wanted is None else Kind.MISPLACED
    if wanted is not None and _stamp_of(stray) > stamp(wanted):
        kind = Kind.GONE
    detail = "a further row, by the group a first one" if key.further else "a first row, by the group a further one"
    return Drift(kind, view.group_uuid, key.user_uuid, detail, group=view.group, stray=stray)


def _of_placed(view: View, key: RowKey, wanted: Conversation | None, due: Stamp | None) -> list[Drift]:
    """Return what is wrong with a member's row at its place."""
    row = view.rows.get(key)
    if row is None or is_hidden(row, view.now):
        return [] if wanted is None or due == NOTHING else [_of_row(view, Kind.MISSING, key, wanted=wanted)]
    try:
        shown = conversation_of(row)
    except ItemError as error:
        malformed = _of_row(view, Kind.MALFORMED, key, str(error), wanted)
        return [malformed] if wanted is not None or view.is_row(row) else []
    if wanted is None:
        return [_of_row(view, Kind.EMPTY, key)]
    kind = _kind(shown, wanted, due)
    if kind is None and row.get(FURTHER_AT) != ({"S": shown.last_message_at} if key.further else None):
        kind = Kind.UNSORTED
    if kind is None and not names(row, wanted.other):
        kind = Kind.NAMES
    return [] if kind is None else [_of_row(view, kind, key, wanted=wanted)]


def _stamp_of(row: Item) -> Stamp:
    try:
        return stamp(conversation_of(row))
    except ItemError:  # nothing that it shows could be lost
        return NOTHING


def places(group: Item | None) -> dict[str, bool]:
    """Return the uuids of a group's members, and whose rows are further ones.

    There are none where there is no group, or none that can be understood.
    """
    try:
        understood = group_of(group) if group else None
    except ItemError:  # reported as what is wrong with the group
        return {}
    members = understood.members if understood else ()
    return {member.user_uuid: understood is not None and member.user_uuid in understood.further for member in members}


def _kind(shown: Conversation, wanted: Conversation, due: Stamp | None) -> Kind | None:
    if stamp(shown) > stamp(wanted):
        return Kind.GONE
    if stamp(shown) < stamp(wanted):
        return Kind.BEHIND if due is None or stamp(shown) < due else None
    content = (shown.last_message, shown.last_message_uuid, shown.last_user_uuid, shown.expires_at)
    expected = (wanted.last_message, wanted.last_message_uuid, wanted.last_user_uuid, wanted.expires_at)
    return None if content == expected else Kind.DIFFERENT


def stamp(row: Conversation) -> Stamp:
    """Return what orders rows by the age of their messages."""
    return row.last_message_at, row.last_message_version
