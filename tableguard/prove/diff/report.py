"""A difference between policies as text, JSON and SARIF."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from tableguard.policy.service_reference import load
from tableguard.prove import requests
from tableguard.prove.diff.difference import Change
from tableguard.prove.diff.layers import Layers, Part
from tableguard.prove.report import left_out

_SHOWN = 8
_CALLERS = 3


def exit_code(found: Layers) -> int:
    """2 if something could not be compared, 1 if something is newly allowed or may be, else 0."""
    if any(part.difference.undecided for part in found.parts):
        return 2
    # a document that one side has alone may allow or deny: that depends on what it is attached to
    alone = found.gone or found.come
    return 1 if alone or any(change.newly == "allowed" for _, change in _changes(found)) else 0


def _changes(found: Layers) -> Iterator[tuple[Part, Change]]:
    return ((part, change) for part in found.parts for change in part.difference.changes)


def text(found: Layers) -> str:
    """What is newly allowed, then what is newly denied, part by part; or that nothing changes."""
    lines = [line for part, change in _changes(found) for line in _lines(part, change)]
    lines += [f"{name}: only before; what that changes depends on what it was attached to" for name in found.gone]
    lines += [f"{name}: only after; what that changes depends on what it is attached to" for name in found.come]
    lines += [
        f"{part.name}: not compared: {part.difference.undecided}" for part in found.parts if part.difference.undecided
    ]
    if found.same:
        lines.append("same meaning: every request is answered as before")
    lines += [f"assumed: {each}" for each in found.assumed]
    lines += left_out(found.left_out)
    classes = sum(part.difference.classes for part in found.parts)
    return "\n".join([*lines, f"{len(found.documents)} documents, {classes} classes of requests looked at"])


def _lines(part: Part, change: Change) -> list[str]:
    callers = ", ".join(change.callers[:_CALLERS])
    more = f" and {len(change.callers) - _CALLERS} more" if len(change.callers) > _CALLERS else ""
    return [
        f"{part.name}: newly {change.newly}: {'; '.join(_actions(change))}",
        f"    callers, one of each kind: {callers}{more}",
        f"    such as: {requests.sentence(change.example)}",
        f"    before: {change.before}",
        f"    after: {change.after}",
    ]


def _actions(change: Change) -> list[str]:
    """The known actions service by service, then the others."""
    services = sorted({action.partition(":")[0] for action in change.actions})
    known = [_of_service(each, change.actions) for each in services[:_SHOWN]]
    more = [f"actions of {len(services) - _SHOWN} more services"] if len(services) > _SHOWN else []
    others = [*change.others[:_SHOWN], *(["and more"] if len(change.others) > _SHOWN else [])]
    return [*known, *more, *others]


def _of_service(service: str, actions: Sequence[str]) -> str:
    mine = [action for action in actions if action.startswith(f"{service}:")]
    every = len(load().matching(f"{service}:*"))
    if len(mine) == every:
        return f"all {every} known actions of {service}"
    if len(mine) <= _SHOWN:
        return ", ".join(mine)
    return f"{len(mine)} of {every} known actions of {service}: {', '.join(mine[:_SHOWN])}, …"


def as_json(found: Layers) -> str:
    """The same facts as JSON."""
    return json.dumps(facts(found), indent=2, ensure_ascii=False)


def facts(found: Layers) -> dict[str, Any]:
    """The same facts as a value."""
    undecided = [f"{part.name}: {part.difference.undecided}" for part in found.parts if part.difference.undecided]
    return {
        "same_meaning": found.same,
        "not_compared": "; ".join(undecided),
        "classes": sum(part.difference.classes for part in found.parts),
        "documents": list(found.documents),
        "left_out": list(found.left_out),
        "assumed": list(found.assumed),
        "only_before": list(found.gone),
        "only_after": list(found.come),
        "changes": [
            {
                "document": part.name,
                "newly": change.newly,
                "actions": list(change.actions),
                "other_actions": list(change.others),
                "callers": list(change.callers),
                "classes": change.classes,
                "before": change.before,
                "after": change.after,
                "example": requests.facts(change.example),
            }
            for part, change in _changes(found)
        ],
        "exit_code": exit_code(found),
    }


def findings(found: Layers, place: str) -> list[tuple[str, str, str, str]]:
    """Newly allowed as errors, newly denied as warnings."""
    levels = {"allowed": "error", "denied": "warning"}
    results = [
        (place, f"newly-{change.newly}", levels[change.newly], "\n".join(_lines(part, change)))
        for part, change in _changes(found)
    ]
    alone = [
        (place, "one-side-only", "error", f"{name}: only {when}")
        for when, names in (("before", found.gone), ("after", found.come))
        for name in names
    ]
    undecided = [
        (place, "not-compared", "error", f"{part.name}: {part.difference.undecided}")
        for part in found.parts
        if part.difference.undecided
    ]
    return [*results, *alone, *undecided]
