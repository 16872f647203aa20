"""Corrections of moto's Query and Scan: only items of the partition are sorted, and the items read are counted.

moto 5.2.5 sorts the whole table for every query, 1.4 s at 100,000 items. It looks for some forty possible members in
every attribute value of an answer, 1 ms an item. The results stay exactly moto's.
"""

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

from moto.core.serialize import ResponseSerializer
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table

from tableguard.local.moto.dynamodb import requests
from tableguard.local.moto.patch import wrap

SearchResult = tuple[list[Item], int, dict[str, Any] | None]
Condition = tuple[str, DynamoType]


def install() -> None:
    """Replace Table.query, Table.scan and ResponseSerializer._serialize_type_structure."""
    wrap(Table, "query", _query)
    wrap(Table, "scan", _scan)
    wrap(ResponseSerializer, "_serialize_type_structure", _faster_attribute_values)


_signature = cache(inspect.signature)


def _query(original: Callable[..., SearchResult], *args: Any, **kwargs: Any) -> SearchResult:
    """Sort the items of the partition alone, and filter and project afterwards."""
    arguments = _signature(original).bind(*args, **kwargs).arguments
    table: Table = arguments["self"]
    filter_expression, projection = arguments.pop("filter_expression", None), arguments["projection_expressions"]
    part = _items_to_search(
        table, arguments["hash_key"], arguments.get("index_name"), arguments.get("hash_key_conditions") or []
    )
    arguments.update(arguments.pop("filter_kwargs", {}), self=_with_items(table, part), projection_expressions=None)
    return _filter_and_project(_until_limit(original, arguments), filter_expression, projection)


def _scan(original: Callable[..., SearchResult], *args: Any, **kwargs: Any) -> SearchResult:
    """Filter and project after the items read are noted."""
    arguments = _signature(original).bind(*args, **kwargs).arguments
    filter_expression, projection = (
        arguments.pop("filter_expression", None),
        arguments.pop("projection_expression", None),
    )
    return _filter_and_project(_until_limit(original, arguments), filter_expression, projection)


def _until_limit(original: Callable[..., SearchResult], search: dict[str, Any]) -> SearchResult:
    """Read a page; one as long as its Limit has a token, also where nothing comes after, since DynamoDB stops there."""
    items, scanned, last_key = original(**search)
    if last_key is None and items and len(items) == search["limit"]:
        last_key = search["self"]._get_last_evaluated_key(items[-1], search.get("index_name"))
    return items, scanned, last_key


def _filter_and_project(
    result: SearchResult, filter_expression: Any, projection: list[list[str]] | None
) -> SearchResult:
    """Note the items read, whose capacity counts before any filter; then filter and project them."""
    items, scanned, last_key = result
    request = requests.current()
    if request is not None:
        request.evaluated += items
    if filter_expression is not None:
        items = [item for item in items if filter_expression.expr(item)]
    if projection:
        items = [item.project(projection) for item in items]
    return items, scanned, last_key


def _with_items(table: Table, items: dict[Any, Any]) -> Table:
    """Return a copy of a table with some of its items; moto's Table() would keep every copy for ever."""
    part: Table = object.__new__(type(table))
    vars(part).update(vars(table), items=items)
    return part


def _items_to_search(
    table: Table, hash_key: DynamoType | None, index_name: str | None, conditions: list[Condition]
) -> dict[Any, Any]:
    """Return the items whose partition key, of the table or of an index, is the one of the query."""
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
    """Return True if an item has the key; comparing strings as raw text spares 400 ms at 100,000 items."""
    for name, wanted in conditions:
        value = item.attrs.get(name)
        if value is None or value.type != wanted.type:
            return False
        if value.value != wanted.value and (value.type != "N" or value != wanted):
            return False
    return True


_SPARSE, _IMAGES = ("AttributeValue", "Record", "StreamRecord"), ("Keys", "NewImage", "OldImage")


def _faster_attribute_values(
    original: Callable[..., None], serializer: ResponseSerializer, serialized: dict[str, Any], value: Any, *at: Any
) -> None:
    """Write an attribute value as it is, or with its members alone, not forty that might be; a stream record too."""
    shape, key = at
    if shape.name not in _SPARSE or not isinstance(value, dict) or not value.keys() <= shape.members.keys():
        original(serializer, serialized, value, shape, key)
        return
    written: dict[str, Any] = {}
    if shape.name == "AttributeValue" and _is_json(value):
        written = value
    else:
        for member, content in value.items():
            if member in _IMAGES and all(map(_is_json, content.values())):
                written[member] = content
            else:
                serializer._serialize(written, content, shape.members[member], member)
    serializer._default_serialize(serialized, written, shape, key)


def _is_json(value: dict[str, Any]) -> bool:
    """Return True for an attribute value that is written as it is: a text, a number, or maps and lists of these."""
    ((kind, content),) = value.items() if len(value) == 1 else (("", None),)
    if kind in ("S", "N"):
        return type(content) is str
    if kind == "M":
        return type(content) is dict and all(map(_is_json, content.values()))
    return kind == "L" and type(content) is list and all(map(_is_json, content))
