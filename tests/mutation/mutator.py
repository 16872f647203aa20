"""Every small change that somebody could make to a policy document by mistake or by intent."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

Document = dict[str, Any]
Statement = dict[str, Any]
Path = tuple[str | int, ...]

_SWAPS = {
    "StringEquals": ("StringNotEquals", "StringEqualsIfExists", "StringEqualsIgnoreCase"),
    "StringNotEquals": ("StringEquals", "StringNotEqualsIfExists", "ForAnyValue:StringNotEquals", "StringNotLike"),
    "StringNotEqualsIfExists": ("StringEquals", "StringNotEquals", "StringEqualsIfExists"),
    "StringEqualsIfExists": ("StringEquals", "StringNotEqualsIfExists"),
    "ArnNotLike": ("ArnLike", "ArnNotLikeIfExists", "StringNotLike", "ArnNotEquals"),
    "ArnLike": ("ArnNotLike", "StringLike", "ArnLikeIfExists"),
    "ArnEquals": ("ArnNotEquals", "StringEquals", "ArnEqualsIfExists"),
    "ForAnyValue:StringLike": ("ForAllValues:StringLike", "ForAnyValue:StringNotLike", "ForAnyValue:StringEquals"),
    "ForAnyValue:StringEquals": ("ForAllValues:StringEquals", "ForAnyValue:StringNotEquals"),
    "ForAllValues:StringLike": ("ForAnyValue:StringLike", "ForAllValues:StringEquals", "ForAllValues:StringNotLike"),
    "ForAllValues:StringEquals": ("ForAnyValue:StringEquals", "ForAllValues:StringNotEquals"),
    "Bool": ("BoolIfExists",),
    "BoolIfExists": ("Bool",),
}
_ACTIONS = ("Action", "NotAction")
_RESOURCES = ("Resource", "NotResource")


@dataclass(frozen=True)
class Mutant:
    """A changed document and what was changed, where."""

    place: str
    change: str
    document: Document

    def __str__(self) -> str:
        return f"{self.place}: {self.change}"


def mutants(place: str, document: Document) -> Iterator[Mutant]:
    """Every mutant of a document: each change at each place where it can be made."""
    for number, statement in enumerate(document["Statement"]):
        name = f"{place} {statement['Sid']}"
        if len(document["Statement"]) > 1:
            dropped = copy.deepcopy(document)
            dropped["Statement"].pop(number)
            yield Mutant(name, "statement dropped", dropped)
        for change, edit in _edits(statement):
            changed = copy.deepcopy(document)
            edit(changed["Statement"][number])
            yield Mutant(name, change, changed)


Edit = tuple[str, Callable[[Statement], object]]


def _edits(statement: Statement) -> Iterator[Edit]:
    yield _set("effect turned", ("Effect",), "Allow" if statement["Effect"] == "Deny" else "Deny")
    for element in (*_ACTIONS, *_RESOURCES):
        if element in statement:
            yield from _list_edits(element, statement[element])
            other = element.removeprefix("Not") if element.startswith("Not") else f"Not{element}"
            yield f"{element} -> {other}", partial(_moved, element, other)
    if "Condition" in statement:
        yield "every condition dropped", partial(_removed, "Condition")
        for operator, lines in statement["Condition"].items():
            for key, values in lines.items():
                yield from _condition_edits(operator, key, values)


def _list_edits(element: str, values: list[str]) -> Iterator[Edit]:
    if values != ["*"]:
        yield _set(f"{element} widened to *", (element,), ["*"])
    for n, value in enumerate(values):
        if len(values) > 1:
            yield f"{element} {value} dropped", partial(_dropped, (element,), n)
        for change, other in _texts(element, value):
            yield _set(f"{element} {value} {change}", (element, n), other)


def _texts(element: str, value: str) -> Iterator[tuple[str, str]]:
    if element in _ACTIONS:
        service, _, name = value.partition(":")
        yield "in other case", value.swapcase()
        yield "misspelt", f"{value[:-2]}{value[-1]}" if not value.endswith("*") else f"{value[:-3]}*"
        yield "widened to its service", f"{service}:*"
        if not name.endswith("*"):
            yield "with a star", f"{value}*"
    elif value.startswith("arn:"):
        yield "widened", f"{value}*"
        yield "narrowed", f"{value.rstrip('*')}x" if value.endswith("*") else f"{value}x"
        yield "in other case", value.swapcase()


def _condition_edits(operator: str, key: str, values: Any) -> Iterator[Edit]:
    yield f"{operator} {key} dropped", partial(_without, operator, key)
    yield f"{operator} {key} misspelt", partial(_renamed, operator, key, operator, key[:-2] + key[-1])
    yield f"{operator} misspelt on {key}", partial(_renamed, operator, key, operator[:-2] + operator[-1], key)
    for other in _SWAPS.get(operator, ()):
        yield f"{operator} {key} -> {other}", partial(_renamed, operator, key, other, key)
    listed = values if isinstance(values, list) else [values]
    for n, value in enumerate(listed):
        if len(listed) > 1:
            yield f"{operator} {key} {value} dropped", partial(_dropped, ("Condition", operator, key), n)
        for change, other_value in _values(value):
            others = [other_value if m == n else each for m, each in enumerate(listed)]
            yield _set(f"{operator} {key} {value} {change}", ("Condition", operator, key), others)


def _values(value: str) -> Iterator[tuple[str, str]]:
    if value in ("true", "false"):
        yield "turned", "false" if value == "true" else "true"
        return
    yield "in other case", value.swapcase()
    yield "widened", f"{value[:-1]}*"
    if value.startswith("arn:aws:iam::"):
        yield "to any role", f"{value.rsplit('/', 1)[0]}/*"
        yield "to any account", "arn:aws:iam::*:" + value.split(":", 5)[5]


def _set(change: str, path: Path, value: Any) -> Edit:
    return change, partial(_put, path, value)


def _put(path: Path, value: Any, statement: Statement) -> None:
    _inside(statement, path[:-1])[path[-1]] = value


def _dropped(path: Path, number: int, statement: Statement) -> None:
    _inside(statement, path).pop(number)


def _inside(statement: Statement, path: Path) -> Any:
    target: Any = statement
    for step in path:
        target = target[step]
    return target


def _removed(element: str, statement: Statement) -> None:
    statement.pop(element)


def _moved(element: str, other: str, statement: Statement) -> None:
    statement[other] = statement.pop(element)


def _without(operator: str, key: str, statement: Statement) -> None:
    statement["Condition"][operator].pop(key)
    if not statement["Condition"][operator]:
        statement["Condition"].pop(operator)
    if not statement["Condition"]:
        statement.pop("Condition")


def _renamed(operator: str, key: str, other_operator: str, other_key: str, statement: Statement) -> None:
    values = statement["Condition"][operator][key]
    _without(operator, key, statement)
    statement.setdefault("Condition", {}).setdefault(other_operator, {})[other_key] = values
