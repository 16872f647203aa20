"""Correction of moto's PartiQL: a SELECT is a scan with its filter, an INSERT makes an item, and no more is modelled.

moto 5.2.5 crashes at conditions without blanks, loses items that have maps, writes binary values twice in base64, and
INSERT overwrites. UPDATE, DELETE, ORDER BY, paths and pages are refused in words; the other operations do the same.
"""

from collections.abc import Callable
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.parsing import partiql as moto_partiql
from moto.dynamodb.responses import DynamoHandler

from tableguard.aws.dynamodb import projection
from tableguard.aws.dynamodb.expression import Path
from tableguard.aws.dynamodb.partiql import selection
from tableguard.local.moto.dynamodb.requests import image
from tableguard.local.moto.patch import wrap


def install() -> None:
    """Wrap DynamoHandler.execute_statement and DynamoDBBackend.execute_statement."""
    wrap(DynamoHandler, "execute_statement", _without_pages)
    wrap(DynamoDBBackend, "execute_statement", _execute)


def _without_pages(original: Callable[[DynamoHandler], Any], handler: DynamoHandler) -> Any:
    if handler.body.keys() & {"Limit", "NextToken"}:
        raise _not_modelled("pages of a PartiQL statement")
    return original(handler)


def _execute(_: Any, backend: DynamoDBBackend, statement: str, parameters: list[dict[str, Any]]) -> list[Any]:
    verb = statement.split(maxsplit=1)[0].upper()
    if verb == "INSERT":
        _insert(backend, statement, parameters)
        return []
    if verb != "SELECT":
        raise _not_modelled(f"{verb} in PartiQL")
    try:
        read = selection(statement, parameters)
    except ValueError as error:
        raise _not_modelled(f"PartiQL with {error}") from error
    nothing: Any = None
    limits = nothing, nothing, read.filter or nothing, read.names, read.values, read.index or nothing, False, nothing
    items, _, _ = backend.scan(read.table, {}, *limits, (nothing, nothing))
    if read.index is None:
        items.sort(key=lambda item: item.range_key or item.hash_key)
    paths: list[Path] = [(name,) for name in read.attributes]
    return [projection.selected(image(item) or {}, paths) if paths else image(item) for item in items]


def _insert(backend: DynamoDBBackend, statement: str, parameters: list[dict[str, Any]]) -> None:
    _, changes = moto_partiql.query(statement, {name: [] for name in backend.tables}, parameters)
    for table_name, items in changes.items():
        for _, item in items:
            if backend.get_item(table_name, item or {}) is not None:
                raise JsonRESTError("DuplicateItem", "Duplicate primary key exists in table")
            backend.put_item(table_name, item or {})


def _not_modelled(what: str) -> JsonRESTError:
    return JsonRESTError("NotModelled", f"not modelled: {what}")
