"""Correction of moto's keys: in every request one is neither empty nor too long; moto looks at some of them.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
"""

from collections.abc import Callable
from typing import Any

from moto.dynamodb.exceptions import HashKeyTooLong, KeyIsEmptyStringException, RangeKeyTooLong
from moto.dynamodb.limits import HASH_KEY_MAX_LENGTH, RANGE_KEY_MAX_LENGTH
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table

from tableguard.aws.item_size import value_size
from tableguard.local.moto.patch import wrap

_EMPTY = ("", b"")


def install() -> None:
    """Wrap get_keys_value of DynamoDBBackend and put_item of Table."""
    wrap(DynamoDBBackend, "get_keys_value", _get_keys_value)
    wrap(Table, "put_item", _put_item)


def _get_keys_value(original: Callable[..., Any], backend: DynamoDBBackend, table: Table, keys: dict[str, Any]) -> Any:
    _check(table, keys)
    return original(backend, table, keys)


def _put_item(original: Callable[..., Any], table: Table, item: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
    _check(table, item)
    return original(table, item, *args, **kwargs)


def _check(table: Table, attributes: dict[str, Any]) -> None:
    limits = ((HASH_KEY_MAX_LENGTH, HashKeyTooLong), (RANGE_KEY_MAX_LENGTH, RangeKeyTooLong))
    for name, (longest, too_long) in zip(table.table_key_attrs, limits, strict=False):
        value = attributes.get(name, {})
        if value.get("S", value.get("B")) in _EMPTY:
            raise KeyIsEmptyStringException(name)
        if "N" not in value and value and value_size(value) > longest:
            raise too_long
