"""Change the members of a group and their names: first in the group's item, then in the rows, which hold copies.

The group is changed only if it still equals what was read. After an interruption a change can be made again, or
`reconcile` completes it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from stream_lambda.decide import conversation, other_member
from stream_lambda.items import Group, RowKey, User, group_item, group_key, group_of
from stream_lambda.table import ProjectionTable
from tableguard.errors import MessageError
from tableguard.store.batch_get import batch_get
from tableguard.store.consumed import ReadCost
from tableguard.store.listing import parse
from tableguard.store.messages import ATTEMPTS, MEMBERS, MessageTable, check_user, pair_group_uuid
from tableguard.store.newest_message import newest_message
from tableguard.store.rows import Rows, is_hidden, names

Members = tuple[User, ...]


@dataclass(frozen=True)
class RenameCount:
    """The numbers of groups and rows to which a change of name was written."""

    groups: int
    rows: int


def add_member(table: MessageTable, group_uuid: str, by_uuid: str, user: User) -> Group:
    """Add a user to a group on behalf of a member, and write the user's row with the newest message.

    Adding a member again changes nothing, but writes the row should it be missing.
    """
    check_user(user)
    group = _joined(table, group_uuid, by_uuid, user)
    _write_row(table, group, user.user_uuid)
    return group


def _joined(table: MessageTable, group_uuid: str, by_uuid: str, user: User) -> Group:
    """Write a user to a group's members, and where the user's row is, again if another writer was faster."""
    for _ in range(ATTEMPTS):
        group, _ = table.existing_group(group_uuid)
        _check_changeable(group, by_uuid)
        if user.user_uuid in _uuids(group.members):
            return group
        if len(group.members) == MEMBERS:
            raise MessageError(f"group {group_uuid}: has {MEMBERS} members, and no room for more")
        place = _place(table, group_uuid, user.user_uuid)
        further = group.further | ({user.user_uuid} if place.row.further else set())
        joined = replace(group, members=(*group.members, user), further=further)
        if _replace_if_unchanged(table, group, joined, place.absent):
            return joined
    raise _too_many_changes(group_uuid)


def remove_member(table: MessageTable, group_uuid: str, by_uuid: str, user_uuid: str) -> Group:
    """Remove a user from a group on behalf of a member, or of the user; the row is shown no more.

    The row is not deleted but expires: the application may not delete. A write that the stream function has just
    begun can bring the row back; `reconcile --all` then expires it.
    """

    former: list[Group] = []

    def without_user(group: Group) -> Group:
        _check_changeable(group, by_uuid)
        left = tuple(user for user in group.members if user.user_uuid != user_uuid)
        if len(left) == len(group.members):
            raise MessageError(f"user {user_uuid!r} is not a member of group {group_uuid}")
        if not left:
            raise MessageError(f"group {group_uuid}: its last member cannot be removed")
        former.append(group)
        return replace(group, members=left, further=group.further - {user_uuid})

    group = _change(table, group_uuid, without_user)
    _expire_row(table, _row(former[-1], user_uuid))
    _name_others(table, group, group.members)
    return group


def rename(table: MessageTable, user: User, progress: Callable[[Iterable[str]], Iterable[str]] = iter) -> RenameCount:
    """Write a user's names to those of their conversations that have other names; messages keep the old ones."""
    check_user(user)
    page = table.all_conversations(user.user_uuid)
    if page.damaged:  # done in part it would look as if it were done
        raise MessageError(page.refusals[0])
    return rename_in(table, progress([row.group_uuid for row in page.items]), user)


def rename_in(table: MessageTable, group_uuids: Iterable[str], user: User) -> RenameCount:
    """Write a user's names to these conversations."""
    check_user(user)
    done = [_rename_in(table, group_uuid, user) for group_uuid in group_uuids]
    return RenameCount(sum(groups for groups, _ in done), sum(rows for _, rows in done))


def _rename_in(table: MessageTable, group_uuid: str, user: User) -> tuple[bool, int]:
    before: list[Members] = []

    def with_names(group: Group) -> Group:
        before.append(group.members)
        members = (user if member.user_uuid == user.user_uuid else member for member in group.members)
        return replace(group, members=tuple(members))

    group = _change(table, group_uuid, with_names)
    readers = [member for member in group.members if member.user_uuid != user.user_uuid]
    return before[-1] != group.members, _name_others(table, group, readers)


@dataclass(frozen=True)
class _RowPlace:
    """Where somebody's row will be, and where there may be none when it is decided."""

    row: RowKey
    absent: RowKey | None


