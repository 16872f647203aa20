"""Correction of moto's PartiQL: statements are carried out as the requests for items, queries and scans that they are.

moto 5.2.5 crashes at conditions without blanks, loses items that have maps, writes binary values twice in base64, and
INSERT overwrites. It knows neither pages nor ORDER BY. What the reader of statements does not know, such as
list_append, is refused in words.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html
"""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult
from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import SecondaryIndex, Table
from moto.dynamodb.responses import DynamoHandler, DynamoResult

from tableguard.aws.capacity import Consumption, read_units
from tableguard.aws.dynamodb import projection
from tableguard.aws.dynamodb.condition import comparable
from tableguard.aws.dynamodb.expression import value_at
from tableguard.aws.dynamodb.partiql import Path, SqlCondition, SqlStatement, parse
from tableguard.aws.dynamodb.partiql_expression import Placeholders
from tableguard.aws.dynamodb.statement_access import Access, access, key_of
from tableguard.aws.item_size import Image, item_size
from tableguard.local.moto.dynamodb import capacity
from tableguard.local.moto.dynamodb.conditions import MotoCondition
from tableguard.local.moto.dynamodb.requests import current, image
from tableguard.local.moto.patch import wrap

_PAGE = 1 << 20  # bytes that a page reads at most
_ORDER = "when using ORDER BY clause."


def install() -> None:
    """Wrap DynamoHandler.execute_statement and DynamoDBBackend.execute_statement."""
    wrap(DynamoHandler, "execute_statement", _answer)
    wrap(DynamoDBBackend, "execute_statement", _execute)


def _answer(_: Callable[..., Any], handler: DynamoHandler) -> ActionResult:
    body, backend = handler.body, handler.dynamodb_backend
    statement = _parsed(body.get("Statement", ""), body.get("Parameters") or ())
    if statement.verb == "SELECT":
        selection = Selection(backend, statement, bool(body.get("ConsistentRead")))
        answer, consumed = selection.page(body.get("Limit"), body.get("NextToken"))
    else:
        answer = {"Items": _written(backend, statement)}
        request = current()
        consumed = capacity.of_writes(request) if request else []
    detail = body.get("ReturnConsumedCapacity", "NONE")
    if detail != "NONE" and consumed:
        answer["ConsumedCapacity"] = consumed[0].describe(detail)
    return DynamoResult(answer)


def _execute(_: Any, backend: DynamoDBBackend, statement: str, parameters: list[dict[str, Any]]) -> list[Any]:
    """Carry out one statement of several."""
    read = _parsed(statement, parameters)
    if read.verb != "SELECT":
        return _written(backend, read)
    answer, _consumed = Selection(backend, read, consistent=False).page(None, None)
    items: list[Any] = answer["Items"]
    return items


def _parsed(text: str, parameters: Sequence[Mapping[str, Any]]) -> SqlStatement:
    try:
        return parse(text, parameters)
    except ValueError as error:
        raise JsonRESTError("NotModelled", f"not modelled: PartiQL with {error}") from error


@dataclass(frozen=True)
class Selection:
    """A SELECT on a table or an index of it."""

    backend: DynamoDBBackend
    statement: SqlStatement
    consistent: bool

    @property
    def _table(self) -> Table:
        return self.backend.get_table(self.statement.table)

    @property
    def _index(self) -> SecondaryIndex | None:
        return self._table.get_index(self.statement.index, error_if_not=True) if self.statement.index else None

    @property
    def _access(self) -> Access:
        index = self._index
        return access(self.statement, index.schema if index else self._table.schema)

    def page(self, limit: int | None, token: str | None) -> tuple[dict[str, Any], list[Consumption]]:
        """Return a page of the answer, and the capacity that it took."""
        items = self._readable()
        start = self._start(items, token)
        end = _end(items, start, limit)
        read = items[start:end]
        names = Placeholders()
        text = names.condition(self.statement.condition) if self.statement.condition else None
        holds = MotoCondition(text, names.names, names.values).expr
        shown = [_selected(image(item) or {}, self.statement.paths) for item in read if holds(item)]
        answer: dict[str, Any] = {"Items": shown}
        if end < len(items) or (limit is not None and len(read) == limit):
            answer["NextToken"] = self._token(end, read[-1])
        return answer, [self._consumption(read)]

    def _readable(self) -> list[Item]:
        """Return what is read of the table or index, in order, whatever else the condition says of it."""
        where = self._access
        _check_order(self.statement, where)
        items = self._all()
        if where.is_scan:
            return items
        of_key = SqlCondition("AND", tuple(part for part in self.statement.conjuncts if _is_of_key(part, where)))
        names = Placeholders()
        holds = MotoCondition(names.condition(of_key), names.names, names.values).expr
        items = sorted((item for item in items if holds(item)), key=lambda item: _place(where, item))
        for name, descends in reversed(self.statement.order):
            items.sort(key=lambda item: comparable((image(item) or {})[name]), reverse=descends)
        return items

    def _all(self) -> list[Item]:
        items: list[Item] = []
        start: Any = None
        nothing: Any = None
        while True:
            rest: Any = None, {}, {}, self.statement.index or nothing, False, nothing, (nothing, nothing)
            page, _, start = self.backend.scan(self.statement.table, {}, nothing, start, *rest)
            items += page
            if start is None:
                return items

    def _key(self, item: Item) -> Image:
        index = self._index
        names = {*self._table.table_key_attrs, *(index.schema_key_attrs if index else ())}
        return {name: value for name, value in (image(item) or {}).items() if name in names}

    def _token(self, end: int, last: Item) -> str:
        return base64.b64encode(json.dumps([end, self._key(last)]).encode()).decode()

    def _start(self, items: Sequence[Item], token: str | None) -> int:
        """Return where a page begins: behind the item that the token names, wherever that is by now."""
        if token is None:
            return 0
        try:
            end, key = json.loads(base64.b64decode(token, validate=True))
        except ValueError as error:
            raise MockValidationException("Invalid NextToken") from error
        places = [place for place, item in enumerate(items) if self._key(item) == key]
        return places[0] + 1 if places else min(int(end), len(items))

    def _consumption(self, read: Sequence[Item]) -> Consumption:
        units = read_units(sum(item_size(image(item) or {}) for item in read), self.consistent)
        return capacity.of_search(self._table, self.statement.index, units)


