"""Correction of what moto takes for an item: index keys have their type, numbers 38 digits, items 400 KB.

moto checks none of these after an update, and sums sizes up on every assignment, against a wrong limit.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
"""

import decimal
from collections.abc import Callable, Iterator
from typing import Any

from moto.dynamodb.exceptions import ItemSizeTooLarge, ItemSizeToUpdateTooLarge, MockValidationException
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import Item, LimitedSizeDict
from moto.dynamodb.models.table import Table

from tableguard.aws.item_size import AttributeValue, Image, item_size, significant_digits
from tableguard.local.moto.dynamodb import requests
from tableguard.local.moto.patch import replace, wrap

ITEM_BYTES = 409_600
NUMBER_DIGITS = 38
_INDEX_KEY_PUT = (
    "One or more parameter values were invalid: Type mismatch for Index Key {name} Expected: {expected} "
    "Actual: {actual} IndexName: {index}"
)
_INDEX_KEY_UPDATE = "The update expression attempted to update the secondary index key to unsupported type"


def install() -> None:
    """Wrap Table.put_item and DynamoDBBackend.update_item; LimitedSizeDict, which sums up, becomes a plain one."""
    replace(LimitedSizeDict, "__setitem__", dict.__setitem__)
    wrap(Table, "put_item", _put_item)
    wrap(DynamoDBBackend, "update_item", _update_item)


def _put_item(original: Callable[..., Item], table: Table, item: dict[str, Any], *args: Any, **kwargs: Any) -> Item:
    _refuse(table, item, ItemSizeTooLarge, _INDEX_KEY_PUT)
    return original(table, item, *args, **kwargs)


def _update_item(
    original: Callable[..., Item], backend: DynamoDBBackend, table_name: str, *args: Any, **kwargs: Any
) -> Item:
    after = original(backend, table_name, *args, **kwargs)
    table = backend.get_table(table_name)
    _refuse(table, requests.image(after) or {}, ItemSizeToUpdateTooLarge, _INDEX_KEY_UPDATE)
    return after


def _refuse(table: Table, item: Image, too_large: Callable[[], MockValidationException], index_key: str) -> None:
    types = {definition["AttributeName"]: definition["AttributeType"] for definition in table.attr}
    for index in table.all_indexes():
        for name in types.keys() & item.keys() & set(index.schema_key_attrs):
            actual = next(iter(item[name]))
            if actual != types[name]:
                raise MockValidationException(
                    index_key.format(name=name, expected=types[name], actual=actual, index=index.name)
                )
    try:
        precise = max(map(significant_digits, _numbers(item.values())), default=0)
        size = item_size(item)
    except decimal.InvalidOperation:
        return  # not a number: moto refuses it itself, in AWS's words
    if precise > NUMBER_DIGITS:
        raise MockValidationException(f"Attempting to store more than {NUMBER_DIGITS} significant digits in a Number")
    if size > ITEM_BYTES:
        raise too_large()


def _numbers(values: Any) -> Iterator[str]:
    value: AttributeValue
    for value in values:
        ((kind, content),) = value.items()
        if kind == "N":
            yield content
        elif kind == "NS":
            yield from content
        elif kind == "M":
            yield from _numbers(content.values())
        elif kind == "L":
            yield from _numbers(content)
