"""The table of the delete-and-put way, and the rows that a new conversation begins with."""

from typing import Any

from stream_lambda.items import Group, Item, User
from tests.naive.handler import INDEX


def create(client: Any, name: str) -> None:
    """Make the table with its index by group."""
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=_key("pk", "sk"),
        AttributeDefinitions=[
            {"AttributeName": attribute, "AttributeType": "S"} for attribute in ("pk", "sk", "message_group_uuid")
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": INDEX,
                "KeySchema": _key("message_group_uuid", "sk"),
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )


def first_rows(group: Group, created_at: str, text: str) -> list[Item]:
    """The row of each member of a group of two after its first message."""
    return [_row(member, other, group.group_uuid, created_at, text) for member, other in _pairs(group)]


def _pairs(group: Group) -> list[tuple[User, User]]:
    one, other = group.members
    return [(one, other), (other, one)]


def _row(member: User, other: User, group_uuid: str, created_at: str, text: str) -> Item:
    return {
        "pk": {"S": f"GRP#{member.user_uuid}"},
        "sk": {"S": created_at},
        "message_group_uuid": {"S": group_uuid},
        "message": {"S": text},
        "user_uuid": {"S": other.user_uuid},
        "user_display_name": {"S": other.display_name},
        "user_handle": {"S": other.handle},
    }


def _key(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]
