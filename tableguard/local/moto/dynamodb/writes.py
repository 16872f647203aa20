"""Correction of moto's writes: each is recorded with the item before and after, so that a request can be undone."""

from collections.abc import Callable
from typing import Any

from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table

from tableguard.local.moto.dynamodb import requests, streams
from tableguard.local.moto.dynamodb.requests import Write
from tableguard.local.moto.patch import wrap


def install() -> None:
    """Wrap put_item and delete_item of Table."""
    wrap(Table, "put_item", _put_item)
    wrap(Table, "delete_item", _delete_item)


def _put_item(original: Callable[..., Item], table: Table, item: dict[str, Any], *args: Any, **kwargs: Any) -> Item:
    before = _stored_item(table, item)
    after = original(table, item, *args, **kwargs)
    _record(Write(table, before, after))
    return after


def _delete_item(original: Callable[..., Item | None], table: Table, *key: Any, **kwargs: Any) -> Item | None:
    before = original(table, *key, **kwargs)
    _record(Write(table, before, None))
    return before


def _record(write: Write) -> None:
    if not requests.record(write):
        streams.publish(write)  # an import, which is no request


def _stored_item(table: Table, attributes: dict[str, Any]) -> Item | None:
    """Return the item under the key among these attributes; None for a key that moto will refuse."""
    if not all(name in attributes for name in table.table_key_attrs):
        return None
    key = [DynamoType(attributes[name]) for name in table.table_key_attrs]
    return table.get_item(key[0], key[1] if table.has_range_key else None)
