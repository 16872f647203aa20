"""What a large group costs: a row for each member, beside one head of the group that every listing reads.

"Ours" is a row for each member, "other" the head.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from stream_lambda.decide import conversation
from stream_lambda.items import Group, Item, User, conversation_item
from tableguard.aws.item_size import item_size
from tableguard.store.messages import MEMBERS
from tests.benchmarks.figures import Figure
from tests.benchmarks.projecting.engine import client, figure
from tests.cases.message_batches import first_messages, in_turn
from tests.worlds import projections
from tests.worlds.dynamodb_meter import Meter

_SIZES = (2, 5, 10, 20, MEMBERS)
_GROUPS = (1, 10, 25)  # that somebody is a member of
_PRICE = 5  # read units for the price of a write unit, in every region
_READ_UNIT = 4096


def figures() -> Iterator[Figure]:
    """Measure a message to groups of every size, and the reading of as many heads as somebody has groups."""
    head, heads = _heads(client())
    for size in _SIZES:
        ours = _one_message(size)
        yield figure(f"group of {size}: write units", ours, head, "WCU/message")
        # a row is a part of a page, and a head is read by itself
        dearer = heads[1] - 0.5 * _row_bytes() / _READ_UNIT
        listings = _PRICE * (ours - head) / (size * dearer)
        yield figure(f"group of {size}: a head pays below", listings, 1, "listings of each member a message")
    for count, units in heads.items():
        rows = 0.5 * -(-count * _row_bytes() // _READ_UNIT)
        yield figure(f"{count} large groups in a listing", rows, units, "RCU/listing")


def _one_message(size: int) -> float:
    (message,) = in_turn(1, 1).messages
    users = [User(f"{number:036}", f"Member {number}", f"member{number}") for number in range(size)]
    projection = projections.ours(client())
    projection.begin([Group(message.group_uuid, tuple(users))])
    return projection.measure([[message]]).write_units


def _heads(table: Any) -> tuple[float, dict[int, float]]:
    """Return the units to update one head, and those to read so many of them."""
    name, meter = projections.ours(table).table_name, Meter()
    heads = _head_items(max(_GROUPS))
    for item in heads:
        table.put_item(TableName=name, Item=item)
    meter.watch(table)
    table.put_item(TableName=name, Item=heads[0] | {"last_message": {"S": "another"}})
    written, read = meter.write_units, {}
    for count in _GROUPS:
        meter.reset()
        keys = [{"pk": item["pk"], "sk": item["sk"]} for item in heads[:count]]
        table.batch_get_item(RequestItems={name: {"Keys": keys}})
        read[count] = meter.read_units
    return written, read


def _head_items(count: int) -> Sequence[Item]:
    """Return items with a row's attributes, one for each group."""
    begun = first_messages(in_turn(0, count).groups)
    return [
        conversation_item(conversation(message, group.members[0], group)) | {"pk": {"S": f"HEAD#{group.group_uuid}"}}
        for group, message in begun
    ]


def _row_bytes() -> int:
    ((group, message),) = first_messages(in_turn(0, 1).groups)
    return item_size(conversation_item(conversation(message, group.members[0], group)))
