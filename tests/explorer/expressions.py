"""DynamoDB's condition and update expressions, as far as the functions under test use them.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from stream_lambda.items import Item, Value

_TOKEN = re.compile(r"\s*(<=|>=|<>|[<>=(),]|:?\w+)")
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ORDERED: dict[str, Callable[[Any], Any]] = {"S": str.encode, "N": Decimal, "B": bytes}


class NotModelled(Exception):
    """The model has no answer to this; it must be taught before anything is concluded from it."""


@dataclass
class _Reader:
    tokens: list[str]

    def take(self, *wanted: str) -> str | None:
        """The next token if it is one of these, in any case."""
        return self.tokens.pop(0) if self.tokens and self.tokens[0].upper() in wanted else None

    def need(self, *wanted: str) -> str:
        found = self.take(*wanted)
        if found is None:
            raise NotModelled(f"{wanted} expected before {self.tokens}")
        return found

    def next(self) -> str:
        if not self.tokens:
            raise NotModelled("an expression ends too early")
        return self.tokens.pop(0)


Given = tuple[Mapping[str, Value], Mapping[str, Value]]  # the item, and the values of the expression
Condition = Callable[[Given], bool]
Operand = Callable[[Given], Value | None]
Update = Callable[[Given], Item]


def holds(expression: str, item: Item, values: Mapping[str, Value]) -> bool:
    """Whether a condition holds for an item; an absent item is an empty one."""
    return _condition(expression)((item, values))


def updated(expression: str, item: Item, values: Mapping[str, Value]) -> Item:
    """The item after an update; every operand is what it was before."""
    return _update(expression)((item, values))


def _read(expression: str) -> _Reader:
    tokens = _TOKEN.findall(expression)
    if "".join(tokens) != re.sub(r"\s", "", expression):
        raise NotModelled(expression)
    return _Reader(tokens)


@cache
def _condition(expression: str) -> Condition:
    reader = _read(expression)
    found = _any_of(reader)
    if reader.tokens:
        raise NotModelled(f"{expression}: from {reader.tokens} on")
    return found


def _any_of(reader: _Reader) -> Condition:
    parts = [_all_of(reader)]
    while reader.take("OR"):
        parts.append(_all_of(reader))
    return lambda given: any(part(given) for part in parts)


def _all_of(reader: _Reader) -> Condition:
    parts = [_single(reader)]
    while reader.take("AND"):
        parts.append(_single(reader))
    return lambda given: all(part(given) for part in parts)


def _single(reader: _Reader) -> Condition:
    if reader.take("("):
        inner = _any_of(reader)
        reader.need(")")
        return inner
    if presence := reader.take("ATTRIBUTE_EXISTS", "ATTRIBUTE_NOT_EXISTS"):
        reader.need("(")
        name, wanted = reader.next(), presence.upper() == "ATTRIBUTE_EXISTS"
        reader.need(")")
        return lambda given: (name in given[0]) is wanted
    left = _operand(reader)
    compare = _COMPARISONS[reader.need(*_COMPARISONS)]
    right = _operand(reader)
    return lambda given: _compare(compare, left(given), right(given))


def _compare(compare: Callable[[Any, Any], bool], left: Value | None, right: Value | None) -> bool:
    if left is None or right is None:
        return False
    ((kind, one),), ((other_kind, other),) = left.items(), right.items()
    if compare is operator.eq:
        return left == right
    if kind != other_kind or kind not in _ORDERED:
        raise NotModelled(f"a comparison of {kind} with {other_kind}")
    return compare(_ORDERED[kind](one), _ORDERED[kind](other))


def _operand(reader: _Reader) -> Operand:
    token = reader.next()
    if token.upper() == "IF_NOT_EXISTS":
        reader.need("(")
        name = reader.next()
        reader.need(",")
        default = _operand(reader)
        reader.need(")")
        return lambda given: given[0][name] if name in given[0] else default(given)
    if token.startswith(":"):
        return lambda given: given[1][token]
    return lambda given: given[0].get(token)


@cache
def _update(expression: str) -> Update:
    reader = _read(expression)
    assigned: dict[str, Operand] = {}
    removed: set[str] = set()
    while clause := reader.take("SET", "REMOVE"):
        more: str | None = ","
        while more:
            name = reader.next()
            if clause.upper() == "REMOVE":
                removed.add(name)
            else:
                reader.need("=")
                assigned[name] = _operand(reader)
            more = reader.take(",")
    if reader.tokens:
        raise NotModelled(f"{expression}: from {reader.tokens} on")
    return lambda given: _apply(assigned, removed, given)


def _apply(assigned: Mapping[str, Operand], removed: set[str], given: Given) -> Item:
    values = {name: operand(given) for name, operand in assigned.items()}
    kept = {name: value for name, value in given[0].items() if name not in removed}
    return kept | {name: value for name, value in values.items() if value is not None}
