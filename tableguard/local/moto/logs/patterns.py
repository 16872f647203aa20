"""Matches log lines against CloudWatch Logs' filter patterns: terms and phrases, or the fields of a line that is JSON.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
Regular expressions and lists of words in brackets are not modelled. That page does not say whether `!=` holds for a
field that is absent; here no comparison does.
"""

import json
import operator
import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

Match = Callable[[str], bool]
Condition = Callable[[Any], bool]

_TERM = re.compile(r'\s*([?-]?)(?:"((?:[^"\\]|\\.)*)"|(\w+))(?=\s|$)')
_TOKEN = re.compile(
    r'\s*(\$(?:\.[\w-]+|\[[0-9]+\])+|"(?:[^"\\]|\\.)*"|-?[0-9]+(?:\.[0-9]+)?|\|\||&&|!=|<=|>=|[=<>(){}]'
    r"|NOT EXISTS|IS (?:TRUE|FALSE|NULL)|[\w*.-]+)"
)
_STEP = re.compile(r"\.([\w-]+)|\[([0-9]+)\]")
_NAMED = {"IS TRUE": True, "IS FALSE": False, "IS NULL": None}
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ABSENT = object()


class PatternError(ValueError):
    """A filter pattern that is not understood here."""


@lru_cache(maxsize=64)
def parse(pattern: str) -> Match:
    """Return what matches a filter pattern; PatternError if it is not understood."""
    text = pattern.strip()
    if text.startswith("{"):
        return _fields(text)
    if text.startswith(("[", "%")):
        raise PatternError(f"{pattern}: words in brackets and regular expressions are not read")
    return _terms(text)


def _terms(text: str) -> Match:
    signed: dict[str, list[str]] = {"": [], "-": [], "?": []}
    place = 0
    while place < len(text):
        term = _TERM.match(text, place)
        if term is None:
            raise PatternError(f"{text[place:].strip()}: write a term that is not letters and digits in double quotes")
        signed[term[1]].append(re.sub(r"\\(.)", r"\1", term[2]) if term[2] is not None else term[3])
        place = term.end()
    every, none, some = signed[""], signed["-"], signed["?"]
    if some and (every or none):
        raise PatternError(f"{text}: terms with a question mark beside others")

    def matches(line: str) -> bool:
        wanted = all(term in line for term in every) and not any(term in line for term in none)
        return wanted and (not some or any(term in line for term in some))

    return matches


def _fields(text: str) -> Match:
    condition = _FieldPattern(text).condition()

    def matches(line: str) -> bool:
        try:
            fields = json.loads(line)
        except ValueError:
            return False
        return isinstance(fields, dict) and condition(fields)

    return matches


class _FieldPattern:
    """Reads a pattern in braces by recursive descent."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(_tokens(text))

    def condition(self) -> Condition:
        self._take("{")
        condition = self._either()
        self._take("}")
        if self._tokens:
            raise self._error()
        return condition

    def _error(self) -> PatternError:
        return PatternError(f"{self._text}: not understood at {self._tokens[0] if self._tokens else 'its end'}")

    def _take(self, *expected: str) -> str:
        if not self._tokens or (expected and self._tokens[0] not in expected):
            raise self._error()
        return self._tokens.pop(0)

    def _either(self) -> Condition:
        conditions = [self._both()]
        while self._tokens[:1] == ["||"]:
            self._take()
            conditions.append(self._both())
        return lambda fields: any(condition(fields) for condition in conditions)

    def _both(self) -> Condition:
        conditions = [self._term()]
        while self._tokens[:1] == ["&&"]:
            self._take()
            conditions.append(self._term())
        return lambda fields: all(condition(fields) for condition in conditions)

    def _term(self) -> Condition:
        if self._tokens[:1] == ["("]:
            self._take()
            condition = self._either()
            self._take(")")
            return condition
        if not self._tokens or not self._tokens[0].startswith("$"):
            raise self._error()
        path = self._take()
        compare = self._comparison()
        return lambda fields: compare(_at(fields, path))

    def _comparison(self) -> Condition:
        sign = self._take("=", "!=", "NOT EXISTS", *_ORDERS, *_NAMED)
        if sign == "NOT EXISTS":
            return lambda value: value is _ABSENT
        if sign in _NAMED:
            return lambda value: value is _NAMED[sign]
        operand = self._take()
        if sign in _ORDERS:
            return _ordered(sign, self._number(operand))
        return _equal(operand) if sign == "=" else _different(operand)

    def _number(self, operand: str) -> float:
        try:
            return float(operand)
        except ValueError as error:
            raise PatternError(f"{self._text}: {operand} is no number") from error


def _tokens(text: str) -> Iterator[str]:
    place = 0
    while text[place:].strip():
        token = _TOKEN.match(text, place)
        if token is None:
            raise PatternError(f"{text}: not understood at {text[place:].strip()}")
        yield token[1]
        place = token.end()


def _at(fields: Any, path: str) -> Any:
    for name, index in _STEP.findall(path):
        if isinstance(fields, list) and index and int(index) < len(fields):
            fields = fields[int(index)]
        elif isinstance(fields, dict) and name in fields:
            fields = fields[name]
        else:
            return _ABSENT
    return fields


def _ordered(sign: str, bound: float) -> Condition:
    return lambda value: isinstance(value, int | float) and not isinstance(value, bool) and _ORDERS[sign](value, bound)


def _equal(operand: str) -> Condition:
    quoted = operand.startswith('"')
    text = re.sub(r"\\(.)", r"\1", operand[1:-1]) if quoted else operand

    def equal(value: Any) -> bool:
        if isinstance(value, str):
            return fnmatchcase(value, re.sub(r"([\[?])", r"[\1]", text))  # a star alone stands for any text
        if isinstance(value, bool) or not isinstance(value, int | float) or quoted:
            return False
        try:
            return value == float(text)
        except ValueError:
            return False

    return equal


def _different(operand: str) -> Condition:
    equal = _equal(operand)
    return lambda value: value is not _ABSENT and not equal(value)
