"""Tell whether a detection watches an operation: whether any record of it could raise the alert.

Of such a record only the source, the name, the category and the parameters that it may have are stated. So a condition
holds, does not hold, or may hold, which is None here.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from tableguard.aws.patterns.filter_pattern import parse, terms
from tableguard.detect.detection import Calls, Conditions, Detection

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
    texts = [term for term in conditions.terms if isinstance(term, str)]
    compared = [(term.selector, term.operand) for text in texts for term in terms(_pattern(text)) if term.operand]
    sources = [value.partition(".")[0] for selector, value in compared if selector == "$.eventSource"]
    here = sources[0] if sources else service
    yield from ((here, value) for selector, value in compared if selector == "$.eventName")
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
    """Return what a term is of the fields that are stated, or cannot be there; None of one that may be anything."""
    stated = {
        "eventSource": f"{operation.service}.amazonaws.com",
        "eventName": operation.name,
        "eventCategory": operation.category,
    }
    (term,) = terms(_pattern(text))
    path = term.selector.removeprefix("$.")
    if path not in stated and _has(operation, path):
        return None
    return parse(_pattern(text), unsaid=True)(json.dumps(stated))


def _pattern(term: str) -> str:
    """Return the filter pattern of a term."""
    return f"{{ {term} }}"
