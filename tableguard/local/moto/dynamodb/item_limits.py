"""Correction of what moto takes for an item: keys of indexes have their type, an item 32 levels and 400 KB.

moto sums sizes up on every assignment, against a wrong limit, and checks the types of some index keys, of some writes.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
"""

from collections.abc import Callable
from typing import Any

from moto.dynamodb.exceptions import ItemSizeTooLarge, MockValidationException
from moto.dynamodb.models.dynamo_type import Item, LimitedSizeDict
from moto.dynamodb.models.table import Table

from tableguard.aws.item_size import item_size, levels
from tableguard.local.moto.patch import replace, wrap

ITEM_BYTES, LEVELS = 409_600, 32


def install() -> None:
    """Wrap Table.put_item; LimitedSizeDict, which sums up, becomes a plain one."""
    replace(LimitedSizeDict, "__setitem__", dict.__setitem__)
    wrap(Table, "put_item", _put_item)


def _put_item(original: Callable[..., Item], table: Table, item: dict[str, Any], *args: Any, **kwargs: Any) -> Item:
    types = {definition["AttributeName"]: definition["AttributeType"] for definition in table.attr}
    for index in table.all_indexes():
        for name in types.keys() & item.keys() & set(index.schema_key_attrs):
            actual = next(iter(item[name]))
            if actual != types[name]:
                raise MockValidationException(
                    f"One or more parameter values were invalid: Type mismatch for Index Key {name} "
                    f"Expected: {types[name]} Actual: {actual} IndexName: {index.name}"
                )
    if levels({"M": item}) > LEVELS:
        raise MockValidationException("Nesting Levels have exceeded supported limits")
    if item_size(item) > ITEM_BYTES:
        raise ItemSizeTooLarge
    return original(table, item, *args, **kwargs)
