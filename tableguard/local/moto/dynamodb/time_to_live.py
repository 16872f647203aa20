"""Correction of moto's UpdateTimeToLive: what is as it is asked for is refused, as AWS does.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTimeToLive.html
"""

from collections.abc import Callable
from typing import Any

from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.models import DynamoDBBackend

from tableguard.local.moto.patch import wrap


def install() -> None:
    """Wrap DynamoDBBackend.update_time_to_live."""
    wrap(DynamoDBBackend, "update_time_to_live", _update)


def _update(original: Callable[..., None], backend: DynamoDBBackend, table_name: str, wanted: dict[str, Any]) -> None:
    status = "ENABLED" if wanted["Enabled"] else "DISABLED"
    if backend.get_table(table_name).ttl["TimeToLiveStatus"] == status:
        raise MockValidationException(f"TimeToLive is already {status.lower()}")
    original(backend, table_name, wanted)
