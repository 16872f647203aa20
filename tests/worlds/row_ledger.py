"""Conversation rows, and the units of writing them by the rules of tableguard/aws: for more than an engine takes."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from stream_lambda.decide import conversation, newest_per_group, rows
from stream_lambda.items import (
    FURTHER_AT,
    INDEX,
    Conversation,
    Group,
    Item,
    conversation_item,
    timestamp,
)
from tableguard.aws.capacity import Index, write_units
from tests.cases.message_batches import Batch, first_messages


@dataclass(frozen=True)
class Layout:
    """How a row is written: as an item, which the index holds if it has the index's key."""

    item: Callable[[Conversation], Item]
    index: Index


KEYS = ("pk", "sk", FURTHER_AT)
KEYS_ONLY = Index(INDEX, ("pk", FURTHER_AT), frozenset(KEYS), is_global=True)
EVERYTHING = Index(INDEX, ("pk", FURTHER_AT), None, is_global=True)
OURS = Layout(conversation_item, EVERYTHING)


@dataclass
class RowLedger:
    """The rows of a table, as the stream function would leave them."""

    layout: Layout = OURS
    items: dict[tuple[str, str], Item] = field(default_factory=dict)

    def begin(self, groups: Iterable[Group]) -> None:
        """Write the rows of these groups, without counting."""
        for group, message in first_messages(groups):
            for member in group.members:
                self.write(conversation(message, member, group))

    def write(self, row: Conversation) -> int:
        """Write a row, and return the units of the table and its index."""
        key, after = (row.user_uuid, row.group_uuid), self.layout.item(row)
        before = self.items.get(key)
        self.items[key] = after
        return write_units(before, after) + self.layout.index.write_units(before, after)


def bucketed(length: timedelta, index: Index) -> Layout:
    """Return the layout whose index is sorted by the beginning of a bucket of time, not by the exact time."""
    beginning = bucket_of(length)

    def item(row: Conversation) -> Item:
        bucket: Item = {FURTHER_AT: {"S": beginning(row.last_message_at)}} if row.further else {}
        return conversation_item(row) | bucket

    return Layout(item, index)


def bucket_of(length: timedelta) -> Callable[[str], str]:
    """Return the function from a moment to the beginning of its bucket."""
    seconds = int(length.total_seconds())

    def beginning(moment: str) -> str:
        return timestamp(datetime.fromtimestamp(datetime.fromisoformat(moment).timestamp() // seconds * seconds, UTC))

    return beginning


def units_by_rule(groups: Iterable[Group], batches: Sequence[Batch], layout: Layout = OURS) -> float:
    """Return the write units a message that these batches cost, with the rows of all groups in place."""
    by_uuid = {group.group_uuid: group for group in groups}
    ledger = RowLedger(layout)
    ledger.begin(by_uuid.values())
    units = sum(ledger.write(row) for batch in batches for row in rows(newest_per_group(enumerate(batch)), by_uuid))
    return units / sum(map(len, batches))
