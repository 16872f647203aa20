"""Read one person's rows, at both places."""

from dataclasses import dataclass

from stream_lambda.items import Item, RowKey, is_flag, row_of_key, rows_pk
from tableguard.projection.views import Reader
from tableguard.store.listing import UNEXPIRED


@dataclass(frozen=True)
class Partition:
    """A person's items that have not expired: rows, markers, and the flag."""

    items: tuple[Item, ...]

    @property
    def flagged(self) -> bool:
        """Tell whether the person is flagged."""
        return any(map(is_flag, self.items))

    def newest_first(self, *, further: bool) -> list[RowKey]:
        """Return the keys of the further rows, or of the first ones, in order of their messages' times."""
        keys = ((item.get("last_message_at", {}).get("S", ""), row_of_key(item)) for item in self.items)
        rows = [(at, key) for at, key in keys if key is not None and key.further == further]
        return [key for _, key in sorted(rows, reverse=True)]


def read_partition(reader: Reader, user_uuid: str) -> Partition:
    """Read a person's items strongly consistently."""
    pages = reader.client.get_paginator("query").paginate(
        TableName=reader.table_name,
        KeyConditionExpression="pk = :pk",
        FilterExpression=UNEXPIRED,
        ExpressionAttributeValues={
            ":pk": {"S": rows_pk(user_uuid)},
            ":now": {"N": str(int(reader.clock().timestamp()))},
        },
        ConsistentRead=True,
        ReturnConsumedCapacity="TOTAL",
    )
    items: list[Item] = []
    for page in pages:
        reader.cost.add(page.get("ConsumedCapacity"))
        items += page["Items"]
    return Partition(tuple(items))
