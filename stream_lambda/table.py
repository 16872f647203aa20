"""What Pattern D asks of DynamoDB: the members of groups, and one conditional update for each member's row."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from botocore.exceptions import BotoCoreError, ClientError

from .items import Conversation, Group, Item, ItemError, conversation_item, group_key, group_of
from .log import log

Outcome = Literal["written", "stale", "refused"]

UNREACHABLE = (BotoCoreError, ClientError)
KEYS_PER_CALL = 100  # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
ATTEMPTS = 5  # for keys that DynamoDB leaves unprocessed: 0.05 s, then twice as long each time

_NEWER = (
    "attribute_not_exists(last_message_at) OR last_message_at < :last_message_at OR "
    "(last_message_at = :last_message_at AND last_message_version < :last_message_version)"
)


@dataclass(frozen=True)
class Groups:
    """The groups that were found, and those that could not be asked for."""

    found: dict[str, Group]
    unread: frozenset[str]


@dataclass(frozen=True)
class Table:
    """The table, a botocore client for it, and how many rows are written at once."""

    client: Any  # botocore makes its classes at run time
    name: str
    workers: int
    sleep: Callable[[float], None] = time.sleep

    def groups(self, group_uuids: Iterable[str]) -> Groups:
        """The groups by name, read strongly consistently: a message must find the members written with it."""
        keys = [group_key(group_uuid) for group_uuid in group_uuids]
        found: dict[str, Group] = {}
        unread: list[Item] = []
        for start in range(0, len(keys), KEYS_PER_CALL):
            items, left = self._read(keys[start : start + KEYS_PER_CALL])
            found |= {group.group_uuid: group for group in _readable(items)}
            unread += left
        return Groups(found, frozenset(group_uuid for group_uuid in group_uuids if group_key(group_uuid) in unread))

    def _read(self, keys: list[Item]) -> tuple[list[Item], list[Item]]:
        items: list[Item] = []
        for attempt in range(ATTEMPTS):
            if attempt:
                self.sleep(0.05 * 2 ** (attempt - 1))
            try:
                answer = self.client.batch_get_item(RequestItems={self.name: {"Keys": keys, "ConsistentRead": True}})
            except UNREACHABLE as error:
                log("ERROR", "members were not read", error=error_code(error))
                return items, keys
            items += answer["Responses"].get(self.name, [])
            keys = answer.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", [])
            if not keys:
                return items, []
        log("ERROR", "members were not read", error="UnprocessedKeys")
        return items, keys

    def write(self, row: Conversation) -> Outcome:
        """Make a row show this message unless it shows a newer one.

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
_REFUSALS: dict[str, Outcome] = {"ConditionalCheckFailedException": "stale", "ValidationException": "refused"}


def error_code(error: Exception) -> str:
    """What to call an error in a log: AWS's code or the class, never its text, which can quote a value."""
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else type(error).__name__


def _assignment(name: str) -> str:
    return f"{name} = if_not_exists({name}, :{name})" if name.startswith("other_") else f"{name} = :{name}"


def _readable(items: Iterable[Item]) -> Iterable[Group]:
    for item in items:
        try:
            yield group_of(item)
        except ItemError as error:
            log("ERROR", "group is malformed", reason=str(error))
