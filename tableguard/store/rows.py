"""Change conversation rows beside Pattern D, each only if it still equals what was read.

What another writer has changed since is never overwritten: the change is not made, and the method returns False.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from stream_lambda.items import (
    FURTHER_AT,
    Conversation,
    Item,
    RowKey,
    User,
    conversation_item,
    group_key,
    row_key,
    row_of_key,
)
from tableguard.store.batch_get import batch_get
from tableguard.store.consumed import ReadCost
from tableguard.store.newest_message import is_past

OTHER = ("other_user_uuid", "other_user_display_name", "other_user_handle")
ATTRIBUTES = (
    "expires_at",
    FURTHER_AT,
    "last_message",
    "last_message_at",
    "last_message_uuid",
    "last_message_version",
    "last_user_uuid",
    *OTHER,
)
_CONFLICTS = {"ConditionalCheckFailed", "TransactionConflict", "None"}


def is_hidden(row: Item, now: datetime) -> bool:
    """Tell whether a row has expired: nobody is shown it, and DynamoDB removes it within days."""
    number = row.get("expires_at", {}).get("N", "")
    return number.isascii() and number.isdigit() and is_past(int(number), now)


def names(row: Item, other: User) -> bool:
    """Tell whether a row has this member's uuid and names as the other's."""
    return all(row.get(name) == value for name, value in _other(other).items())


@dataclass(frozen=True)
class Rows:
    """The conversation rows of a table, and a client for it."""

    client: Any  # botocore makes its classes at run time
    table_name: str

    def read(self, rows: Iterable[RowKey], cost: ReadCost) -> dict[RowKey, Item]:
        """Return the items of those of these rows that are there."""
        items = batch_get(self.client, self.table_name, [row_key(row) for row in rows], cost)
        return {row: item for item in items if (row := row_of_key(item))}

    def replace_if_unchanged(self, wanted: Conversation, seen: Item | None) -> bool:
        """Write a row if it still equals `seen` (None: absent). Return whether it was written."""
        return self._update(self._replacement(wanted, seen))

    def name_other_if_unchanged(self, seen: Item, other: User) -> bool:
        """Write who the other member is if the row still names the one in `seen`. Return whether it was written.

        Pattern D sets these attributes in a new row only, so the two never overwrite one another.
        """
        values = _other(other)
        condition, compared = unchanged(seen, OTHER)
        return self._update(
            _request(self.table_name, _key(seen), condition, compared | _placeholders(values), _set(values))
        )

    def expire_if_unchanged(self, seen: Item, group: Item | None, now: datetime) -> bool:
        """Expire a row unless it or the group's members changed. Return whether it was expired.

        One transaction, because somebody who becomes a member at this moment must not lose the row.
        """
        return self._transact(group, seen, [self._expiry(seen, now)])

    def move_if_unchanged(
        self, wanted: Conversation, seen: Item | None, stray: Item, group: Item | None, now: datetime
    ) -> bool:
        """Write a row at its place and expire the one at the other, unless these or the group's members changed.

        One transaction, because the place of a row may change at this moment, and with it which of the two is right.
        Return whether it was done.
        """
        return self._transact(group, stray, [self._replacement(wanted, seen), self._expiry(stray, now)])

    def _replacement(self, wanted: Conversation, seen: Item | None) -> dict[str, Any]:
        item = conversation_item(wanted)
        values = {name: item[name] for name in ATTRIBUTES if name in item}
        absent = [name for name in ATTRIBUTES if name not in item]
        update = _set(values) + (" REMOVE " + ", ".join(absent) if absent else "")
        condition, compared = unchanged(seen)
        key = row_key(RowKey(wanted.user_uuid, wanted.group_uuid, wanted.further))
        return _request(self.table_name, key, condition, compared | _placeholders(values), update)

    def _expiry(self, seen: Item, now: datetime) -> dict[str, Any]:
        values = {"expires_at": {"N": str(int(now.timestamp()))}}
        condition, compared = unchanged(seen)
        return _request(self.table_name, _key(seen), condition, compared | _placeholders(values), _set(values))

    def _transact(self, group: Item | None, row: Item, updates: Sequence[dict[str, Any]]) -> bool:
        """Make these updates if the members of the row's group are as in `group`. Return whether they were made."""
        check, expected = unchanged(group, ("members",))
        group_check = _request(self.table_name, group_key(_group_of(row)), check, expected)
        writes = [{"ConditionCheck": group_check}, *({"Update": update} for update in updates)]
        return self._all_or_nothing(writes)

    def write_if_absent(self, update: dict[str, Any], absent: RowKey) -> bool:
        """Make an update, on its own condition, if there is no such row. Return whether it was made."""
        check = _request(self.table_name, row_key(absent), "attribute_not_exists(pk)", {})
        return self._all_or_nothing([{"Update": update}, {"ConditionCheck": check}])

    def _all_or_nothing(self, writes: Sequence[dict[str, Any]]) -> bool:
        try:
            self.client.transact_write_items(TransactItems=writes)
        except self.client.exceptions.TransactionCanceledException as error:
            if not {reason["Code"] for reason in error.response["CancellationReasons"]} <= _CONFLICTS:
                raise
            return False
        return True

    def _update(self, request: dict[str, Any]) -> bool:
        try:
            self.client.update_item(**request)
        except self.client.exceptions.ConditionalCheckFailedException:
            return False
        return True


def _group_of(row: Item) -> str:
    key = row_of_key(row)
    if key is None:
        raise ValueError("a conversation row is expected")
    return key.group_uuid


def _request(table_name: str, key: Item, condition: str, values: Item, update: str | None = None) -> dict[str, Any]:
    return {
        "TableName": table_name,
        "Key": key,
        "ConditionExpression": condition,
        **({"UpdateExpression": update} if update else {}),
        **({"ExpressionAttributeValues": values} if values else {}),
    }


def unchanged(seen: Item | None, names: Sequence[str] = ATTRIBUTES) -> tuple[str, Item]:
    """Return a condition that these attributes equal those of `seen`, and the values it compares with."""
    if seen is None:
        return "attribute_not_exists(pk)", {}
    terms = [f"{name} = :seen_{name}" if name in seen else f"attribute_not_exists({name})" for name in names]
    return " AND ".join(terms), {f":seen_{name}": seen[name] for name in names if name in seen}


def _other(user: User) -> Item:
    texts = zip(OTHER, (user.user_uuid, user.display_name, user.handle), strict=True)
    return {name: {"S": text} for name, text in texts}


def _set(values: Item) -> str:
    return "SET " + ", ".join(f"{name} = :{name}" for name in values)


def _placeholders(values: Item) -> Item:
    return {f":{name}": value for name, value in values.items()}


def _key(item: Item) -> Item:
    return {name: item[name] for name in ("pk", "sk")}
