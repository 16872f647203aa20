"""Tell whether a detection watches an operation: whether any record of it could raise the alert.

Of such a record only the source, the name, the category and the parameters that it may have are stated. So a condition
holds, does not hold, or may hold, which is None here.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from tableguard.detect.detection import Calls, Conditions, Detection

_TERM = re.compile(r'\$\.(?P<path>[\w.\[\]]+) (?P<operator>=|!=|<|NOT EXISTS|IS \w+)(?: "?(?P<value>[^"]*)"?)?')
_PARAMETERS = "requestParameters."


@dataclass(frozen=True)
class ApiOperation:
    """One operation of AWS's API as CloudTrail names it."""

    service: str  # as in eventSource, without the domain
    name: str
    category: str  # empty for a call that CloudTrail does not record
    parameters: frozenset[str]  # of the first level, as a record has them


def watches(detection: Detection, operation: ApiOperation) -> bool:
    """Return True if a record of the operation may raise the alert, and a record of no service at all may not."""
    elsewhere = replace(operation, service="none")
    return bool(operation.category) and _may(detection, operation) and not _may(detection, elsewhere)


def named(pattern: str, name: str) -> bool:
    """Return True if a name is the pattern, or begins with it where it ends in *."""
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def names(detection: Detection) -> Iterable[tuple[str, str]]:
    """Yield each name or prefix of a call that the detection has, with its service."""
    for calls in detection.calls:
        for name in calls.names:
            yield calls.service, name
    if detection.conditions is not None:
        yield from _names(detection.conditions, "")


def _names(conditions: Conditions, service: str) -> Iterable[tuple[str, str]]:
    terms = [_TERM.fullmatch(term) for term in conditions.terms if isinstance(term, str)]
    compared = [(term["path"], term["value"]) for term in terms if term and term["operator"] != "NOT EXISTS"]
    sources = [value.partition(".")[0] for path, value in compared if path == "eventSource"]
    here = sources[0] if sources else service
    yield from ((here, value) for path, value in compared if path == "eventName")
    for term in conditions.terms:
        if isinstance(term, Conditions):
            yield from _names(term, here)


def _may(detection: Detection, operation: ApiOperation) -> bool:
    called = not detection.calls or any(_calls_may(calls, operation) for calls in detection.calls)
    held = detection.conditions is None or _holds(detection.conditions, operation) is not False
    return called and held


def _calls_may(calls: Calls, operation: ApiOperation) -> bool:
    return (
        calls.service == operation.service
        and any(named(pattern, operation.name) for pattern in calls.names)
        and all(_has(operation, path) for path, _ in calls.where)
    )


def _has(operation: ApiOperation, path: str) -> bool:
    parameter = re.split(r"[.\[]", path.removeprefix(_PARAMETERS))[0]
    return not path.startswith(_PARAMETERS) or parameter in operation.parameters


def _holds(conditions: Conditions, operation: ApiOperation) -> bool | None:
    held = [
        _holds(term, operation) if isinstance(term, Conditions) else _term_holds(term, operation)
        for term in conditions.terms
    ]
    if conditions.joined == "all":
        return False if False in held else None if None in held else True
    return True if True in held else None if None in held else False


def _term_holds(text: str, operation: ApiOperation) -> bool | None:
    term = _TERM.fullmatch(text)
    if term is None:
        return None
    stated = {
        "eventSource": f"{operation.service}.amazonaws.com",
        "eventName": operation.name,
        "eventCategory": operation.category,
    }
    path, operator = term["path"], term["operator"]
    if path in stated and operator in ("=", "!="):
        return fnmatchcase(stated[path], term["value"]) == (operator == "=")
    if not _has(operation, path):
        return operator in ("!=", "NOT EXISTS")
    return None
