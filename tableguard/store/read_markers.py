"""Record how far each member has read, and find the conversations with something new.

A marker is an item of its own in the member's partition, not an attribute of the conversation row:
docs/decisions/0002-read-markers-are-items.md says why. Moving a marker takes one write unit. A listing reads those of
first rows with these; those of further rows lie elsewhere, so that a listing does not grow with what was ever read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from stream_lambda import items
from stream_lambda.items import Conversation
from stream_lambda.records import CLOCK_SKEW
from tableguard.errors import MessageError
from tableguard.store.consumed import ReadCost
from tableguard.store.messages import MessageTable, member_of


@dataclass(frozen=True)
class MarkResult:
    """The instant up to which a member has read, whether the marker moved, and the units it took."""

    last_read_at: str
    moved: bool
    read_units: float
    write_units: float


def mark_read(table: MessageTable, group_uuid: str, reader_uuid: str, until: str) -> MarkResult:
    """Record that a member has read everything up to a message's created_at; a marker only moves forward."""
    group, read_units = table.existing_group(group_uuid)
    member_of(group, reader_uuid)
    last_read_at = _instant(table, until)
    cost = ReadCost()
    try:
        answer = table.client.update_item(
            TableName=table.name,
            Key=items.marker_key(items.RowKey(reader_uuid, group_uuid, reader_uuid in group.further)),
            UpdateExpression="SET last_read_at = :until",
            ConditionExpression="attribute_not_exists(last_read_at) OR last_read_at < :until",
            ExpressionAttributeValues={":until": {"S": last_read_at}},
            ReturnConsumedCapacity="TOTAL",
        )
    except table.client.exceptions.ConditionalCheckFailedException:
        # a failed condition costs what the write would have: a unit for an item of less than 1 KB
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
        return MarkResult(last_read_at, False, read_units, 1.0)
    cost.add(answer.get("ConsumedCapacity"))
    return MarkResult(last_read_at, True, read_units, cost.units)


def unread(rows: Iterable[Conversation], markers: Mapping[str, str]) -> frozenset[str]:
    """Return the groups whose newest message is another's and newer than the reader's marker."""
    return frozenset(
        row.group_uuid
        for row in rows
        if row.last_user_uuid != row.user_uuid and row.last_message_at > markers.get(row.group_uuid, "")
    )


def _instant(table: MessageTable, text: str) -> str:
    try:
        instant = items.canonical(text)
    except ValueError as error:
        raise MessageError(f"{text!r} is not an ISO 8601 timestamp; give the created_at of a message") from error
    if instant > items.timestamp(table.clock() + CLOCK_SKEW):  # messages to come would count as read
        raise MessageError(f"{instant} is in the future; give the created_at of a message")
    return instant
