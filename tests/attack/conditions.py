"""Random conditions, and covers: conditions of which one holds nearly always."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from tests.attack.words import VARIABLES, VARIABLES_OF, ContextKey, Dice

Block = dict[str, dict[str, Any]]

_TEXTS = ("text", "list", "word", "caller", "arn")
_TEXT = ("StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringLike", "StringLike", "StringNotLike")
_ARN = ("ArnLike", "ArnNotLike", "ArnEquals", "ArnNotEquals")
_ORDER = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")


class Conditions:
    """Draws conditions on a few keys."""

    def __init__(self, dice: Dice, keys: Sequence[ContextKey], variables: float) -> None:
        self.dice, self.keys, self.variables = dice, keys, variables

    def block(self, lines: int) -> Block:
        """Return a Condition block of so many lines."""
        block: Block = {}
        for _ in range(lines):
            operator, key, values = self._line(self.dice.one(self.keys))
            block.setdefault(operator, {}).setdefault(key, values)
        return block

    def _line(self, key: ContextKey) -> tuple[str, str, Any]:
        if self.dice.chance(0.12):
            return "Null", key.name, self.dice.one(("true", "false"))
        operator, values = self._comparison(key)
        if key.kind == "list":
            if self.dice.chance(0.97):
                operator = f"{self.dice.one(('ForAllValues', 'ForAnyValue'))}:{operator}"
        elif self.dice.chance(0.2):
            operator += "IfExists"
        return operator, key.name, values[0] if len(values) == 1 and self.dice.chance(0.5) else values

    def _comparison(self, key: ContextKey) -> tuple[str, list[str]]:
        """Return an operator and its values; now and then one of texts on a key that is none."""
        if key.kind in _TEXTS:
            return self._of_text(key)
        if self.dice.chance(0.03):
            return self.dice.one(_TEXT), [self.dice.one((self.dice.pattern(), "2*", "1*", "true"))]
        match key.kind:
            case "number":
                return f"Numeric{self.dice.one(_ORDER)}", [self.dice.number() for _ in range(self.dice.one((1, 1, 2)))]
            case "bool":
                return "Bool", [self.dice.one(("true", "false"))]
            case "address":
                return self.dice.one(("IpAddress", "NotIpAddress")), [self.dice.block() for _ in range(2)]
        return f"Date{self.dice.one(_ORDER)}", [self.dice.date()]

    def _of_text(self, key: ContextKey) -> tuple[str, list[str]]:
        variables = VARIABLES_OF.get(key.name, VARIABLES if key.kind == "text" else ())
        if variables and self.dice.chance(self.variables):
            operators = _ARN[:2] if key.kind == "caller" else ("StringEquals", "StringLike", "StringNotEquals")
            return self.dice.one(operators), [self.dice.one(variables)]
        if key.kind in ("caller", "arn"):
            return self.dice.one(_ARN), [self.dice.texts(key) for _ in range(self.dice.one((1, 1, 2, 4)))]
        return self.dice.one(_TEXT), [self.dice.texts(key) for _ in range(self.dice.one((1, 1, 2)))]

    def cover(self) -> list[Mapping[str, Any]]:
        """Return blocks of which one holds nearly always: whatever a key's value is, and if it is absent."""
        key = self.dice.one(self.keys)
        blocks = self._parts(key)
        if self.dice.chance(0.9):
            blocks.append({"Null": {key.name: "true"}})
        if self.dice.chance(0.15):
            blocks.pop(self.dice.random.randrange(len(blocks)))
        return blocks

    def _parts(self, key: ContextKey) -> list[Mapping[str, Any]]:
        match key.kind:
            case "number":
                return self._ordered(key, "Numeric", *self._numbers())
            case "date" | "time":
                return self._ordered(key, "Date", *(sorted((self.dice.date(), self.dice.date()))))
            case "bool":
                return [{"Bool": {key.name: "true"}}, {"Bool": {key.name: "false"}}]
            case "address":
                one = self.dice.block()
                others = self.dice.one(([one], [one, self.dice.block()]))
                return [{"IpAddress": {key.name: one}}, {"NotIpAddress": {key.name: others}}]
            case "list":
                return self._of_list(key)
            case _:
                return self._of_texts(key, "Arn" if key.kind in ("caller", "arn") else "String")

    def _numbers(self) -> tuple[str, str]:
        low = Decimal(self.dice.number())
        high = low + Decimal(self.dice.one(("0", "0", "0.001", "1", "2", "1000")))
        return format(low, "f"), format(high, "f")

    def _ordered(self, key: ContextKey, kind: str, low: str, high: str) -> list[Mapping[str, Any]]:
        below, above = (
            self.dice.one(("LessThan", "LessThanEquals")),
            self.dice.one(("GreaterThan", "GreaterThanEquals")),
        )
        between = [{f"{kind}Equals": {key.name: [low, high]}}] if self.dice.chance(0.3) else []
        return [{f"{kind}{below}": {key.name: low}}, {f"{kind}{above}": {key.name: high}}, *between]

    def _of_texts(self, key: ContextKey, kind: str) -> list[Mapping[str, Any]]:
        inside = [self.dice.texts(key) for _ in range(self.dice.one((1, 2, 3)))]
        outside = [*inside, self.dice.texts(key)] if self.dice.chance(0.6) else inside
        return [{f"{kind}Like": {key.name: inside}}, {f"{kind}NotLike": {key.name: outside}}]

    def _of_list(self, key: ContextKey) -> list[Mapping[str, Any]]:
        inside = [self.dice.texts(key) for _ in range(self.dice.one((1, 2)))]
        outside = [*inside, self.dice.texts(key)] if self.dice.chance(0.5) else inside
        if self.dice.chance(0.3):  # one value is always in or out, several may be both
            kinds = ("ForAllValues:StringLike", "ForAllValues:StringNotLike")
            return [{kind: {key.name: inside}, "Null": {key.name: "false"}} for kind in kinds]
        return [
            {"ForAnyValue:StringLike": {key.name: inside}},
            {"ForAllValues:StringNotLike": {key.name: outside}, "Null": {key.name: "false"}},
        ]
