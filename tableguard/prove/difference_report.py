"""A difference between policies as text, JSON and SARIF."""

import json
from typing import Any

from tableguard.prove import requests
from tableguard.prove.difference import Change, Difference

_SHOWN = 8


def exit_code(found: Difference) -> int:
    """2 if something could not be compared, 1 if something is newly allowed, else 0."""
    if found.undecided:
        return 2
    return 1 if any(change.newly == "allowed" for change in found.changes) else 0


def text(found: Difference) -> str:
    """What is newly allowed, then what is newly denied; or that nothing changes."""
    lines = [line for change in found.changes for line in _lines(change)]
    if found.undecided:
        lines.append(f"not compared: {found.undecided}")
    elif found.same:
        lines.append("same meaning: every request is answered as before")
    return "\n".join([*lines, f"{found.classes} classes of requests looked at"])


def _lines(change: Change) -> list[str]:
    shown = ", ".join(change.actions[:_SHOWN])
    more = f" and {len(change.actions) - _SHOWN} more" if len(change.actions) > _SHOWN else ""
    return [
        f"newly {change.newly}: {shown}{more}",
        f"    such as: {requests.sentence(change.example)}",
        f"    before: {change.before}",
        f"    after: {change.after}",
    ]


def as_json(found: Difference) -> str:
    """The same facts as JSON."""
    return json.dumps(facts(found), indent=2, ensure_ascii=False)


def facts(found: Difference) -> dict[str, Any]:
    """The same facts as a value."""
    return {
        "same_meaning": found.same,
        "not_compared": found.undecided,
        "classes": found.classes,
        "changes": [
            {
                "newly": change.newly,
                "actions": list(change.actions),
                "classes": change.classes,
                "before": change.before,
                "after": change.after,
                "example": requests.facts(change.example),
            }
            for change in found.changes
        ],
        "exit_code": exit_code(found),
    }


def findings(found: Difference, place: str) -> list[tuple[str, str, str, str]]:
    """Newly allowed as errors, newly denied as warnings."""
    levels = {"allowed": "error", "denied": "warning"}
    results = [
        (place, f"newly-{change.newly}", levels[change.newly], "\n".join(_lines(change))) for change in found.changes
    ]
    return [*results, *([(place, "not-compared", "error", found.undecided)] if found.undecided else [])]
