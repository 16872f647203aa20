"""Every small change that somebody could make to a policy document by mistake or by intent."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
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
            yield Mutant(name, "statement dropped", _changed(document, lambda d, n=number: d["Statement"].pop(n)))
        for change, edit in _edits(statement):
            yield Mutant(name, change, _changed(document, lambda d, n=number, e=edit: e(d["Statement"][n])))


def _changed(document: Document, edit: Callable[[Document], object]) -> Document:
    found = copy.deepcopy(document)
    edit(found)
    return found


Edit = tuple[str, Callable[[Statement], object]]


def _edits(statement: Statement) -> Iterator[Edit]:
    yield _set("effect turned", ("Effect",), "Allow" if statement["Effect"] == "Deny" else "Deny")
    for element in (*_ACTIONS, *_RESOURCES):
        if element in statement:
            yield from _list_edits(element, statement[element])
            other = element.removeprefix("Not") if element.startswith("Not") else f"Not{element}"
            yield f"{element} -> {other}", lambda s, e=element, o=other: s.update({o: s.pop(e)})
    if "Condition" in statement:
        yield "every condition dropped", lambda s: s.pop("Condition")
        for operator, lines in statement["Condition"].items():
            for key, values in lines.items():
                yield from _condition_edits(operator, key, values)


def _list_edits(element: str, values: list[str]) -> Iterator[Edit]:
    if values != ["*"]:
        yield _set(f"{element} widened to *", (element,), ["*"])
    for n, value in enumerate(values):
        if len(values) > 1:
            yield f"{element} {value} dropped", lambda s, n=n: s[element].pop(n)
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
    yield f"{operator} {key} dropped", lambda s: _without(s, operator, key)
    yield f"{operator} {key} misspelt", lambda s: _renamed(s, operator, key, operator, key[:-2] + key[-1])
    yield f"{operator} misspelt on {key}", lambda s: _renamed(s, operator, key, operator[:-2] + operator[-1], key)
    for other in _SWAPS.get(operator, ()):
        yield f"{operator} {key} -> {other}", lambda s, o=other: _renamed(s, operator, key, o, key)
    listed = values if isinstance(values, list) else [values]
    for n, value in enumerate(listed):
        if len(listed) > 1:
            yield f"{operator} {key} {value} dropped", lambda s, n=n: s["Condition"][operator][key].pop(n)
        for change, other_value in _values(value):
            yield (
                f"{operator} {key} {value} {change}",
                lambda s, n=n, o=other_value: s["Condition"][operator].update(
                    {key: [o if m == n else each for m, each in enumerate(listed)]}
                ),
            )


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
    def edit(statement: Statement) -> None:
        target: Any = statement
        for step in path[:-1]:
            target = target[step]
        target[path[-1]] = value

    return change, edit


def _without(statement: Statement, operator: str, key: str) -> None:
    statement["Condition"][operator].pop(key)
    if not statement["Condition"][operator]:
        statement["Condition"].pop(operator)
    if not statement["Condition"]:
        statement.pop("Condition")


def _renamed(statement: Statement, operator: str, key: str, other_operator: str, other_key: str) -> None:
    values = statement["Condition"][operator][key]
    _without(statement, operator, key)
    statement.setdefault("Condition", {}).setdefault(other_operator, {})[other_key] = values
