"""Decide what theirs lacks of a group of ours: pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo

from stream_lambda import items
from stream_lambda.decide import other_member
from stream_lambda.items import Group, Item, ItemError, Message
from tableguard.store.bootcamp import layout
from tableguard.store.bootcamp.layout import GroupRow


@dataclass(frozen=True)
class TextChange:
    """A message of theirs whose text our members have edited or deleted since."""

    key: Item
    message_uuid: str
    text: str


@dataclass(frozen=True)
class RowMove:
    """A row as it must be, and those of the same person and group that it replaces."""

    row: GroupRow
    replaced: tuple[GroupRow, ...] = ()


@dataclass(frozen=True)
class Differences:
    """Messages to put, messages to edit, and rows to move."""

    new_messages: tuple[Item, ...] = ()
    edits: tuple[TextChange, ...] = ()
    rows: tuple[RowMove, ...] = ()


def differences(
    group: Group, ours: Sequence[Message], theirs: Sequence[Item], rows: Mapping[str, Sequence[GroupRow]], zone: tzinfo
) -> Differences:
    """Compare a group's messages with the items of theirs, by uuid, and their rows of each member with the newest."""
    by_uuid = {item.get("message_uuid", {}).get("S"): item for item in theirs}
    new = [message for message in ours if message.message_uuid not in by_uuid]
    put = tuple(_placed(new, {item["sk"]["S"] for item in theirs}, zone))
    edits = tuple(
        TextChange({name: item[name] for name in ("pk", "sk")}, message.message_uuid, str(message.text))
        for message in ours
        if (message.edited_at or message.deleted)
        and (item := by_uuid.get(message.message_uuid))
        and item.get("message") != {"S": message.text}
    )
    newest = _newest([*theirs, *put], edits, zone)
    return Differences(put, edits, tuple(_moves(group, newest, rows, zone)) if newest else ())


def _placed(messages: Iterable[Message], times: set[str], zone: tzinfo) -> Iterable[Item]:
    """Yield messages as items of theirs, each at a time that no other has."""
    for message in messages:
        at = message.created_at
        while (local := layout.local_time(at, zone)) in times:
            at = items.microsecond_later(at)
        times.add(local)
        yield items.message_item(replace(message, created_at=local, preview=None))


def _newest(theirs: Iterable[Item], edits: Iterable[TextChange], zone: tzinfo) -> tuple[str, str] | None:
    """Return the time of the newest message, as theirs has it, and its text; None if there is no message."""
    edited = {edit.message_uuid: edit.text for edit in edits}
    messages = [(message, item["sk"]["S"]) for item in theirs if (message := _usable(item, zone))]
    if not messages:
        return None
    newest, at = max(messages, key=lambda pair: pair[0].created_at)
    return at, edited.get(newest.message_uuid, str(newest.text))


def _usable(item: Item, zone: tzinfo) -> Message | None:
    """Return a message of theirs; None for one that cannot be understood, which no row can show."""
    try:
        return layout.message_of(item, zone)
    except ItemError:
        return None


def _moves(
    group: Group, newest: tuple[str, str], rows: Mapping[str, Sequence[GroupRow]], zone: tzinfo
) -> Iterable[RowMove]:
    at, text = newest
    for member in group.members:
        present = rows.get(member.user_uuid, ())
        wanted = GroupRow(member.user_uuid, group.group_uuid, other_member(member, group), at, text)
        if len(present) != 1 or not _shows(present[0], wanted, zone):
            yield RowMove(wanted, tuple(row for row in present if row.at != at))


def _shows(row: GroupRow, wanted: GroupRow, zone: tzinfo) -> bool:
    """Tell whether a row shows what it must; it may be a moment later, where another row has its time."""
    late_enough = layout.instant(row.at, zone) >= layout.instant(wanted.at, zone)
    return late_enough and replace(row, at=wanted.at) == wanted
