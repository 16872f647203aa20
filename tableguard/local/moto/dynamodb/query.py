"""Corrections of moto's Query and Scan: only the items asked for are sorted, and what they read is counted.

moto 5.2.5 sorts the whole table for every query, 1.4 s at 100,000 items, and looks for some forty possible names of
members in every attribute value that it answers with, 1 ms an item. Results stay exactly moto's.
"""

import inspect
from collections.abc import Callable
from typing import Any

from moto.core.serialize import ResponseSerializer
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table

from tableguard.local.moto.dynamodb import requests
from tableguard.local.moto.patch import replace

Found = tuple[list[Item], int, dict[str, Any] | None]
Condition = tuple[str, DynamoType]


def install() -> None:
    """Put the corrections in place."""
    replace(Table, "query", _query(Table.query))
    replace(Table, "scan", _scan(Table.scan))
    write = ResponseSerializer._serialize_type_structure
    replace(ResponseSerializer, "_serialize_type_structure", _attribute_values_as_they_are(write))


def _query(original: Callable[..., Found]) -> Callable[..., Found]:
    signature = inspect.signature(original)

    def query(table: Table, *args: Any, **kwargs: Any) -> Found:
        given = signature.bind(table, *args, **kwargs).arguments
        filter_expression, projection = given.pop("filter_expression", None), given["projection_expressions"]
        part = _candidates(table, given["hash_key"], given.get("index_name"), given.get("hash_key_conditions") or [])
        given.update(given.pop("filter_kwargs", {}), self=_restricted(table, part), projection_expressions=None)
        return _finished(original(**given), filter_expression, projection)

    return query


def _scan(original: Callable[..., Found]) -> Callable[..., Found]:
    signature = inspect.signature(original)

    def scan(table: Table, *args: Any, **kwargs: Any) -> Found:
        given = signature.bind(table, *args, **kwargs).arguments
        filter_expression, projection = given.pop("filter_expression", None), given.pop("projection_expression", None)
        return _finished(original(**given), filter_expression, projection)

    return scan


def _finished(found: Found, filter_expression: Any, projection: list[list[str]] | None) -> Found:
    """Filter and project what was read, having noted it: capacity counts it before either."""
    items, scanned, last_key = found
    request = requests.current()
    if request is not None:
        request.evaluated += items
    if filter_expression is not None:
        items = [item for item in items if filter_expression.expr(item)]
    if projection:
        items = [item.project(projection) for item in items]
    return items, scanned, last_key


def _restricted(table: Table, items: dict[Any, Any]) -> Table:
    """The same table with some of its items only; not made by its class, which would keep it for ever."""
    part: Table = object.__new__(type(table))
    vars(part).update(vars(table), items=items)
    return part


def _candidates(
    table: Table, hash_key: DynamoType | None, index_name: str | None, conditions: list[Condition]
) -> dict[Any, Any]:
    """The items whose partition key, of the table or of an index, is the one asked for."""
    items: dict[Any, Any] = table.items  # partitions by partition key; or items, where that is the whole key
    own = hash_key if index_name is None else dict(conditions).get(table.hash_key_attr)
    if own is not None:  # an index may share the table's partition key, as that of conversations does
        items = {own: items[own]} if own in items else {}
    if index_name is None:
        return items
    if not table.has_range_key:
        return {key: item for key, item in items.items() if meets(item, conditions)}
    return {
        key: {sort: item for sort, item in partition.items() if meets(item, conditions)}
        for key, partition in items.items()
    }


def meets(item: Item, conditions: list[Condition]) -> bool:
    """Whether an item has the key; the raw text decides for strings, which spares 400 ms at 100,000 items."""
    for name, wanted in conditions:
        value = item.attrs.get(name)
        if value is None or value.type != wanted.type:
            return False
        if value.value != wanted.value and (value.type != "N" or value != wanted):
            return False
    return True


def _attribute_values_as_they_are(original: Callable[..., None]) -> Callable[..., None]:
    """Write the one member that an attribute value has, under the name that it has."""

    def serialize(serializer: ResponseSerializer, serialized: dict[str, Any], value: Any, shape: Any, key: str) -> None:
        if shape.name != "AttributeValue" or not isinstance(value, dict):
            original(serializer, serialized, value, shape, key)
            return
        written: dict[str, Any] = {}
        for member, content in value.items():
            serializer._serialize(written, content, shape.members[member], member)
        serializer._default_serialize(serialized, written, shape, key)

    return serialize
