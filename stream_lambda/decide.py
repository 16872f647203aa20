"""Decide which rows to write: pure, and the same for any order and any repetition of the messages."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .items import FORMER, Conversation, Group, Message, User


@dataclass(frozen=True)
class NewestInBatch:
    """The newest message of a group in a batch, and the index of its record."""

    message: Message
    index: int


def newest_per_group(messages: Iterable[tuple[int, Message]]) -> dict[str, NewestInBatch]:
    """Return each group's newest message among (index of the record, message) pairs."""
    newest: dict[str, NewestInBatch] = {}
    for index, message in messages:
        best = newest.get(message.group_uuid)
        # records of one item arrive in the order of its changes: among equals the last is the item as it is now
        if best is None or best.message.stamp <= message.stamp:
            newest[message.group_uuid] = NewestInBatch(message, index)
    return newest


def rows(newest: Mapping[str, NewestInBatch], groups: Mapping[str, Group]) -> list[Conversation]:
    """Return the row of every member of these groups; a group without members has none."""
    return [
        conversation(newest_of_group.message, member, groups[group_uuid])
        for group_uuid, newest_of_group in newest.items()
        if group_uuid in groups
        for member in groups[group_uuid].members
    ]


def conversation(message: Message, member: User, group: Group) -> Conversation:
    """Return a member's row as it is once this message is the newest of the group."""
    return Conversation(
        user_uuid=member.user_uuid,
        group_uuid=message.group_uuid,
        other=other_member(member, group),
        last_message=message.summary,
        last_message_at=message.created_at,
        last_message_version=message.edited_at,
        last_message_uuid=message.message_uuid,
        last_user_uuid=message.author.user_uuid,
        expires_at=message.expires_at,
        further=member.user_uuid in group.further,
    )


def other_member(member: User, group: Group) -> User:
    """Return whom a member's row names: the first of the others, or a former member in a group of one."""
    others = (user for user in group.members if user.user_uuid != member.user_uuid)
    return next(others, FORMER)


def checkpoint(newest: Mapping[str, NewestInBatch], failed: Iterable[str]) -> int | None:
    """Return the index of the first record that must be delivered again, or None.

    It is the newest record of a failed group: the older ones of that group are subsumed by it, and everything
    from the checkpoint on is delivered again anyway.
    https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
    """
    return min((newest[group_uuid].index for group_uuid in failed), default=None)
