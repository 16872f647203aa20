"""Corrections of moto's tables: definitions are merged, one index a request, index descriptions whole, tags replaced.

moto 5.2.5 replaces AttributeDefinitions by those that UpdateTable names, creates two indexes at once, describes an
index without ARN and counts, and a table without size, and keeps a tag twice:
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html
"""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult
from moto.dynamodb.exceptions import MockValidationException, ResourceNotFoundException
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

from tableguard.aws.dynamodb.table_definition import TAGS
from tableguard.aws.item_size import item_size
from tableguard.local.moto.dynamodb.requests import image
from tableguard.local.moto.patch import wrap

_SAMPLE = 100  # items whose sizes are added up to describe a table


def install() -> None:
    """Wrap functions of DynamoHandler, DynamoDBBackend and Table."""
    wrap(DynamoHandler, "update_table", _update_table)
    wrap(DynamoHandler, "list_tags_of_resource", _list_tags)
    wrap(DynamoDBBackend, "tag_resource", _tag)
    wrap(Table, "describe", _describe)


def _update_table(original: Callable[..., ActionResult], handler: DynamoHandler) -> ActionResult:
    body = handler.body
    if len([update for update in body.get("GlobalSecondaryIndexUpdates", []) if "Update" not in update]) > 1:
        what = "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table"
        raise JsonRESTError("LimitExceededException", what)
    table = handler.dynamodb_backend.get_table(body["TableName"])
    merged = {one["AttributeName"]: one for one in (*table.attr, *body.get("AttributeDefinitions", []))}
    handler.body = {**body, "AttributeDefinitions": list(merged.values())}
    answer = original(handler)
    schemas = (table.schema, *(index.schema for index in (*table.global_indexes, *table.indexes)))
    in_keys = {part["AttributeName"] for schema in schemas for part in schema}
    table.attr = [one for one in table.attr if one["AttributeName"] in in_keys]  # a deleted index takes its own along
    return answer


def _describe(original: Callable[..., dict[str, Any]], table: Table, base_key: str = "TableDescription") -> Any:
    described = original(table, base_key=base_key)
    for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        for index in described[base_key][kind]:
            name = index["IndexName"]
            index["IndexArn"] = f"{table.table_arn}/index/{name}"
            items = table.has_idx_items(name)
            index.update(IndexSizeBytes=_size(items, len(items)), ItemCount=len(items))
    described[base_key]["TableSizeBytes"] = _size(table.all_items(), len(table))
    return described


def _size(items: Iterable[Item], count: int) -> int:
    """Return the bytes of so many items, by the first of them: AWS's own number is hours old, and none is exact."""
    sample = [item_size(image(item) or {}) for item in islice(items, _SAMPLE)]
    return round(sum(sample) / len(sample) * count) if sample else 0


def _tagged(backend: DynamoDBBackend, arn: str) -> Table:
    if not arn.startswith("arn:") or "/index/" in arn:
        raise MockValidationException(f"Invalid ResourceArn; ARNs of tables and streams are accepted: {arn}")
    table = next((table for table in backend.tables.values() if table.table_arn == arn), None)
    if table is None:
        raise ResourceNotFoundException
    return table


def _list_tags(_: Any, handler: DynamoHandler) -> ActionResult:
    return ActionResult({"Tags": _tagged(handler.dynamodb_backend, handler.body["ResourceArn"]).tags})


def _tag(_: Any, backend: DynamoDBBackend, arn: str, tags: dict[str, str]) -> None:
    table = _tagged(backend, arn)
    merged = {**{tag["Key"]: tag["Value"] for tag in table.tags}, **tags}
    if len(merged) > TAGS:
        raise MockValidationException(f"Too many tags: a table has at most {TAGS}")
    table.tags = [{"Key": key, "Value": value} for key, value in merged.items()]
