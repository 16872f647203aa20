"""The bootcamp's table, and what its application and its function do there, written anew from what they do."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from stream_lambda.items import Item, User
from tests.worlds.messages import ADA, BOB, EVE, NOW

BOOTCAMP_TABLE = "cruddur-messages"
INDEX = "message-group-sk-index"


def create(client: Any, name: str = BOOTCAMP_TABLE) -> None:
    """Create the table with its index, as bin/ddb/schema-load does."""
    partitions = ("pk", "message_group_uuid")
    schemas = [[_key(partition, "HASH"), _key("sk", "RANGE")] for partition in partitions]
    throughput = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
    client.create_table(
        TableName=name,
        KeySchema=schemas[0],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in (*partitions, "sk")],
        GlobalSecondaryIndexes=[
            {
                "IndexName": INDEX,
                "KeySchema": schemas[1],
                "Projection": {"ProjectionType": "ALL"},
                "ProvisionedThroughput": throughput,
            }
        ],
        BillingMode="PROVISIONED",
        ProvisionedThroughput=throughput,
    )


def _key(name: str, kind: str) -> dict[str, str]:
    return {"AttributeName": name, "KeyType": kind}


@dataclass
class Bootcamp:
    """Its application on a table, with a clock of its own, which moves on a second a message."""

    client: Any
    table: str = BOOTCAMP_TABLE
    now: datetime = NOW - timedelta(days=400)

    def begin(self, sender: User, other: User, text: str) -> str:
        """Begin a group: two rows and a message in one batch; its time has an offset."""
        group_uuid = str(uuid.uuid4())
        at = self._tick().astimezone(UTC).isoformat()
        rows = [self.row(one, two, group_uuid, at, text) for one, two in ((sender, other), (other, sender))]
        puts = [*rows, self.message(group_uuid, at, sender, text)]
        self.client.batch_write_item(RequestItems={self.table: [{"PutRequest": {"Item": item}} for item in puts]})
        return group_uuid

    def say(self, group_uuid: str, author: User, text: str) -> str:
        """Write a message into a group without asking who is in it, and let the function run. Return its uuid."""
        item = self.write(group_uuid, author, text)
        self.project(item)
        return str(item["message_uuid"]["S"])

    def write(self, group_uuid: str, author: User, text: str) -> Item:
        """Write a message, at a time without an offset, to which the function is yet to come."""
        item = self.message(group_uuid, self._tick().replace(tzinfo=None).isoformat(), author, text)
        self.client.put_item(TableName=self.table, Item=item)
        return item

    def project(self, message: Item, between: Callable[[], None] = lambda: None) -> None:
        """Delete the group's rows and put them again at the time of the message, as its function does."""
        rows = self.client.query(
            TableName=self.table,
            IndexName=INDEX,
            KeyConditionExpression="message_group_uuid = :group",
            ExpressionAttributeValues={":group": {"S": message["pk"]["S"].removeprefix("MSG#")}},
        )["Items"]
        for row in rows:
            self.client.delete_item(TableName=self.table, Key={"pk": row["pk"], "sk": row["sk"]})
            between()
            new = row | {"sk": message["sk"], "message": message["message"]}
            self.client.put_item(TableName=self.table, Item=new)

    @staticmethod
    def row(owner: User, other: User, group_uuid: str, at: str, text: str) -> Item:
        return {
            "pk": {"S": f"GRP#{owner.user_uuid}"},
            "sk": {"S": at},
            "message_group_uuid": {"S": group_uuid},
            "message": {"S": text},
            "user_uuid": {"S": other.user_uuid},
            "user_display_name": {"S": other.display_name},
            "user_handle": {"S": other.handle},
        }

    @staticmethod
    def message(group_uuid: str, at: str, author: User, text: str) -> Item:
        return {
            "pk": {"S": f"MSG#{group_uuid}"},
            "sk": {"S": at},
            "message": {"S": text},
            "message_uuid": {"S": str(uuid.uuid4())},
            "user_uuid": {"S": author.user_uuid},
            "user_display_name": {"S": author.display_name},
            "user_handle": {"S": author.handle},
        }

    def list_groups(self, user: User) -> list[tuple[str, str, str]]:
        """List a person's groups, newest first, with the other's name and the last message."""
        return [
            (row["message_group_uuid"]["S"], row["user_display_name"]["S"], row["message"]["S"])
            for row in self._query(f"GRP#{user.user_uuid}", newest_first=True)
        ]

    def list_messages(self, group_uuid: str) -> list[str]:
        """List the texts of a group, oldest first."""
        return [item["message"]["S"] for item in self._query(f"MSG#{group_uuid}", newest_first=False)]

    def _query(self, pk: str, *, newest_first: bool) -> list[Item]:
        """Query a partition by the years of these tests, as its queries do by the current one."""
        answer = self.client.query(
            TableName=self.table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :year)",
            ExpressionAttributeValues={":pk": {"S": pk}, ":year": {"S": "20"}},
            ScanIndexForward=not newest_first,
            ConsistentRead=True,
        )
        return list(answer["Items"])

    def items(self) -> list[Item]:
        """Everything in the table."""
        pages = self.client.get_paginator("scan").paginate(TableName=self.table, ConsistentRead=True)
        return [item for page in pages for item in page["Items"]]

    def _tick(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def talking(client: Any) -> tuple[Bootcamp, str, str]:
    """The application with two groups: Ada and Bob with three messages, Ada and Eve with one."""
    create(client)
    application = Bootcamp(client)
    pair = application.begin(ADA, BOB, "hello Bob")
    other = application.begin(EVE, ADA, "hello Ada")
    application.say(pair, BOB, "hello yourself")
    application.say(pair, ADA, "how are you?")
    return application, pair, other
