"""Correction of how many items moto takes: BatchWriteItem 25 in all, each key once, and TransactGetItems 100.

moto compares whole items, and takes 25 in a transaction that reads.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
"""

from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.dynamodb import responses
from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

from tableguard.local.moto.patch import replace, wrap

BATCH_ITEMS, TRANSACTION_ITEMS = 25, 100


def install() -> None:
    """Wrap DynamoHandler.batch_write_item; replace responses.TRANSACTION_MAX_ITEMS."""
    replace(responses, "TRANSACTION_MAX_ITEMS", TRANSACTION_ITEMS)
    wrap(DynamoHandler, "batch_write_item", _within_batch_limits)


def _within_batch_limits(original: Callable[[DynamoHandler], ActionResult], handler: DynamoHandler) -> ActionResult:
    by_table = handler.body.get("RequestItems", {})
    if sum(map(len, by_table.values())) > BATCH_ITEMS:
        raise MockValidationException("Too many items requested for the BatchWriteItem call")
    for table_name, items in by_table.items():
        _refuse_repetition(handler.dynamodb_backend.get_table(table_name), items)
    return original(handler)


def _refuse_repetition(table: Table, items: list[dict[str, Any]]) -> None:
    puts, deletes = ([item.get(verb, {}) for item in items] for verb in ("PutRequest", "DeleteRequest"))
    keyed = [put.get("Item") or delete.get("Key") or {} for put, delete in zip(puts, deletes, strict=True)]
    keys = [tuple(str(attributes.get(name)) for name in table.table_key_attrs) for attributes in keyed]
    if len(set(keys)) < len(keys):
        raise MockValidationException("Provided list of item keys contains duplicates")
