"""The changes of a stack as a diff of its resources' properties: lines for people, facts for JSON."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tableguard.findings.counts import counted
from tableguard.stacks.changes import PropertyChange, ResourceChange

_GRAVE = "bold red"
_LONGEST = 160  # letters of a value on a line; JSON has all of it
_AROUND = 40  # letters before the first difference of two long values
_REPLACED: Mapping[str, str] = {"conditional": "MAY REPLACE the resource", "always": "REPLACES the resource"}


@dataclass(frozen=True)
class DiffLine:
    """A line of the diff, and its style on a terminal."""

    text: str
    style: str = ""


def lines(stack_name: str, changes: Sequence[ResourceChange]) -> Iterator[DiffLine]:
    """Yield the diff of a stack: each resource, under it each property with both values."""
    yield DiffLine(f"{stack_name}: {counted(len(changes), 'change')}", "bold")
    for change in changes:
        notes = "".join(f"  {note}" for note in _notes(change))
        style = _GRAVE if change.is_grave or change.replacement != "never" else ""
        yield DiffLine(f"  {change.action:<7} {change.resource_type:<40} {change.logical_id}{notes}", style)
        for value in change.values or _untold(change):
            yield DiffLine(f"            {_property(value)}", _GRAVE if value.replacement != "never" else "")


def _untold(change: ResourceChange) -> Iterator[PropertyChange]:
    """Yield the properties that change where AWS does not tell their values."""
    yield from (PropertyChange(name, None, None) for name in change.properties)


def _notes(change: ResourceChange) -> Iterator[str]:
    if change.replacement != "never":
        yield _REPLACED[change.replacement]
    if not change.certain:
        yield "if what it refers to changes"
    if change.loses_data:
        what = "its data stays with the former one" if change.kept else "its data is lost with it"
        yield what if change.replacement == "always" or change.action == "Remove" else f"{what} then"
    elif change.action == "Remove":
        yield "it stays in the account" if change.kept else "it is deleted"


def _property(value: PropertyChange) -> str:
    causes = f"  follows {', '.join(value.causes)}" if value.causes else ""
    replaces = f"  {_REPLACED[value.replacement].removesuffix(' the resource')}" if value.replacement != "never" else ""
    if value.before == value.after:
        return f"{value.place}{causes}{replaces}"
    before, after = _shortened(value_text(value.before), value_text(value.after))
    return f"{value.place}: {before} → {after}{causes}{replaces}"


def value_text(value: Any) -> str:
    """Return a value of a property as a line shows it."""
    return "(absent)" if value is None else value if isinstance(value, str) else json.dumps(value)


def _shortened(before: str, after: str) -> tuple[str, str]:
    """Return two values, each cut to what fits a line: around the first difference, where both begin alike."""
    if max(len(before), len(after)) <= _LONGEST:
        return before, after
    alike = next((n for n, (one, other) in enumerate(zip(before, after, strict=False)) if one != other), 0)
    start = max(0, alike - _AROUND)
    cut = [
        f"{'…' * bool(start)}{text[start : start + _LONGEST]}{'…' * (len(text) > start + _LONGEST)}"
        for text in (before, after)
    ]
    return cut[0], cut[1]


def facts(change: ResourceChange) -> dict[str, Any]:
    """Return a change for JSON, its values in full."""
    return {
        "action": change.action,
        "type": change.resource_type,
        "logical_id": change.logical_id,
        "replacement": change.replacement,
        "properties": list(change.properties),
        "certain": change.certain,
        "kept": change.kept,
        "loses_data": change.loses_data,
        "values": [
            {
                "place": value.place,
                "before": value.before,
                "after": value.after,
                "replacement": value.replacement,
                "causes": list(value.causes),
            }
            for value in change.values
        ],
    }
