"""How a SELECT of DynamoDB's PartiQL is read, as the filter and the attributes of a scan that gives the same items.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.select.html
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_STRING, _QUOTED = r"'(?:[^']|'')*'", r'"[^"]+"'
_NAME = rf"(?:{_QUOTED}|[A-Za-z_][\w-]*)"
_PATH = rf"{_NAME}(?:\.{_NAME}|\[\d+\])*"
_SELECT = re.compile(
    rf"\s*SELECT\s+(?P<what>\*|{_NAME}(?:\s*,\s*{_NAME})*)\s+FROM\s+(?P<table>{_NAME})(?:\.(?P<index>{_NAME}))?"
    r"(?:\s+WHERE\s+(?P<where>.+?))?\s*;?\s*",
    re.IGNORECASE | re.DOTALL,
)
_TOKEN = re.compile(rf"{_STRING}|-?\d+(?:\.\d+)?|\?|[<>!]=|<>|[=<>(),]|{_PATH}|\S")
_KEPT = {word: word for word in ("AND", "OR", "NOT", "BETWEEN", "=", "<>", "<", "<=", ">", ">=", "(", ")", ",")}
_KEPT["!="] = "<>"
_FUNCTIONS = ("begins_with", "contains", "attribute_type", "size")
_REFUSED = ("ORDER", "BY", "IS", "IN", "EXISTS", "MISSING", "NULL", "LIMIT")


@dataclass
class Selection:
    """The table and index of a SELECT, its attributes (none: all), and its filter with what placeholders mean."""

    table: str
    index: str | None
    attributes: list[str]
    filter: str = ""
    names: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)


def selection(statement: str, parameters: Sequence[Mapping[str, Any]]) -> Selection:
    """Return what a SELECT asks for; ValueError says what of it is not modelled."""
    match = _SELECT.fullmatch(statement)
    if match is None:
        raise ValueError("a statement that is not SELECT attributes FROM table WHERE condition")
    names = [] if match["what"] == "*" else re.findall(_NAME, match["what"])
    reading = Selection(_bare(match["table"]), match["index"] and _bare(match["index"]), list(map(_bare, names)))
    left = list(parameters)
    reading.filter = " ".join(_operand(reading, token, left) for token in _TOKEN.findall(match["where"] or ""))
    return reading


def _bare(name: str) -> str:
    return name.strip('"')


def _path(of: Selection, path: str) -> str:
    steps = re.findall(rf"{_NAME}|\[\d+\]", path)
    return "".join(step if step[0] == "[" else f".{_placeholder(of.names, '#', _bare(step))}" for step in steps)[1:]


def _placeholder(meanings: dict[str, Any], mark: str, meaning: Any) -> str:
    placeholder = next((name for name, other in meanings.items() if other == meaning), f"{mark}p{len(meanings)}")
    meanings[placeholder] = meaning
    return placeholder


def _operand(of: Selection, token: str, parameters: list[Mapping[str, Any]]) -> str:
    if token.upper() in _KEPT:
        return _KEPT[token.upper()]
    if token in _FUNCTIONS:
        return token
    if token.upper() in _REFUSED or not re.match(r"['\"?\w-]", token) or (token[0] == "?" and not parameters):
        raise ValueError(f"{token} in a condition")
    value = _value(token, parameters)
    return _path(of, token) if value is None else _placeholder(of.values, ":", value)


def _value(token: str, parameters: list[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Return the value that a token is; None if it is a path."""
    if token[0] == "'":
        return {"S": token[1:-1].replace("''", "'")}
    if token[0] == "?":
        return dict(parameters.pop(0))
    if token.upper() in ("TRUE", "FALSE"):
        return {"BOOL": token.upper() == "TRUE"}
    return {"N": token} if re.fullmatch(r"-?\d+(?:\.\d+)?", token) else None
