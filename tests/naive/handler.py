"""Conversation rows sorted by their own key, so that a new message deletes and puts the row of every member.

message           MSG#<group> / created_at       as ours
conversation row  GRP#<user>  / last_message_at  one member's view of a group, replaced by every message
An index by message_group_uuid and sk finds the rows of a group. This is plain on purpose, its faults included: rows are
found through an index that lags, deleting and putting are two steps, and nothing tells an older message from a newer.
"""

from collections.abc import Iterable, Mapping
from typing import Any

INDEX = "message-group-sk-index"
_MESSAGE = "MSG#"


def handle(client: Any, table_name: str, records: Iterable[Mapping[str, Any]]) -> None:
    """Replace the rows of each record's group, one record after the other."""
    for record in records:
        # its own writes come back through the stream; that they are no messages ends it
        if record["eventName"] != "REMOVE" and record["dynamodb"]["Keys"]["pk"]["S"].startswith(_MESSAGE):
            _replace_rows(client, table_name, record["dynamodb"]["NewImage"])


def _replace_rows(client: Any, table_name: str, message: Mapping[str, Any]) -> None:
    found = client.query(
        TableName=table_name,
        IndexName=INDEX,
        KeyConditionExpression="message_group_uuid = :group",
        ExpressionAttributeValues={":group": {"S": message["pk"]["S"].removeprefix(_MESSAGE)}},
    )
    for row in found["Items"]:
        client.delete_item(TableName=table_name, Key={"pk": row["pk"], "sk": row["sk"]})
        client.put_item(TableName=table_name, Item={**row, "sk": message["sk"], "message": message["message"]})
