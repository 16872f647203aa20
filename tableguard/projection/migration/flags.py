"""Take the flags of people without further rows: the former release takes them for damaged rows.

A flag is not deleted, as nothing here is: it expires, and is written again before the next further row.
"""

from collections.abc import Iterable

from stream_lambda.items import flag_key
from tableguard.projection.migration.partition import read_partition
from tableguard.projection.views import Reader


def expire_flags(reader: Reader, user_uuids: Iterable[str]) -> int:
    """Expire the flags of those of these people who have no further row. Return how many."""
    users = sorted(user_uuids)
    without = [user for user in users if not read_partition(reader, user).newest_first(further=True)]
    for user_uuid in without:
        reader.client.update_item(
            TableName=reader.table_name,
            Key=flag_key(user_uuid),
            UpdateExpression="SET expires_at = :now",
            ExpressionAttributeValues={":now": {"N": str(int(reader.clock().timestamp()))}},
        )
    return len(without)
