"""Users, groups, messages and stream records for tests, and an emulated table to put them in."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from stream_lambda.items import (
    Content,
    Conversation,
    Group,
    Item,
    Message,
    User,
    conversation_of,
    group_item,
    message_item,
    row_of_key,
    timestamp,
)
from tests.engines import MOTO, dynamodb_local
from tests.worlds.boto3_emulation import emulated_messages_table

TABLE = "messages"
REGION = "eu-central-1"
NOW = datetime(2026, 6, 26, 10, 30, tzinfo=UTC)

ADA = User("user-ada", "Ada Example", "ada")
BOB = User("user-bob", "Bob Example", "bob")
EVE = User("user-eve", "Eve Example", "eve")
PAIR = Group("group-ada-bob", (ADA, BOB))
OTHER_PAIR = Group("group-ada-eve", (ADA, EVE))
TRIO = Group("group-of-three", (ADA, BOB, EVE))

# as it came from a running table, its account id replaced by one of AWS's documentation
REAL_RECORD: dict[str, Any] = {
    "eventID": "3328806016f56c2f6060f1df0d2a82b5",
    "eventName": "INSERT",
    "eventVersion": "1.1",
    "eventSource": "aws:dynamodb",
    "awsRegion": "us-east-2",
    "dynamodb": {
        "ApproximateCreationDateTime": 1687774560.0,
        "Keys": {
            "sk": {"S": "2023-06-26T10:16:00.375877+00:00"},
            "pk": {"S": "MSG#5ae290ed-55d1-47a0-bc6d-fe2bc2700399"},
        },
        "NewImage": {
            "user_uuid": {"S": "76d2f241-a860-4d8b-a8e3-6cd68db75ab9"},
            "user_handle": {"S": "Augustsz"},
            "sk": {"S": "2023-06-26T10:16:00.375877+00:00"},
            "message_uuid": {"S": "5ebf5021-1881-4e1c-8c10-93173ba1a87a"},
            "pk": {"S": "MSG#5ae290ed-55d1-47a0-bc6d-fe2bc2700399"},
            "message": {"S": "opa"},
            "user_display_name": {"S": "Augustsz"},
        },
        "SequenceNumber": "8500000000009229331846",
        "SizeBytes": 299,
        "StreamViewType": "NEW_IMAGE",
    },
    "eventSourceARN": "arn:aws:dynamodb:us-east-2:111122223333:table/cruddur-messages/stream/2023-06-26T08:36:49.800",
}


def at(seconds: float) -> str:
    """So many seconds after ten o'clock, half an hour before NOW."""
    return timestamp(NOW - timedelta(minutes=30) + timedelta(seconds=seconds))


def said(text: Content, seconds: float, group: Group = PAIR, **more: Any) -> Message:
    """A message by the group's first member."""
    fields = {"message_uuid": f"uuid of {group.group_uuid} {seconds}", "author": group.members[0], **more}
    return Message(group_uuid=group.group_uuid, created_at=at(seconds), text=text, **fields)


def stream_record(item: Item, number: int = 1, event_name: str = "INSERT") -> dict[str, Any]:
    """A record of the table's stream as Lambda hands it over."""
    return {
        "eventID": f"event-{number}",
        "eventName": event_name,
        "eventSource": "aws:dynamodb",
        "dynamodb": {
            "ApproximateCreationDateTime": NOW.timestamp(),
            "Keys": {"pk": item["pk"], "sk": item["sk"]},
            "NewImage": {name: _as_event(value) for name, value in item.items()},
            "SequenceNumber": sequence_number(number),
            "StreamViewType": "NEW_IMAGE",
        },
    }


def sequence_number(number: int) -> str:
    """What Lambda calls the record of that number."""
    return f"{number:021}"


def message_records(*messages: Message) -> list[dict[str, Any]]:
    """Records of messages, numbered from 1."""
    return [stream_record(message_item(message), number) for number, message in enumerate(messages, start=1)]


def _as_event(value: dict[str, Any]) -> dict[str, Any]:
    return {"B": base64.b64encode(value["B"]).decode()} if "B" in value else value


@contextmanager
def emulated_table(*groups: Group, engine: str = MOTO) -> Iterator[Any]:
    """A client for an emulated table that holds these groups."""
    with emulated_messages_table(REGION, TABLE) if engine == MOTO else dynamodb_local.table(TABLE) as client:
        for group in groups:
            client.put_item(TableName=TABLE, Item=group_item(group))
        yield client


def all_items(client: Any, table_name: str = TABLE) -> list[Item]:
    """Everything in the table."""
    pages = client.get_paginator("scan").paginate(TableName=table_name, ConsistentRead=True)
    return [item for page in pages for item in page["Items"]]


def all_rows(client: Any) -> dict[tuple[str, str], Conversation]:
    """(user, group) -> conversation row."""
    found = [conversation_of(item) for item in all_items(client) if row_of_key(item) is not None]
    return {(row.user_uuid, row.group_uuid): row for row in found}


def shown_texts(client: Any) -> dict[tuple[str, str], object]:
    """(user, group) -> the text that the conversation list shows."""
    return {key: row.last_message for key, row in all_rows(client).items()}
