"""Decide the place of a new conversation row: among its user's first rows, or among the further ones.

A listing reads all first rows, so there shall be few of them, and a write to a further row costs three units instead
of one, so there shall be many: the first N rows of a user that are made are first rows. N is not exact. Rows that are
made at the same moment may each be counted as the last, and then some more are first rows; listings stay right.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from stream_lambda.items import FIRST_ROWS, Item, flag_key, is_flag, row_of_key, rows_pk
from tableguard.store.consumed import ReadCost
from tableguard.store.listing import UNEXPIRED

CONVERSATIONS_IN_TABLE = 50  # three read units to list them, with rows of 441 bytes: docs/inbox.md
# the last second of the year 9999: the flag expires then, since an update that only removes makes no item on AWS
NEVER = 253_402_300_799


@dataclass
class Places:
    """Counts the first rows of users when it is first asked about them, and then with every place it gives.

    `write_units` are those of the flags that were written; the read units are added to `cost`.
    """

    client: Any  # botocore makes its classes at run time
    table_name: str
    most: int
    now: datetime
    cost: ReadCost = field(default_factory=ReadCost)
    write_units: float = 0.0
    _counts: dict[str, int] = field(default_factory=dict)
    _flagged: set[str] = field(default_factory=set)

    def further(self, user_uuids: Iterable[str]) -> frozenset[str]:
        """Return those users whose next row is a further one; each is flagged before there is such a row."""
        return frozenset(user_uuid for user_uuid in user_uuids if self._is_further(user_uuid))

    def _is_further(self, user_uuid: str) -> bool:
        if user_uuid not in self._counts:
            self._count(user_uuid)
        if self._counts[user_uuid] < self.most:
            self._counts[user_uuid] += 1
            return False
        if user_uuid not in self._flagged:
            self.flag(user_uuid)
        return True

    def _count(self, user_uuid: str) -> None:
        """Count the rows that are shown, eventually consistent, up to the most that matter."""
        rows = 0
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table_name,
            KeyConditionExpression="pk = :pk AND sk >= :first",
            FilterExpression=UNEXPIRED,
            ProjectionExpression="pk, sk",
            ExpressionAttributeValues={
                ":pk": {"S": rows_pk(user_uuid)},
                ":first": {"S": FIRST_ROWS},
                ":now": {"N": str(int(self.now.timestamp()))},
            },
            ReturnConsumedCapacity="TOTAL",
        )
        for page in pages:
            self.cost.add(page.get("ConsumedCapacity"))
            keys: list[Item] = page["Items"]
            rows += sum(row_of_key(key) is not None for key in keys)
            if any(map(is_flag, keys)):
                self._flagged.add(user_uuid)
            if rows >= self.most:
                break
        self._counts[user_uuid] = rows

    def flag(self, user_uuid: str) -> None:
        """Write that a user has further rows; written again it stays the same."""
        self.write_units += write_flag(self.client, self.table_name, user_uuid)
        self._flagged.add(user_uuid)


def write_flag(client: Any, table_name: str, user_uuid: str) -> float:
    """Write that a user has further rows; written again it stays the same. Return the write units."""
    answer = client.update_item(
        TableName=table_name,
        Key=flag_key(user_uuid),
        UpdateExpression="SET expires_at = :never",
        ExpressionAttributeValues={":never": {"N": str(NEVER)}},
        ReturnConsumedCapacity="TOTAL",
    )
    return float((answer.get("ConsumedCapacity") or {}).get("CapacityUnits", 0.0))
