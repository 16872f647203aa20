"""Move a conversation row to its user's other place: from the first rows to the further ones, or back.

It is one transaction. The group says the new place, the row is copied there, and the one at the old place expires: so
the stream function, which learns the place from the group, and readers find one row. What changed since it was read is
not overwritten. Only the index may lag: for that moment a conversation that became a further one is not listed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from stream_lambda.items import (
    FURTHER_AT,
    Item,
    ItemError,
    RowKey,
    conversation_of,
    group_key,
    group_of,
    group_of_key,
    row_key,
    row_of_key,
)
from tableguard.store.batch_get import batch_get
from tableguard.store.consumed import ReadCost
from tableguard.store.rows import ATTRIBUTES, is_hidden, unchanged

_OURS = frozenset(("pk", "sk", *ATTRIBUTES))
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html: what passes by itself
_PASSING = {
    "ConditionalCheckFailed",
    "None",
    "ProvisionedThroughputExceeded",
    "ThrottlingError",
    "TransactionConflict",
}


class Hindrance(Enum):
    """Why a row is left where it is."""

    GONE = "it is not there any more"
    FOREIGN = "it has attributes that are not ours, and they would be lost"
    MALFORMED = "it or its group cannot be understood"
    STRANGER = "it is of somebody who is not a member of the group"
    ELSEWHERE = "its group says another place"
    BUSY = "it or its group changed in between, time and again"


@dataclass(frozen=True)
class ItemChange:
    """An item before and after, which attributes must be as before, and which are written."""

    before: Item | None
    after: Item
    compared: tuple[str, ...]
    written: tuple[str, ...]

    def request(self, table_name: str) -> dict[str, Any]:
        """Return the change as an Update of a transaction."""
        values = {name: self.after[name] for name in self.written if name in self.after}
        absent = [name for name in self.written if name not in self.after]
        condition, seen = unchanged(self.before, self.compared)
        assignments = ", ".join(f"{name} = :{name}" for name in values)
        return {
            "TableName": table_name,
            "Key": {name: self.after[name] for name in ("pk", "sk")},
            "UpdateExpression": f"SET {assignments}" + (f" REMOVE {', '.join(absent)}" if absent else ""),
            "ConditionExpression": condition,
            "ExpressionAttributeValues": seen | {f":{name}": value for name, value in values.items()},
        }


@dataclass(frozen=True)
class Move:
    """A row, its group, and what is left at the row's other place, as they were read."""

    key: RowKey
    row: Item | None
    group: Item | None
    there: Item | None

    def hindrance(self, now: datetime) -> Hindrance | None:
        """Return why the row cannot be moved; None if it can."""
        if self.row is None or is_hidden(self.row, now):
            return Hindrance.GONE
        if self.row.keys() - _OURS:
            return Hindrance.FOREIGN
        try:
            conversation_of(self.row)
            group = group_of(self.group) if self.group else None
        except ItemError:
            return Hindrance.MALFORMED
        user_uuid = self.key.user_uuid
        if group is None or user_uuid not in {member.user_uuid for member in group.members}:
            return Hindrance.STRANGER
        return Hindrance.ELSEWHERE if (user_uuid in group.further) != self.key.further else None

    def changes(self, now: datetime) -> tuple[ItemChange, ...]:
        """Return the changes of the one transaction; ValueError where there is an hindrance."""
        if self.row is None or self.group is None:
            raise ValueError("a row and its group are expected")
        expired = self.row | {"expires_at": {"N": str(int(now.timestamp()))}}
        return (
            ItemChange(self.group, _with_place(self.group, self.key.other_place), ("members",), ("members",)),
            ItemChange(self.there, _copy(self.row, self.key.other_place), ATTRIBUTES, ATTRIBUTES),
            ItemChange(self.row, expired, ATTRIBUTES, ("expires_at",)),
        )


def read(client: Any, table_name: str, rows: Iterable[RowKey], cost: ReadCost) -> Iterator[Move]:
    """Yield these rows with their groups and what is at their other places, read strongly consistently."""
    wanted = list(rows)
    keys = [row_key(place) for row in wanted for place in (row, row.other_place)]
    keys += [group_key(group_uuid) for group_uuid in dict.fromkeys(row.group_uuid for row in wanted)]
    places: dict[RowKey, Item] = {}
    groups: dict[str, Item] = {}
    for item in batch_get(client, table_name, keys, cost):
        if row := row_of_key(item):
            places[row] = item
        elif group_uuid := group_of_key(item):
            groups[group_uuid] = item
    for row in wanted:
        yield Move(row, places.get(row), groups.get(row.group_uuid), places.get(row.other_place))


def apply(client: Any, table_name: str, move: Move, now: datetime) -> float | None:
    """Move the row if nothing of it changed since it was read. Return the write units; None if it was not moved."""
    updates = [{"Update": change.request(table_name)} for change in move.changes(now)]
    try:
        answer = client.transact_write_items(TransactItems=updates, ReturnConsumedCapacity="TOTAL")
    except client.exceptions.TransactionCanceledException as error:
        if not {reason["Code"] for reason in error.response["CancellationReasons"]} <= _PASSING:
            raise
        return None
    return sum(float(table["CapacityUnits"]) for table in answer.get("ConsumedCapacity", ()))


def _with_place(group: Item, place: RowKey) -> Item:
    """Return the group with a member's place; whatever else is there stays as it is."""
    members = [_placed(member, place) for member in group["members"]["L"]]
    return group | {"members": {"L": members}}


def _placed(member: Item, place: RowKey) -> Item:
    if member["M"]["user_uuid"] != {"S": place.user_uuid}:
        return member
    rest = {name: value for name, value in member["M"].items() if name != "further"}
    return {"M": rest | ({"further": {"BOOL": True}} if place.further else {})}


def _copy(row: Item, place: RowKey) -> Item:
    """Return the row at another place; a further row has the attribute of the index."""
    rest = {name: value for name, value in row.items() if name != FURTHER_AT}
    return rest | row_key(place) | ({FURTHER_AT: row["last_message_at"]} if place.further else {})