def _place(table: MessageTable, group_uuid: str, user_uuid: str) -> _RowPlace:
    """Return the place of a new member's row: where one is left of an earlier membership it stays.

    So a message that is on its way to that row makes no second one.
    """
    first, further = (RowKey(user_uuid, group_uuid, further) for further in (False, True))
    left = Rows(table.client, table.name).read((first, further), ReadCost())
    if left:
        return _RowPlace(first if first in left else further, None)
    return _RowPlace(further, first) if table.places().further((user_uuid,)) else _RowPlace(first, further)


def _row(group: Group, user_uuid: str) -> RowKey:
    return RowKey(user_uuid, group.group_uuid, user_uuid in group.further)


def _change(table: MessageTable, group_uuid: str, change: Callable[[Group], Group]) -> Group:
    """Apply `change` to a group's members and write the result, again if another writer was faster."""
    for _ in range(ATTEMPTS):
        group = _group(table, group_uuid)
        changed = change(group)
        if changed == group or _replace_if_unchanged(table, group, changed):
            return changed
    raise _too_many_changes(group_uuid)


def _group(table: MessageTable, group_uuid: str) -> Group:
    """Read a group as many are read, which member services may, who renames, and reading a single one not."""
    for item in batch_get(table.client, table.name, [group_key(group_uuid)], ReadCost()):
        return parse(group_of, item)
    raise MessageError(f"table {table.name}: no group {group_uuid!r}")


def _too_many_changes(group_uuid: str) -> MessageError:
    return MessageError(f"group {group_uuid}: its members changed {ATTEMPTS} times in between; try again")


def _replace_if_unchanged(table: MessageTable, seen: Group, changed: Group, absent: RowKey | None = None) -> bool:
    """Write a group's members unless they changed, or a row has come to a place where none may be.

    With such a place it is one transaction: somebody else may add the user and remove them again at this moment.
    """
    update = {
        "TableName": table.name,
        "Key": group_key(seen.group_uuid),
        "UpdateExpression": "SET members = :changed",
        "ConditionExpression": "members = :seen",
        "ExpressionAttributeValues": {
            ":changed": group_item(changed)["members"],
            ":seen": group_item(seen)["members"],
        },
    }
    if absent is not None:
        return Rows(table.client, table.name).write_if_absent(update, absent)
    try:
        table.client.update_item(**update)
    except table.client.exceptions.ConditionalCheckFailedException:
        return False
    return True


def _check_changeable(group: Group, by_uuid: str) -> None:
    uuids = _uuids(group.members)
    if by_uuid not in uuids:
        raise MessageError(f"user {by_uuid!r} is not a member of group {group.group_uuid}")
    if len(uuids) == 2 and group.group_uuid == pair_group_uuid(*uuids):
        raise MessageError(f"group {group.group_uuid}: is the conversation of two people; begin another with more")


def _write_row(table: MessageTable, group: Group, user_uuid: str) -> None:
    """Write a member's row with the newest message, unless it shows a newer one by now."""
    rows = Rows(table.client, table.name)
    key = _row(group, user_uuid)
    now = table.clock()
    newest = newest_message(table.client, table.name, group.group_uuid, now, ReadCost()).message
    if newest is None:
        return
    (member,) = (user for user in group.members if user.user_uuid == user_uuid)
    row = conversation(newest, member, group)
    for _ in range(ATTEMPTS):
        seen = rows.read([key], ReadCost()).get(key)
        if seen is None or not is_hidden(seen, now):
            ProjectionTable(table.client, table.name, workers=1).write(row)
            return
        # left over from an earlier membership, unless a message that was under way brings it back at this moment
        if rows.replace_if_unchanged(row, seen):
            return
    raise MessageError(f"group {group.group_uuid}: the row of {user_uuid!r} changed {ATTEMPTS} times; try again")


def _expire_row(table: MessageTable, row: RowKey) -> None:
    """Expire the row of somebody who is no member, unless that has changed by now."""
    rows = Rows(table.client, table.name)
    for _ in range(ATTEMPTS):
        seen = rows.read([row], ReadCost()).get(row)
        group, _ = table.existing_group(row.group_uuid)
        now = table.clock()
        if seen is None or is_hidden(seen, now) or row.user_uuid in _uuids(group.members):
            return
        if rows.expire_if_unchanged(seen, group_item(group), now):
            return
    raise MessageError(
        f"group {row.group_uuid}: the row of {row.user_uuid!r} changed {ATTEMPTS} times in between; try again"
    )


def _name_others(table: MessageTable, group: Group, readers: Iterable[User]) -> int:
    """Write the other's names to the rows of these members. Return how many rows had others."""
    rows = Rows(table.client, table.name)
    others = {_row(group, reader.user_uuid): other_member(reader, group) for reader in readers}
    seen = rows.read(others, ReadCost())
    outdated = {key: row for key, row in seen.items() if not names(row, others[key])}
    return sum(rows.name_other_if_unchanged(row, others[key]) for key, row in outdated.items())


def _uuids(members: Members) -> list[str]:
    return [user.user_uuid for user in members]
