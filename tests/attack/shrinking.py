"""A smaller case that is wrong in the same way: statements, conditions and values are left out while it is."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from tableguard.policy.evaluate import Request
from tests.attack.campaign import Contradiction, examined
from tests.attack.cases import AttackCase
from tests.attack.requests import DERIVED
from tests.attack.words import ALWAYS

_NEEDED = frozenset(("identity",))  # without it nobody is allowed anything


def shrunk(contradiction: Contradiction, seconds: float = 20.0) -> Contradiction:
    """Return the smallest contradiction that was found in so many seconds."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        smaller = next((one for one in _smaller(contradiction, until) if one is not None), None)
        if smaller is None:
            break
        contradiction = smaller
    return contradiction


def _smaller(contradiction: Contradiction, until: float) -> Iterator[Contradiction | None]:
    for case in _cases(contradiction.case):
        if time.monotonic() > until:
            return
        yield _still(contradiction, case, contradiction.request)
    request = contradiction.request
    for key in sorted(request.context.keys() - ALWAYS - DERIVED) if request else ():
        without = {name: value for name, value in request.context.items() if name != key} if request else {}
        yield _still(contradiction, contradiction.case, replace(request, context=without) if request else None)


def _still(contradiction: Contradiction, case: AttackCase, request: Request | None) -> Contradiction | None:
    """Return what is wrong with a smaller case, if it is the same."""
    again = examined(case, lambda _: [request] if request else [])
    return again if again is not None and again.wrong == contradiction.wrong else None


def _cases(case: AttackCase) -> Iterator[AttackCase]:
    for name in case.layers.keys() - _NEEDED:
        yield replace(case, layers={other: case.layers[other] for other in case.layers if other != name})
    for layers in _without_one(case.layers):
        yield replace(case, layers=layers)
    for statement in _without_one(case.statement):
        yield replace(case, statement=statement)
    if case.narrow:
        yield replace(case, narrow=False)


def _without_one(value: Any, inside: str = "") -> Iterator[Any]:
    """Yield copies of a value without one item of a list, or without one line of a Condition."""
    if isinstance(value, list):
        for n, item in enumerate(value):
            if len(value) > 1:
                yield [*value[:n], *value[n + 1 :]]
            yield from ([*value[:n], smaller, *value[n + 1 :]] for smaller in _without_one(item, inside))
    elif isinstance(value, Mapping):
        for key in value:
            others = {name: value[name] for name in value if name != key}
            if inside == "Condition" or key == "Condition":
                yield others
            within = "Condition" if key == "Condition" else inside
            yield from ({**value, key: smaller} for smaller in _without_one(value[key], within))
