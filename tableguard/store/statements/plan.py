"""Say what a PartiQL statement will read or write, and about what it costs, before it runs.

Sizes are those that DynamoDB tells of a table, which it counts every six hours.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html: half a read unit for 4 KB,
or a whole one where the read is strongly consistent, of all that is read and not only of what a condition lets through.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from tableguard.aws.dynamodb.partiql import SqlStatement, parse
from tableguard.aws.dynamodb.statement_access import Access, access, key_of
from tableguard.errors import TableError
from tableguard.findings.counts import counted
from tableguard.store.table_admin import no_table

_BLOCK = 4096  # bytes
_WRITE_BLOCK = 1024
_PAGE_BYTES = 1 << 20
_WRITES = ("INSERT", "UPDATE", "DELETE")


@dataclass(frozen=True)
class Stored:
    """What a statement reads from or writes to: a table or an index, with its key and size."""

    name: str
    key: Sequence[Mapping[str, str]]
    items: int
    size: int  # bytes
    indexes: int = 0  # that a write may have to change too

    @property
    def average(self) -> int:
        """Return the average size of an item in bytes, at least 1."""
        return max(1, round(self.size / self.items)) if self.items else 1


@dataclass(frozen=True)
class StatementPlan:
    """A statement, what it works on, and how it reads."""

    statement: SqlStatement
    stored: Stored
    access: Access
    consistent: bool = False

    @property
    def writes(self) -> bool:
        """Tell whether the statement writes."""
        return self.statement.verb in _WRITES

    @property
    def is_scan(self) -> bool:
        """Tell whether the statement reads all of a table or index."""
        return not self.writes and self.access.is_scan

    @property
    def kind(self) -> str:
        """Return how the statement works: put, update, delete, get, query or scan."""
        if self.writes:
            return {"INSERT": "put", "UPDATE": "update", "DELETE": "delete"}[self.statement.verb]
        return "scan" if self.is_scan else "query" if self.access.items is None else "get"

    @property
    def units(self) -> float | None:
        """Return about how many units it takes to the end; None where that depends on how large partitions are."""
        if self.writes:
            return float(ceil(self.stored.average / _WRITE_BLOCK))
        if self.is_scan:
            return self._of_bytes(self.stored.size)
        items = self.access.items
        return None if items is None else items * self._of_bytes(self.stored.average)

    def units_of(self, items: int) -> float:
        """Return about how many units it takes to read so many items of a partition, table or index, in one page."""
        return self._of_bytes(min(items * self.stored.average, _PAGE_BYTES))

    def _of_bytes(self, size: int) -> float:
        return max(1, ceil(size / _BLOCK)) * (1.0 if self.consistent else 0.5)

    def text(self, limit: int | None) -> str:
        """Return in one line what will be done and about what it costs, with a page of at most `limit` items read."""
        if self.writes:
            indexes = counted(self.stored.indexes, "index", "indexes")
            more = f", and those of {indexes} if it is there" if self.stored.indexes else ""
            return f"{self.kind} of one item of {self.stored.name}: about {self.units:g} write units{more}"
        parts = [f"about {self.units:g} read units to the end"] if self.units is not None else []
        if limit is not None and self.kind != "get":
            parts.append(f"about {self.units_of(limit):g} at most for the {limit} items that a page reads")
        elif self.units is None:
            parts.append(
                f"{self._of_bytes(1):g} read units for 4 KB of the {self.stored.average} bytes of an average item"
            )
        return f"{self._reads()}: {', '.join(parts)}"

    def _reads(self) -> str:
        if self.is_scan:
            return f"scan of all {counted(self.stored.items, 'item')} of {self.stored.name}"
        if self.access.items is not None:
            return f"get of {counted(self.access.items, 'item')} of {self.stored.name}"
        return f"query of {counted(len(self.access.partitions), 'partition')} of {self.stored.name}"

    def facts(self) -> dict[str, Any]:
        """Return the same facts for JSON."""
        return {
            "kind": self.kind,
            "on": self.stored.name,
            "partitions": len(self.access.partitions),
            "items": self.stored.items,
            "bytes": self.stored.size,
            "consistent": self.consistent,
            "units": self.units,
        }


def plan(client: Any, text: str, parameters: Sequence[Mapping[str, Any]], *, consistent: bool) -> StatementPlan:
    """Return what a statement will do; TableError if that cannot be said, or DynamoDB would refuse it."""
    try:
        statement = parse(text, parameters)
    except ValueError as error:
        raise TableError(
            f"the statement has {error}; what it would read cannot be said, so it is not run; put names in double "
            "quotes, and texts in single ones"
        ) from error
    try:
        table = client.describe_table(TableName=statement.table)["Table"]
    except client.exceptions.ResourceNotFoundException as error:
        raise no_table(client, statement.table) from error
    stored = _stored(table, statement)
    where = access(statement, stored.key)
    if statement.verb in _WRITES:
        _check_write(statement, stored)
    elif statement.order and where.is_scan:
        raise TableError(f"ORDER BY takes a WHERE that names {where.hash_key} with = or IN")
    elif consistent and statement.index:
        raise TableError(f"index {statement.index}: is read eventually consistently; leave --consistent out")
    return StatementPlan(statement, stored, where, consistent)


def parameter(text: str) -> dict[str, Any]:
    """Return the value of a question mark: a text, or what is written as DynamoDB JSON."""
    if not text.startswith("{"):
        return {"S": text}
    try:
        value = json.loads(text)
    except ValueError as error:
        raise TableError(f'parameter {text}: not JSON; accepted: a text, or a value such as {{"N": "7"}}') from error
    if not isinstance(value, dict) or len(value) != 1:
        raise TableError(f'parameter {text}: not one value; accepted: a text, or a value such as {{"N": "7"}}')
    return value


def _check_write(statement: SqlStatement, stored: Stored) -> None:
    try:
        key_of(statement, stored.key)
    except ValueError as error:
        raise TableError(f"{statement.verb}: {error}") from error


def _stored(table: Mapping[str, Any], statement: SqlStatement) -> Stored:
    indexes = table.get("GlobalSecondaryIndexes", []) + table.get("LocalSecondaryIndexes", [])
    if statement.index is None:
        return Stored(
            f"table {statement.table}", table["KeySchema"], table["ItemCount"], table["TableSizeBytes"], len(indexes)
        )
    for index in indexes:
        if index["IndexName"] == statement.index:
            size = index.get("IndexSizeBytes", 0)
            return Stored(f"index {statement.index}", index["KeySchema"], index.get("ItemCount", 0), size)
    there = ", ".join(index["IndexName"] for index in indexes) or "none"
    raise TableError(f"table {statement.table} has no index {statement.index}; there is {there}")
