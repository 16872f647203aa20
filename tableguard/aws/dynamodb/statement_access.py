"""What a PartiQL statement reads: single items, partitions, or all of a table or index.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.select.html names the conditions that are
no scan: equality or IN with the partition key, joined with others by AND, or with others of the kind by OR. Of what
the page does not name a scan is expected here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tableguard.aws.dynamodb.partiql import SqlCondition, SqlOperand, SqlStatement


@dataclass(frozen=True)
class Access:
    """How a statement reads: the names of its key, the partition keys it names (none: a scan), and its sort keys."""

    hash_key: str
    range_key: str | None
    partitions: tuple[Mapping[str, Any], ...]
    sort_keys: tuple[Mapping[str, Any], ...] = ()

    @property
    def is_scan(self) -> bool:
        """Tell whether all of the table or index is read."""
        return not self.partitions

    @property
    def items(self) -> int | None:
        """Return how many items are named by their whole key; None where whole partitions or more are read."""
        if self.is_scan or (self.range_key and not self.sort_keys):
            return None
        return len(self.partitions) * max(len(self.sort_keys), 1)


def access(statement: SqlStatement, key_schema: Sequence[Mapping[str, str]]) -> Access:
    """Return how a statement reads the table or index that has this key."""
    names = {part["KeyType"]: part["AttributeName"] for part in key_schema}
    hash_key, range_key = names["HASH"], names.get("RANGE")
    partitions = _named(statement, hash_key)
    sort_keys = _named(statement, range_key) if range_key and partitions else ()
    return Access(hash_key, range_key, partitions, sort_keys)


def key_of(statement: SqlStatement, key_schema: Sequence[Mapping[str, str]]) -> dict[str, Mapping[str, Any]]:
    """Return the key of the one item that an INSERT, UPDATE or DELETE is about; ValueError if it names none."""
    names = [part["AttributeName"] for part in key_schema]
    key = {
        name: value
        for name in names
        if (value := statement.item.get(name) if statement.verb == "INSERT" else _only(_named(statement, name)))
    }
    if len(key) < len(names):
        what = "the item has no" if statement.verb == "INSERT" else "WHERE does not name with ="
        raise ValueError(
            f"{what} {' or '.join(name for name in names if name not in key)}; one item is written at once"
        )
    return key


def _only(values: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    return values[0] if len(values) == 1 else None


def _named(statement: SqlStatement, attribute: str) -> tuple[Mapping[str, Any], ...]:
    """Return the values one of which an attribute must have; none if it may have others."""
    of_conjuncts = (_values(conjunct, attribute) for conjunct in statement.conjuncts)
    return next((values for values in of_conjuncts if values), ())


def _values(condition: SqlCondition, attribute: str) -> tuple[Mapping[str, Any], ...]:
    if condition.how == "OR":
        parts = [_values(part, attribute) for part in condition.parts]
        return _distinct(value for values in parts for value in values) if all(parts) else ()
    if condition.how not in ("=", "IN"):
        return ()
    left, *others = condition.operands
    if condition.how == "=" and left.path is None:
        left, others = others[0], [left]
    values = [other.value for other in others if other.value is not None]
    is_named = left == SqlOperand((attribute,)) and len(values) == len(others)
    return _distinct(values) if is_named else ()


def _distinct(values: Any) -> tuple[Mapping[str, Any], ...]:
    distinct: list[Mapping[str, Any]] = []
    for value in values:
        if value not in distinct:
            distinct.append(value)
    return tuple(distinct)
