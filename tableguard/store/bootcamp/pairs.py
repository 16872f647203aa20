"""Conversations of two people that were taken over: they keep their own uuid, which does not follow from the two."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from stream_lambda.items import Conversation, User, group_key, group_of
from tableguard.store.batch_get import batch_get
from tableguard.store.consumed import ReadCost
from tableguard.store.listing import readable
from tableguard.store.messages import MessageTable, PostResult
from tableguard.store.senders import is_named_by_members


def taken_over_pairs(table: MessageTable, rows: Iterable[Conversation], cost: ReadCost) -> frozenset[str]:
    """Return which of a listing's groups have two members though their uuids do not say so; their items are read."""
    names = sorted({row.group_uuid for row in rows if not is_named_by_members(row)})
    stored = batch_get(table.client, table.name, [group_key(name) for name in names], cost)
    groups, _ = readable(group_of, stored)  # of a group that cannot be understood nobody knows the size
    return frozenset(group.group_uuid for group in groups if len(group.members) == 2)


def post_to_pair(
    table: MessageTable, sender: User, others: Sequence[User], text: str, expires_at: int | None = None
) -> PostResult:
    """Write to a pair's conversation that was taken over; without one, begin a conversation, or write to that begun."""
    cost = ReadCost()
    taken_over = _taken_over(table, sender, others[0], cost) if len(others) == 1 else None
    if taken_over is None:
        posted = table.create_conversation(sender, others, text, expires_at)
    else:
        posted = table.post(taken_over, sender.user_uuid, text, expires_at)
    return replace(posted, read_units=posted.read_units + cost.units)


def _taken_over(table: MessageTable, sender: User, other: User, cost: ReadCost) -> str | None:
    """Return the group of these two that has a uuid of its own, unless they have one that is named by them."""
    page = table.all_conversations(sender.user_uuid)
    cost.add({"CapacityUnits": page.read_units})
    with_other = [row for row in page.items if row.other.user_uuid == other.user_uuid]
    if any(map(is_named_by_members, with_other)):
        return None
    return min(taken_over_pairs(table, with_other, cost), default=None)
