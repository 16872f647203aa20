"""The words, document paths and operands of which DynamoDB's condition and update expressions consist.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.Attributes.html
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Any

from tableguard.aws.item_size import AttributeValue, Image

BYTES, OPERATORS, PARENTHESES = 4096, 300, 200
LEVELS, INDEX_DIGITS = 32, 9
END = "<EOF>"
# what these return is true or false, and no operand
BOOLEAN = frozenset({"attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains"})
_NESTED = frozenset({"if_not_exists"})  # the only function that may be among its own operands
_TOKEN = re.compile(r"<>|<=|>=|[=<>(),.\[\]+-]|[#:]?\w+", re.ASCII)
_OPERATORS = frozenset({"<>", "<=", ">=", "=", "<", ">", "+", "-", "AND", "OR", "NOT", "IN", "BETWEEN"})

Path = tuple[str | int, ...]
Reading = Callable[[Image], Any]  # the value of an operand in an item, None where it is absent; or what holds of one


class RewrittenExpression(str):
    """An expression that stands for parameters of another form, and has no limit of its own."""


@dataclass(frozen=True)
class Operand:
    """A path, a value of the request, or what a function returns."""

    text: str
    read: Reading
    path: Path | None = None
    literal: AttributeValue | None = None

    @property
    def kind(self) -> str | None:
        """Return the type of a value of the request; None for what depends on the item."""
        return None if self.literal is None else next(iter(self.literal))


@dataclass(frozen=True)
class FunctionForm:
    """How many operands a function takes, and what it returns of them; ValueError says why it does not take these."""

    operands: int
    of: Callable[..., Any]


class Expression:
    """An expression under reading: its tokens, the next one's place, and what placeholders stand for."""

    def __init__(
        self, text: str, names: Mapping[str, str], values: Mapping[str, AttributeValue], reserved: Collection[str]
    ) -> None:
        """Split a text into tokens; ValueError says why it is no expression."""
        self.names, self.values, self.reserved = names, values, reserved
        self.tokens, self._at = _tokens(text, not isinstance(text, RewrittenExpression)), 0

    @property
    def next(self) -> str:
        """Return the next token, without going on."""
        return self.tokens[self._at] if self._at < len(self.tokens) else END

    @property
    def is_call(self) -> bool:
        """Return whether a function's name comes next."""
        return self.tokens[self._at + 1 : self._at + 2] == ("(",) and self.next[0].isalpha()

    def take(self, *wanted: str) -> str:
        """Return the next token in capitals and go on if it is one of these; else return an empty text."""
        token = self.next.upper()
        if token not in wanted:
            return ""
        self._at += 1
        return token

    def need(self, *wanted: str) -> str:
        """Return the next token in capitals, which must be one of these, and go on."""
        token = self.take(*wanted)
        if not token:
            near = " ".join(self.tokens[max(self._at - 1, 0) : self._at + 2])
            raise ValueError(f'Syntax error; token: "{self.next}", near: "{near}"')
        return token

    def path(self) -> Path:
        """Read a document path."""
        steps: list[str | int] = [self._name()]
        while mark := self.take(".", "["):
            steps.append(self._name() if mark == "." else self._index())
        if len(steps) > LEVELS:
            raise ValueError(f"The document path has too many nesting levels; nesting levels: {len(steps)}")
        return tuple(steps)

    def _name(self) -> str:
        token = self.next
        if token.startswith("#") and token not in self.names:
            raise ValueError(
                f"An expression attribute name used in the document path is not defined; attribute name: {token}"
            )
        if token.upper() in self.reserved:
            raise ValueError(f"Attribute name is a reserved keyword; reserved keyword: {token}")
        if token[0] != "#" and not token[0].isalpha():
            self.need("a name")
        self._at += 1
        return self.names.get(token, token)

    def _index(self) -> int:
        token = self.next
        if len(token) > INDEX_DIGITS:
            raise ValueError(f"List index is not within the allowable range; index: [{token}]")
        self._at += token.isdigit()
        self.need("]")
        return int(token)

    def operand(self, functions: Mapping[str, FunctionForm]) -> Operand:
        """Read a path, a value, or a call of one of these functions."""
        if self.is_call:
            return self.call(functions)
        token, start = self.next, self._at
        if not token.startswith(":"):
            path = self.path()
            return Operand("".join(self.tokens[start : self._at]), lambda image: value_at(path, image), path)
        if token not in self.values:
            raise ValueError(
                f"An expression attribute value used in expression is not defined; attribute value: {token}"
            )
        self._at += 1
        literal = self.values[token]
        return Operand(token, lambda _: literal, literal=literal)

    def call(self, functions: Mapping[str, FunctionForm]) -> Operand:
        """Read a call of one of these functions."""
        name = self.next
        if name not in functions:
            raise ValueError(f"Invalid function name, or it is not allowed to be used this way; function: {name}")
        self._at += 1
        self.need("(")
        allowed = functions.keys() - BOOLEAN - ({name} - _NESTED)
        nested = {name: functions[name] for name in allowed}
        operands = [self.operand(nested)]
        while self.need(",", ")") == ",":
            operands.append(self.operand(nested))
        if len(operands) != functions[name].operands:
            raise ValueError(
                f"Incorrect number of operands for operator or function; operator or function: {name}, "
                f"number of operands: {len(operands)}"
            )
        return Operand(f"{name}()", functions[name].of(*operands))


