"""Compare a group's rows with its messages: pure, and the same for verifying and for reconciling.

An expired message counts as none, and an expired row as absent: nobody is shown either, DynamoDB removes both within
days, and until then neither is wrong. A deleted message is an empty one, its own tombstone, and is shown as such.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from stream_lambda.decide import conversation, other_member
from stream_lambda.items import Conversation, Group, Item, ItemError, User, conversation_of, group_of
from tableguard.store.newest_message import NewestUsable
from tableguard.store.rows import ATTRIBUTES, is_hidden, names

Stamp = tuple[str, str]
NOTHING: Stamp = ("", "")  # the stamp of the newest message where there is none


class Kind(Enum):
    """A way in which a row, group or message is wrong; repairs of the kinds in FORCED take a row back or expire it."""

    MISSING = "a member has no row"
    BEHIND = "the row shows an older message than the newest"
    DIFFERENT = "the row shows the newest message, but not as it is"
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
    rows: Mapping[str, Item]  # by user: of all members, and of others where there are any
    newest: NewestUsable
    now: datetime

    def unknown(self) -> list[Item]:
        """Return the items at rows' keys that are no rows, where the group does not say what row belongs there."""
        named = members(self.group) if self.newest.message else ()
        others = (item for user_uuid, item in self.rows.items() if user_uuid not in named)
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
    """One thing that is wrong; `wanted` is the right row, or None if the row must not be shown."""

    kind: Kind
    group_uuid: str
    user_uuid: str = ""
    detail: str = ""
    seen: Item | None = field(default=None, repr=False)
    group: Item | None = field(default=None, repr=False)
    wanted: Conversation | None = field(default=None, repr=False)


def drifts(view: View, due: Stamp | None = None) -> list[Drift]:
    """Return everything wrong with a group.

    `due` is the stamp of the newest message at an earlier look: a row that shows that message or a later one is on its
    way, and only an older one has been left behind.
    """
    if view.group is None:
        return [*_orphaned(view), *(_of_row(view, Kind.GROUPLESS, user_uuid) for user_uuid in _visible(view))]
    try:
        group = group_of(view.group)
    except ItemError as error:
        return [Drift(Kind.GROUP, view.group_uuid, detail=str(error))]
    members = {member.user_uuid: member for member in group.members}
    unusable = view.newest.unusable.items()
    return [
        *(Drift(Kind.MESSAGE, view.group_uuid, detail=f"{sk}: {why}") for sk, why in unusable),
        *(drift for member in members.values() for drift in _of_member(view, group, member, due)),
        *(_of_row(view, Kind.FORMER, user_uuid) for user_uuid in _visible(view) if user_uuid not in members),
    ]


def _orphaned(view: View) -> list[Drift]:
    newest, unusable = view.newest.message, view.newest.unusable
    if newest is None and not unusable:
        return []
    detail = f"the newest of {newest.created_at}" if newest else "none of them usable"
    return [Drift(Kind.ORPHANED, view.group_uuid, detail=detail)]


def _visible(view: View) -> Iterator[str]:
    """Yield whose rows can be shown to them."""
    for user_uuid, row in sorted(view.rows.items()):
        if not is_hidden(row, view.now) and view.is_row(row):
            yield user_uuid


def _of_row(view: View, kind: Kind, user_uuid: str, detail: str = "", wanted: Conversation | None = None) -> Drift:
    return Drift(kind, view.group_uuid, user_uuid, detail, view.rows.get(user_uuid), view.group, wanted)


def _of_member(view: View, group: Group, member: User, due: Stamp | None) -> list[Drift]:
    newest, row = view.newest.message, view.rows.get(member.user_uuid)
    wanted = None if newest is None else conversation(newest, member, group)
    if row is None or is_hidden(row, view.now):
        return (
            [] if wanted is None or due == NOTHING else [_of_row(view, Kind.MISSING, member.user_uuid, wanted=wanted)]
        )
    try:
        shown = conversation_of(row)
    except ItemError as error:
        malformed = _of_row(view, Kind.MALFORMED, member.user_uuid, str(error), wanted)
        return [malformed] if wanted is not None or view.is_row(row) else []
    if wanted is None:
        return [_of_row(view, Kind.EMPTY, member.user_uuid)]
    kind = _kind(shown, wanted, due)
    if kind is None and not names(row, other_member(member, group)):
        kind = Kind.NAMES
    return [] if kind is None else [_of_row(view, kind, member.user_uuid, wanted=wanted)]


def members(group: Item | None) -> tuple[str, ...]:
    """Return the uuids of a group's members; none where there is no group, or none that can be understood."""
    try:
        return tuple(member.user_uuid for member in group_of(group).members) if group else ()
    except ItemError:  # reported as what is wrong with the group
        return ()


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
