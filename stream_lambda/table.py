"""The table as Pattern D uses it: read the members of groups, update each member's row on a condition."""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Literal

from botocore.exceptions import BotoCoreError, ClientError

from .batch_get import chunks, read_chunk
from .items import Conversation, Group, Item, ItemError, conversation_item, group_key, group_of

WriteOutcome = Literal["written", "stale", "refused"]

UNREACHABLE = (BotoCoreError, ClientError)

_NEWER = (
    "attribute_not_exists(last_message_at) OR last_message_at < :last_message_at OR "
    "(last_message_at = :last_message_at AND last_message_version < :last_message_version)"
)


@dataclass(frozen=True)
class GroupReading:
    """Groups with their members, and those that could not be read, with reasons that quote no item."""

    by_uuid: dict[str, Group]
    unread: frozenset[str]
    malformed: tuple[str, ...] = ()  # what is wrong with groups that are there
    errors: tuple[str, ...] = ()  # error codes of calls that failed


@dataclass(frozen=True)
class ProjectionTable:
    """The table, a botocore client for it, and how many rows are written at once."""

    client: Any  # botocore makes its classes at run time
    name: str
    workers: int
    sleep: Callable[[float], None] = time.sleep

    def groups(self, group_uuids: Collection[str]) -> GroupReading:
        """Read groups strongly consistently: a message must find the members written with it."""
        items: list[Item] = []
        unread: list[Item] = []
        errors: list[str] = []
        for keys in chunks([group_key(group_uuid) for group_uuid in group_uuids]):
            left, error = self._read(keys, items)
            unread += left
            errors += [error] if error else []
        groups, malformed = _parse_groups(items)
        not_read = frozenset(group_uuid for group_uuid in group_uuids if group_key(group_uuid) in unread)
        return GroupReading(groups, not_read, malformed, tuple(errors))

    def _read(self, keys: list[Item], items: list[Item]) -> tuple[list[Item], str]:
        """Add the items of these keys to `items`; return the keys that were not read, and why."""
        try:
            for portion in read_chunk(self.client, self.name, keys, self.sleep):
                items += portion.items
                keys = portion.unread
        except UNREACHABLE as error:
            return keys, error_code(error)
        return keys, "UnprocessedKeys" if keys else ""

    def write(self, row: Conversation) -> WriteOutcome:
        """Write a row unless it shows a newer message.

        Names of the other member are set once, so that a change of name is never undone by a message.
        """
        item = conversation_item(row)
        key = {name: item.pop(name) for name in ("pk", "sk")}
        # an expiry left over from an older message would take the row away while this message lives
        rest = "" if "expires_at" in item else " REMOVE expires_at"
        try:
            self.client.update_item(
                TableName=self.name,
                Key=key,
                UpdateExpression="SET " + ", ".join(map(_assignment, item)) + rest,
                ConditionExpression=_NEWER,
                ExpressionAttributeValues={f":{name}": value for name, value in item.items()},
            )
        except ClientError as error:
            outcome = _REFUSALS.get(error_code(error))
            if outcome is None:
                raise
            return outcome
        return "written"


# A row that DynamoDB finds invalid, one of over 400 KB for instance, will be so at every attempt.
_REFUSALS: dict[str, WriteOutcome] = {"ConditionalCheckFailedException": "stale", "ValidationException": "refused"}


def error_code(error: Exception) -> str:
    """Return AWS's code of an error, or its class; never its text, which can quote a value."""
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else type(error).__name__


def _assignment(name: str) -> str:
    return f"{name} = if_not_exists({name}, :{name})" if name.startswith("other_") else f"{name} = :{name}"


def _parse_groups(items: list[Item]) -> tuple[dict[str, Group], tuple[str, ...]]:
    groups: dict[str, Group] = {}
    malformed: list[str] = []
    for item in items:
        try:
            group = group_of(item)
        except ItemError as error:
            malformed.append(str(error))
        else:
            groups[group.group_uuid] = group
    return groups, tuple(malformed)
