"""How a statement of DynamoDB's PartiQL is read: its table and index, its condition as a tree, and what it changes.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Value = Mapping[str, Any]
Path = tuple[str | int, ...]
# what an UPDATE sets: an operand, or two with + or - between them; None where it removes
Change = tuple["SqlOperand"] | tuple["SqlOperand", str, "SqlOperand"] | None

_TOKEN = re.compile(
    r"'(?:[^']|'')*'|\"[^\"]+\"|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|<<|>>|[<>!]=|<>|[=<>(),.\[\]{}:?*;+-]|[A-Za-z_]\w*|\S"
)
_NAME = re.compile(r'"[^"]+"|[A-Za-z_]\w*')  # others are quoted
_COMPARISONS = {"=": "=", "<>": "<>", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_TESTS = {"BEGINS_WITH": 2, "CONTAINS": 2, "ATTRIBUTE_TYPE": 2}  # functions that hold or do not, and their operands
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.select.html: no name without quotes
_WORDS = frozenset(
    ("AND", "BETWEEN", "BY", "FALSE", "FROM", "IN", "IS", "MISSING", "NOT", "NULL", "OR", "ORDER", "REMOVE",
     "RETURNING", "SELECT", "SET", "TRUE", "VALUE", "WHERE")
)  # fmt: skip
_CONSTANTS: Mapping[str, Value] = {"TRUE": {"BOOL": True}, "FALSE": {"BOOL": False}, "NULL": {"NULL": True}}
_END = "the end"


@dataclass(frozen=True)
class SqlOperand:
    """A path, a value, or the size of what is at a path."""

    path: Path | None = None
    value: Value | None = None
    is_size: bool = False


@dataclass(frozen=True)
class SqlCondition:
    """A condition: AND, OR or NOT of others, or one of operands, such as =, IN, BETWEEN, BEGINS_WITH or MISSING."""

    how: str
    parts: tuple["SqlCondition", ...] = ()
    operands: tuple[SqlOperand, ...] = ()

    @property
    def conjuncts(self) -> tuple["SqlCondition", ...]:
        """Return the conditions that must all hold for this one."""
        if self.how != "AND":
            return (self,)
        return tuple(conjunct for part in self.parts for conjunct in part.conjuncts)


@dataclass(frozen=True)
class SqlStatement:
    """A statement: its verb, table and index, the paths it selects (none: all), its condition and order.

    `changes` are the paths that an UPDATE sets, and those that it removes (None). `returning` is such as "ALL OLD".
    """

    verb: str
    table: str
    index: str | None = None
    paths: tuple[Path, ...] = ()
    condition: SqlCondition | None = None
    order: tuple[tuple[str, bool], ...] = ()  # attributes, and whether they descend
    changes: tuple[tuple[Path, Change], ...] = ()
    item: Mapping[str, Value] = field(default_factory=dict)
    returning: str = ""

    @property
    def conjuncts(self) -> tuple[SqlCondition, ...]:
        """Return the conditions that must all hold."""
        return self.condition.conjuncts if self.condition else ()


def parse(text: str, parameters: Sequence[Value] = ()) -> SqlStatement:
    """Return what a statement says; ValueError names the token that is not understood."""
    reading = _Reading(text, parameters)
    verb = reading.need("SELECT", "INSERT", "UPDATE", "DELETE")
    statement = {"SELECT": _select, "INSERT": _insert, "UPDATE": _update, "DELETE": _delete}[verb](reading)
    reading.take(";")
    reading.need(_END)
    if reading.parameters:
        raise ValueError(f"{len(reading.parameters)} parameters too many for the ? of the statement")
    return statement


class _Reading:
    """The tokens of a statement, and the parameters that are left for its question marks."""

    def __init__(self, text: str, parameters: Sequence[Value]) -> None:
        self.tokens, self.at, self.parameters = _TOKEN.findall(text), 0, list(parameters)

    @property
    def next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else _END

    def take(self, *wanted: str) -> str:
        """Return the next token in capitals and go on if it is one of these; else return an empty text."""
        token = self.next.upper() if self.next != _END else _END
        if token not in wanted:
            return ""
        self.at += 1
        return token

    def need(self, *wanted: str) -> str:
        token = self.take(*wanted)
        if not token:
            raise self.unclear(" or ".join(wanted))
        return token

    def unclear(self, expected: str) -> ValueError:
        return ValueError(f"{self.next} where {expected} is expected")

    def name(self) -> str:
        token = self.next
        if not _NAME.fullmatch(token) or token.upper() in _WORDS:
            raise self.unclear("a name")
        self.at += 1
        return token.strip('"')

    def path(self) -> Path:
        steps: list[str | int] = [self.name()]
        while mark := self.take(".", "["):
            if mark == ".":
                steps.append(self.name())
                continue
            if not self.next.isdigit():
                raise self.unclear("a place in a list")
            steps.append(int(self.next))
            self.at += 1
            self.need("]")
        return tuple(steps)

    def names(self) -> tuple[str, str | None]:
        """Read a table, and an index of it."""
        table = self.name()
        return table, self.name() if self.take(".") else None

    def value(self) -> Value:
        """Read a value of any type."""
        word = self.next
        if word == _END:
            raise self.unclear("a value")
        self.at += 1
        if word[0] == "'":
            return {"S": word[1:-1].replace("''", "'")}
        if word.upper() in _CONSTANTS:
            return _CONSTANTS[word.upper()]
        if word[0].isdigit():
            return {"N": word}
        return self._marked(word)

    def _marked(self, mark: str) -> Value:
        """Read a value that begins with a mark."""
        match mark:
            case "-" | "+" if self.next[0].isdigit():
                return {"N": f"{mark}{self.value()['N']}".removeprefix("+")}
            case "?" if self.parameters:
                return dict(self.parameters.pop(0))
            case "[":
                return {"L": self._until("]")}
            case "{":
                return {"M": self._map()}
            case "<<":
                return self._set()
        self.at -= 1
        raise ValueError("a ? without a parameter") if mark == "?" else self.unclear("a value")

    def _until(self, end: str) -> list[Value]:
        values: list[Value] = []
        while not self.take(end):
            values.append(self.value())
            if self.next != end:
                self.need(",")
        return values

    def _map(self) -> dict[str, Value]:
        entries: dict[str, Value] = {}
        while not self.take("}"):
            key = self.value() if self.next[0] == "'" else {"S": self.name()}
            self.need(":")
            entries[str(key["S"])] = self.value()
            if self.next != "}":
                self.need(",")
        return entries

    def _set(self) -> Value:
        values = self._until(">>")
        kinds = {kind for value in values for kind in value}
        if len(kinds) != 1 or not kinds <= {"S", "N", "B"}:
            raise ValueError("a set that is empty or of several types")
        (kind,) = kinds
        return {f"{kind}S": [value[kind] for value in values]}

    def operand(self) -> SqlOperand:
        """Read a path, a value, or size(path)."""
        if self.next.upper() == "SIZE" and self.tokens[self.at + 1 : self.at + 2] == ["("]:
            self.at += 2
            path = self.path()
            self.need(")")
            return SqlOperand(path, is_size=True)
        if _NAME.fullmatch(self.next) and self.next.upper() not in _WORDS:
            return SqlOperand(self.path())
        return SqlOperand(value=self.value())


def _select(reading: _Reading) -> SqlStatement:
    paths: list[Path] = []
    if not reading.take("*"):
        paths.append(reading.path())
        while reading.take(","):
            paths.append(reading.path())
    reading.need("FROM")
    table, index = reading.names()
    condition = _where(reading, required=False)
    order: list[tuple[str, bool]] = []
    if reading.take("ORDER"):
        reading.need("BY")
        order.append(_order(reading))
        while reading.take(","):
            order.append(_order(reading))
    return SqlStatement("SELECT", table, index, tuple(paths), condition, tuple(order))


def _order(reading: _Reading) -> tuple[str, bool]:
    return reading.name(), reading.take("ASC", "DESC") == "DESC"


def _insert(reading: _Reading) -> SqlStatement:
    reading.need("INTO")
    table = reading.name()
    reading.need("VALUE")
    item = reading.value()
    if "M" not in item:
        raise ValueError("INSERT takes one item, {'name': value, …}")
    return SqlStatement("INSERT", table, item=item["M"])


def _update(reading: _Reading) -> SqlStatement:
    table, changes = reading.name(), list[tuple[Path, Change]]()
    while verb := reading.take("SET", "REMOVE"):
        changes.append(_change(reading, verb))
        while reading.take(","):
            changes.append(_change(reading, verb))
    if not changes:
        raise reading.unclear("SET or REMOVE")
    condition = _where(reading, required=True)
    return SqlStatement("UPDATE", table, condition=condition, changes=tuple(changes), returning=_returning(reading))


def _change(reading: _Reading, verb: str) -> tuple[Path, Change]:
    path = reading.path()
    if verb == "REMOVE":
        return path, None
    reading.need("=")
    operand = reading.operand()
    sign = reading.take("+", "-")
    return path, (operand, sign, reading.operand()) if sign else (operand,)


def _delete(reading: _Reading) -> SqlStatement:
    reading.need("FROM")
    table = reading.name()
    condition = _where(reading, required=True)
    return SqlStatement("DELETE", table, condition=condition, returning=_returning(reading))


def _returning(reading: _Reading) -> str:
    if not reading.take("RETURNING"):
        return ""
    returning = f"{reading.need('ALL', 'MODIFIED')} {reading.need('OLD', 'NEW')}"
    reading.need("*")
    return returning


def _where(reading: _Reading, *, required: bool) -> SqlCondition | None:
    if required:
        reading.need("WHERE")
    elif not reading.take("WHERE"):
        return None
    return _any_of(reading)


def _any_of(reading: _Reading) -> SqlCondition:
    return _joined(reading, "OR", _all_of)


def _all_of(reading: _Reading) -> SqlCondition:
    return _joined(reading, "AND", _negation)


def _joined(reading: _Reading, how: str, part: Any) -> SqlCondition:
    parts = [part(reading)]
    while reading.take(how):
        parts.append(part(reading))
    return parts[0] if len(parts) == 1 else SqlCondition(how, tuple(parts))


def _negation(reading: _Reading) -> SqlCondition:
    if reading.take("NOT"):
        return SqlCondition("NOT", (_negation(reading),))
    if reading.take("("):
        condition = _any_of(reading)
        reading.need(")")
        return condition
    return _predicate(reading)


def _predicate(reading: _Reading) -> SqlCondition:
    if reading.next.upper() in _TESTS and reading.tokens[reading.at + 1 : reading.at + 2] == ["("]:
        how = reading.need(*_TESTS)
        reading.need("(")
        operands = [reading.operand()]
        while reading.need(",", ")") == ",":
            operands.append(reading.operand())
        if len(operands) != _TESTS[how]:
            raise ValueError(f"{how} with {len(operands)} operands")
        return SqlCondition(how, operands=tuple(operands))
    left = reading.operand()
    if reading.take("IS"):
        negative = reading.take("NOT")
        condition = SqlCondition(reading.need("MISSING", "NULL"), operands=(left,))
        return SqlCondition("NOT", (condition,)) if negative else condition
    how = reading.need(*_COMPARISONS, "BETWEEN", "IN")
    if how == "IN":
        end = {"[": "]", "(": ")"}[reading.need("[", "(")]
        return SqlCondition("IN", operands=(left, *_operands(reading, end)))
    right = reading.operand()
    if how == "BETWEEN":
        reading.need("AND")
        return SqlCondition("BETWEEN", operands=(left, right, reading.operand()))
    return SqlCondition(_COMPARISONS[how], operands=(left, right))


def _operands(reading: _Reading, end: str) -> list[SqlOperand]:
    operands = [reading.operand()]
    while reading.need(",", end) == ",":
        operands.append(reading.operand())
    return operands
