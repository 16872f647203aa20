"""The conditions and changes of a PartiQL statement as DynamoDB's expressions with placeholders."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tableguard.aws.dynamodb.partiql import Change, Path, SqlCondition, SqlOperand, Value

_CALLS = {"BEGINS_WITH": "begins_with", "CONTAINS": "contains", "ATTRIBUTE_TYPE": "attribute_type"}


@dataclass
class Placeholders:
    """What the placeholders of a request's expressions mean."""

    names: dict[str, str] = field(default_factory=dict)
    values: dict[str, Value] = field(default_factory=dict)

    def condition(self, condition: SqlCondition) -> str:
        """Write a condition as a filter or condition expression."""
        if condition.parts:
            parts = [self._enclosed(part) for part in condition.parts]
            return f"NOT {parts[0]}" if condition.how == "NOT" else f" {condition.how} ".join(parts)
        left, *others = map(self._operand, condition.operands)
        match condition.how:
            case "MISSING":
                return f"attribute_not_exists({left})"
            case "NULL":
                return f"attribute_type({left}, {self._value({'S': 'NULL'})})"
            case "IN":
                return f"{left} IN ({', '.join(others)})"
            case how if how in _CALLS:
                return f"{_CALLS[how]}({left}, {others[0]})"
        return f"{left} {condition.how} {' AND '.join(others)}"

    def update(self, changes: Sequence[tuple[Path, Change]]) -> str:
        """Write the changes of an UPDATE as an update expression."""
        set_to = [f"{self._path(path)} = {self._change(change)}" for path, change in changes if change]
        removed = [self._path(path) for path, change in changes if not change]
        clauses = (("SET", set_to), ("REMOVE", removed))
        return " ".join(f"{verb} {', '.join(parts)}" for verb, parts in clauses if parts)

    def _enclosed(self, part: SqlCondition) -> str:
        text = self.condition(part)
        return f"({text})" if part.how in ("AND", "OR", "NOT") else text

    def _change(self, change: tuple[Any, ...]) -> str:
        return " ".join(part if isinstance(part, str) else self._operand(part) for part in change)

    def _operand(self, operand: SqlOperand) -> str:
        if operand.path is None:
            return self._value(operand.value or {})
        return f"size({self._path(operand.path)})" if operand.is_size else self._path(operand.path)

    def _path(self, path: Path) -> str:
        return "".join(f"[{step}]" if isinstance(step, int) else f".{self._name(step)}" for step in path)[1:]

    def _name(self, name: str) -> str:
        return _placeholder(self.names, "#", name)

    def _value(self, value: Value) -> str:
        return _placeholder(self.values, ":", value)


def _placeholder(meanings: dict[str, Any], mark: str, meaning: Any) -> str:
    placeholder = next((name for name, other in meanings.items() if other == meaning), f"{mark}p{len(meanings)}")
    meanings[placeholder] = meaning
    return placeholder