@lru_cache(maxsize=128)  # a program states few expressions, each many times
def _tokens(text: str, is_limited: bool) -> tuple[str, ...]:
    if (size := len(text.encode())) > BYTES and is_limited:
        raise ValueError(f"Expression size has exceeded the maximum allowed size; expression size: {size}")
    if unknown := re.search(r"\S", _TOKEN.sub(" ", text)):
        raise ValueError(f'Syntax error; token: "{unknown[0]}", near: "{text.strip()[:40]}"')
    tokens = tuple(_TOKEN.findall(text))
    if not tokens:
        raise ValueError("The expression can not be empty;")
    if (count := sum(token.upper() in _OPERATORS for token in tokens)) > OPERATORS and is_limited:
        raise ValueError(f"The expression contains too many operators; operator count: {count}")
    _check_parentheses(tokens)
    return tokens


def _check_parentheses(tokens: Sequence[str]) -> None:
    opened: list[int] = []
    inner = (-1, -1)
    for at in (at for at, text in enumerate(tokens) if text in "()"):
        if tokens[at] == "(":
            opened.append(at)
        elif opened:
            start = opened.pop()
            if inner == (start + 1, at - 1):
                raise ValueError("The expression has redundant parentheses;")
            inner = (start, at)
        if len(opened) > PARENTHESES:
            raise ValueError("The expression is nested too deeply;")


def wrong_operand(operator: str, operand: Operand) -> ValueError:
    """Return the error about an operand of a type that an operator or function does not take."""
    return ValueError(
        "Incorrect operand type for operator or function; "
        f"operator or function: {operator}, operand type: {operand.kind}"
    )


def check_apart(paths: Sequence[Path]) -> None:
    """Raise ValueError where two paths lead to the same place, one into the other, or to a map and a list."""
    if len({path[0] for path in paths}) == len(paths):
        return  # of different attributes, as most are; otherwise each pair is compared
    for one, other in combinations(paths, 2):
        fork = next(((a, b) for a, b in zip(one, other, strict=False) if a != b), None)
        if fork is None or type(fork[0]) is not type(fork[1]):
            how = "conflict" if fork else "overlap"
            raise ValueError(
                f"Two document paths {how} with each other; must remove or rewrite one of these paths; "
                f"path one: {_text(one)}, path two: {_text(other)}"
            )


def _text(path: Path) -> str:
    return "[" + ", ".join(f"[{step}]" if isinstance(step, int) else step for step in path) + "]"


def value_at(path: Path, image: Image) -> Any:
    """Return the value at a path in an item; None where there is none."""
    value: Any = {"M": image}
    for step in path:
        content = value.get("M" if isinstance(step, str) else "L", {})
        if step not in (content if isinstance(step, str) else range(len(content))):
            return None
        value = content[step]
    return value
