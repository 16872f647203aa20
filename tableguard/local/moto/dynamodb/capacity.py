"""Correction of moto's ConsumedCapacity to AWS's rules: moto's figures depend on neither sizes nor indexes.

Rules that AWS's pages leave open were measured on AWS by others: a ConditionCheck costs write units of the item it
looked at, a repeated transaction costs read units of what the first one wrote, indexes are not doubled
(https://github.com/nubo-db/dynoxide/pull/188, https://github.com/paritysuite/dynamodb-conformance/pull/67).
"""

from collections.abc import Iterable, Iterator
from typing import Any

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

from tableguard.aws.capacity import Consumption, Index, index_of, read_units, write_units
from tableguard.aws.item_size import item_size
from tableguard.local.moto.dynamodb.requests import DynamoDbRequest, Write, image

WRITES = frozenset({"put_item", "update_item", "delete_item", "batch_write_item", "transact_write_items"})
READS = frozenset({"get_item", "query", "scan", "batch_get_item", "transact_get_items"})
_SINGLE_TABLE = frozenset({"put_item", "update_item", "delete_item", "get_item", "query", "scan"})
_TRANSACTIONS = {"transact_write_items": "WriteCapacityUnits", "transact_get_items": "ReadCapacityUnits"}


def report(handler: DynamoHandler, action: str, request: DynamoDbRequest, answer: dict[str, Any]) -> None:
    """Put the consumed capacity into an answer, in the detail that ReturnConsumedCapacity asks for."""
    answer.pop("ConsumedCapacity", None)
    detail = handler.body.get("ReturnConsumedCapacity", "NONE")
    if detail == "NONE":
        return
    unit = _TRANSACTIONS.get(action)
    if request.repeats is not None:
        consumed, unit = _of_repetition(request.repeats), "ReadCapacityUnits"
    elif action in WRITES:
        consumed = _of_writes(handler, action, request)
    else:
        consumed = _of_reads(handler, action, request)
    described = [part.describe(detail, unit) for part in consumed]
    answer["ConsumedCapacity"] = described[0] if action in _SINGLE_TABLE else described


def sizes(handler: DynamoHandler, request: DynamoDbRequest) -> Iterator[tuple[str, int]]:
    """Yield (table, bytes) for each item that a transaction wrote or checked: a repetition of it reads these."""
    for write in (*request.writes, *_condition_checks(handler)):
        yield write.table.name, max(item_size(side or {}) for side in (write.old, write.new))


def _of_repetition(repeats: Iterable[tuple[str, int]]) -> list[Consumption]:
    consumed: dict[str, Consumption] = {}
    for table_name, size in repeats:
        of_table = consumed.setdefault(table_name, Consumption(table_name))
        of_table.table += 2 * read_units(size, consistent=True)
    return list(consumed.values())


def _indexes(table: Table) -> tuple[Index, ...]:
    """Return the properties of a table's secondary indexes that capacity depends on."""
    key = tuple(table.table_key_attrs)
    return (
        *(index_of(index.describe(), key, is_global=True) for index in table.global_indexes),
        *(index_of(index.describe(), key, is_global=False) for index in table.indexes),
    )


def of_writes(request: DynamoDbRequest, *, transactional: bool = False) -> list[Consumption]:
    """Return the capacity of what a request has written so far, a table each."""
    consumed: dict[str, Consumption] = {}
    for write in request.writes:
        of_table = consumed.setdefault(write.table.name, Consumption(write.table.name))
        of_table.add_write(_indexes(write.table), write.old, write.new, transactional)
    return list(consumed.values())


def _of_writes(handler: DynamoHandler, action: str, request: DynamoDbRequest) -> list[Consumption]:
    transactional = action in _TRANSACTIONS
    consumed = {one.table_name: one for one in of_writes(request, transactional=transactional)}
    if transactional:
        for write in _condition_checks(handler):
            consumed.setdefault(write.table.name, Consumption(write.table.name)).table += 2 * write_units(write.old)
    return list(consumed.values())


def _condition_checks(handler: DynamoHandler) -> Iterator[Write]:
    """Yield the items that a transaction only checked, as writes that change nothing."""
    for item in handler.body["TransactItems"]:
        if "ConditionCheck" in item:
            yield _read(handler.dynamodb_backend, item["ConditionCheck"]["TableName"], item["ConditionCheck"]["Key"])


def _read(backend: DynamoDBBackend, table_name: str, key: dict[str, Any]) -> Write:
    item = backend.get_item(table_name, key)
    return Write(backend.get_table(table_name), item, item)


def _of_reads(handler: DynamoHandler, action: str, request: DynamoDbRequest) -> list[Consumption]:
    if action in ("query", "scan"):
        return [_of_search(handler, request)]
    consumed: dict[str, Consumption] = {}
    for table_name, key, units in keys(handler, action):
        read = _read(handler.dynamodb_backend, table_name, key)
        of_table = consumed.setdefault(read.table.name, Consumption(read.table.name))
        of_table.table += units * read_units(item_size(read.old or {}), consistent=True)
    return list(consumed.values())


def _of_search(handler: DynamoHandler, request: DynamoDbRequest) -> Consumption:
    """Return the capacity of a Query or Scan: all bytes read are added up before rounding, and before any filter."""
    table = handler.dynamodb_backend.get_table(handler.body["TableName"])
    size = sum(item_size(image(item) or {}) for item in request.evaluated)
    units = read_units(size, bool(handler.body.get("ConsistentRead")))
    return of_search(table, handler.body.get("IndexName"), units)


def of_search(table: Table, index_name: str | None, units: float) -> Consumption:
    """Return units as the capacity of reading a table, or an index of it."""
    consumed = Consumption(table.name)
    searched = next((index for index in _indexes(table) if index.name == index_name), None)
    if searched is None:
        consumed.table = units
    else:
        consumed.add_index(searched, units)
    return consumed


def keys(handler: DynamoHandler, action: str) -> Iterator[tuple[str, dict[str, Any], float]]:
    """Yield (table, key, read units for each 4 KB) for every item that a request reads."""
    body = handler.body
    if action == "get_item":
        yield body["TableName"], body["Key"], _units_per_block(body)
    elif action == "batch_get_item":
        for table_name, part in body["RequestItems"].items():
            for key in part["Keys"]:
                yield table_name, key, _units_per_block(part)
    else:
        for item in body["TransactItems"]:
            yield item["Get"]["TableName"], item["Get"]["Key"], 2


def _units_per_block(part: dict[str, Any]) -> float:
    return 1 if part.get("ConsistentRead") else 0.5
