"""Find the message that a group's conversation rows must show, among the messages themselves."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from stream_lambda.items import Item, ItemError, Message, message_of, messages_pk, timestamp
from stream_lambda.records import CLOCK_SKEW
from tableguard.store.consumed import ReadCost

_FIRST_PAGE, _PAGE = 1, 25  # the newest message is nearly always the first; reading more than it would cost units


@dataclass(frozen=True)
class NewestUsable:
    """A group's newest usable message, if any, and the reason against each newer one by its sort key."""

    message: Message | None = None
    unusable: dict[str, str] = field(default_factory=dict)


def newest_message(client: Any, table_name: str, group_uuid: str, now: datetime, cost: ReadCost) -> NewestUsable:
    """Return the message that Pattern D would show now: not poison, not of the future, not expired."""
    request: dict[str, Any] = {
        "TableName": table_name,
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": {":pk": {"S": messages_pk(group_uuid)}},
        "ScanIndexForward": False,
        "ConsistentRead": True,
        "ReturnConsumedCapacity": "TOTAL",
        "Limit": _FIRST_PAGE,
    }
    unusable: dict[str, str] = {}
    while True:
        answer = client.query(**request)
        cost.add(answer.get("ConsumedCapacity"))
        for item in answer["Items"]:
            content = usable(item, now)
            if isinstance(content, Message):
                return NewestUsable(content, unusable)
            if content is not None:
                unusable[item["sk"]["S"]] = content
        if "LastEvaluatedKey" not in answer:
            return NewestUsable(None, unusable)
        request |= {"ExclusiveStartKey": answer["LastEvaluatedKey"], "Limit": _PAGE}


def usable(item: Item, now: datetime) -> Message | str | None:
    """Return the message, None if it has expired, or the reason why it can never be shown."""
    try:
        message = message_of(item)
    except ItemError as error:
        return str(error)
    if max(message.stamp) > timestamp(now + CLOCK_SKEW):
        return "created_at or edited_at: in the future"
    return None if is_past(message.expires_at, now) else message


def is_past(expires_at: int | None, now: datetime) -> bool:
    """Tell whether a time of expiry has come: readers are shown the item no more, DynamoDB removes it within days."""
    return expires_at is not None and expires_at <= now.timestamp()