def _end(items: Sequence[Item], start: int, limit: int | None) -> int:
    end, size = start, 0
    while end < len(items) and (limit is None or end - start < limit):
        size += item_size(image(items[end]) or {})
        if size > _PAGE and end > start:
            break
        end += 1
    return end


def _check_order(statement: SqlStatement, where: Access) -> None:
    if not statement.order:
        return
    if statement.condition is None:
        raise MockValidationException(f"Must have WHERE clause in the statement {_ORDER}")
    if where.is_scan:
        raise MockValidationException(
            f"Must have at least one non-optional hash key condition in WHERE clause {_ORDER}"
        )
    for name, _ in statement.order:
        if name not in (where.hash_key, where.range_key):
            raise MockValidationException(
                f"Variable reference {name} in ORDER BY clause must be part of the primary key"
            )


def _is_of_key(condition: SqlCondition, where: Access) -> bool:
    if condition.parts:
        return all(_is_of_key(part, where) for part in condition.parts)
    paths = [operand.path for operand in condition.operands if operand.path]
    return all(path in ((where.hash_key,), (where.range_key,)) for path in paths)


def _place(where: Access, item: Item) -> tuple[int, Any]:
    attributes = image(item) or {}
    at = next((at for at, key in enumerate(where.partitions) if key == attributes[where.hash_key]), 0)
    return at, comparable(attributes[where.range_key]) if where.range_key else ()


def _selected(attributes: Image, paths: Sequence[Path]) -> Image:
    """Return the parts of an item, each by the last name of its path, as DynamoDB Local names them."""
    if not paths:
        return attributes
    values = {_last_name(path): value_at(path, attributes) for path in paths}
    return {name: value for name, value in values.items() if value is not None}


def _last_name(path: Path) -> str:
    places = [step for step in path if isinstance(step, str)]
    last = len(path) - path[::-1].index(places[-1]) - 1
    return places[-1] + "".join(f"[{step}]" for step in path[last + 1 :])


def _written(backend: DynamoDBBackend, statement: SqlStatement) -> list[Any]:
    table = backend.get_table(statement.table)
    try:
        key = {name: dict(value) for name, value in key_of(statement, table.schema).items()}
    except ValueError as error:
        raise MockValidationException(
            "Where clause does not contain a mandatory equality on all key attributes"
            if statement.verb != "INSERT"
            else str(error)
        ) from error
    if statement.verb == "INSERT":
        return _insert(backend, statement, key)
    before = image(backend.get_item(statement.table, key))
    names = Placeholders()
    rest = tuple(part for part in statement.conjuncts if not _names_key(part, key))
    condition = names.condition(SqlCondition("AND", rest)) if rest else None
    if statement.verb == "DELETE":
        if before is not None:
            backend.delete_item(statement.table, key, names.names, names.values, condition)
        return [before] if before is not None and statement.returning == "ALL OLD" else []
    exists = f"attribute_exists({table.table_key_attrs[0]})"
    update = names.update(statement.changes)
    backend.update_item(
        statement.table,
        key,
        update_expression=update,
        expression_attribute_names=names.names,
        expression_attribute_values=names.values,
        condition_expression=f"{exists} AND {condition}" if condition else exists,
    )
    return _returned(statement, before or {}, image(backend.get_item(statement.table, key)) or {})


def _insert(backend: DynamoDBBackend, statement: SqlStatement, key: dict[str, Any]) -> list[Any]:
    if backend.get_item(statement.table, key) is not None:
        raise JsonRESTError("DuplicateItem", "Duplicate primary key exists in table")
    backend.put_item(statement.table, dict(statement.item))
    return []


def _names_key(condition: SqlCondition, key: Mapping[str, Any]) -> bool:
    return condition.how == "=" and any(operand.path in {(name,) for name in key} for operand in condition.operands)


def _returned(statement: SqlStatement, before: Image, after: Image) -> list[Any]:
    if not statement.returning:
        return []
    what, which = statement.returning.split()
    attributes = before if which == "OLD" else after
    paths = [path for path, _ in statement.changes]
    return [attributes if what == "ALL" else projection.selected(attributes, paths)]
