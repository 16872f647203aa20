"""Correction of moto's keys: an empty string is refused in an update or deletion too, as moto does elsewhere.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
"""

from collections.abc import Callable
from typing import Any

from moto.dynamodb.exceptions import KeyIsEmptyStringException
from moto.dynamodb.models import DynamoDBBackend

from tableguard.local.moto.patch import wrap


def install() -> None:
    """Wrap update_item and delete_item of DynamoDBBackend."""
    wrap(DynamoDBBackend, "update_item", _refusing_empty_keys)
    wrap(DynamoDBBackend, "delete_item", _refusing_empty_keys)


def _refusing_empty_keys(
    write: Callable[..., Any], backend: DynamoDBBackend, table_name: str, key: dict[str, Any], *args: Any, **kwargs: Any
) -> Any:
    for name, value in key.items():
        if "" in value.values():
            raise KeyIsEmptyStringException(name)
    return write(backend, table_name, key, *args, **kwargs)
