"""Changes of conversation rows beside Pattern D: each only if the row is still exactly as it was seen.

Nothing that another has written since is ever lost: then the change is not made, and the caller is told so.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from stream_lambda.items import Conversation, Item, User, conversation_item, group_key, row_key, row_of_key
from tableguard.store.batch_get import batch_get
from tableguard.store.consumed import ReadCost
from tableguard.store.newest_message import is_past

OTHER = ("other_user_uuid", "other_user_display_name", "other_user_handle")
ATTRIBUTES = (
    "expires_at",
    "last_message",
    "last_message_at",
    "last_message_uuid",
    "last_message_version",
    "last_user_uuid",
    *OTHER,
)
_CONFLICTS = {"ConditionalCheckFailed", "TransactionConflict", "None"}


def is_hidden(row: Item, now: datetime) -> bool:
    """Whether a row has expired, and so counts as none: nobody is shown it, and DynamoDB removes it within days."""
    number = row.get("expires_at", {}).get("N", "")
    return number.isascii() and number.isdigit() and is_past(int(number), now)


def names(row: Item, other: User) -> bool:
    """Whether a row names this other member, in these words."""
    return all(row.get(name) == value for name, value in _other(other).items())


@dataclass(frozen=True)
class Rows:
    """The conversation rows of a table, and a client for it."""

    client: Any  # botocore makes its classes at run time
    table_name: str

    def read(self, group_uuid: str, user_uuids: Iterable[str], cost: ReadCost) -> dict[str, Item]:
        """User -> row in one group as DynamoDB holds it, of those who have one."""
        keys = [row_key(user_uuid, group_uuid) for user_uuid in user_uuids]
        found = batch_get(self.client, self.table_name, keys, cost)
        return {owner[0]: item for item in found if (owner := row_of_key(item))}

    def put(self, wanted: Conversation, seen: Item | None) -> bool:
        """Make a row what is wanted, if it is still as seen; whether it was. None: seen to be absent."""
        item = conversation_item(wanted)
        values = {name: item[name] for name in ATTRIBUTES if name in item}
        gone = [name for name in ATTRIBUTES if name not in item]
        update = _set(values) + (" REMOVE " + ", ".join(gone) if gone else "")
        condition, compared = _as_seen(seen)
        key = row_key(wanted.user_uuid, wanted.group_uuid)
        return self._update(_request(self.table_name, key, condition, compared | _named(values), update))

    def set_other(self, seen: Item, other: User) -> bool:
        """Make a row name this other member, if it names whom it was seen to name; whether it did.

        Pattern D sets these attributes in a new row only, so the two never overwrite one another.
        """
        values = _other(other)
        condition, compared = _as_seen(seen, OTHER)
        return self._update(_request(self.table_name, _key(seen), condition, compared | _named(values), _set(values)))

    def hide(self, seen: Item, group: Item | None, now: datetime) -> bool:
        """Let a row expire now if both it and its group's members are still as seen; whether they were.

        In one transaction, because somebody who becomes a member at this moment must not lose the row.
        """
        values = {"expires_at": {"N": str(int(now.timestamp()))}}
        condition, compared = _as_seen(seen)
        check, expected = _as_seen(group, ("members",))
        group_check = _request(self.table_name, group_key(seen["sk"]["S"]), check, expected)
        update = _request(self.table_name, _key(seen), condition, compared | _named(values), _set(values))
        try:
            self.client.transact_write_items(TransactItems=[{"ConditionCheck": group_check}, {"Update": update}])
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


def _request(table_name: str, key: Item, condition: str, values: Item, update: str | None = None) -> dict[str, Any]:
    return {
        "TableName": table_name,
        "Key": key,
        "ConditionExpression": condition,
        **({"UpdateExpression": update} if update else {}),
        **({"ExpressionAttributeValues": values} if values else {}),
    }


def _as_seen(seen: Item | None, names: Sequence[str] = ATTRIBUTES) -> tuple[str, Item]:
    """A condition that holds while these attributes are what they were, and the values it compares with."""
    if seen is None:
        return "attribute_not_exists(pk)", {}
    terms = [f"{name} = :seen_{name}" if name in seen else f"attribute_not_exists({name})" for name in names]
    return " AND ".join(terms), {f":seen_{name}": seen[name] for name in names if name in seen}


def _other(user: User) -> Item:
    texts = zip(OTHER, (user.user_uuid, user.display_name, user.handle), strict=True)
    return {name: {"S": text} for name, text in texts}


def _set(values: Item) -> str:
    return "SET " + ", ".join(f"{name} = :{name}" for name in values)


def _named(values: Item) -> Item:
    return {f":{name}": value for name, value in values.items()}


def _key(item: Item) -> Item:
    return {name: item[name] for name in ("pk", "sk")}
