"""The sides of a request: its caller, its resource, and every other context key that conditions compare.

A variable `${key}` is replaced by whatever the request holds. Keys that variables tie together, and caller or resource
with them, are classed together, in links/joint.py.
"""

from collections.abc import Iterable, Iterator
from functools import partial

from tableguard.policy.conditions import Condition
from tableguard.policy.matching import Values
from tableguard.policy.service_reference import load
from tableguard.policy.worlds import Scope
from tableguard.prove.engine import callers, resources
from tableguard.prove.engine.context_values import choices, context_of
from tableguard.prove.engine.dimension import Dimension, Option, RequestPart, judged
from tableguard.prove.engine.dominance.aim import Aim
from tableguard.prove.engine.links import joint, templates
from tableguard.prove.engine.links.joint import Apart, Side
from tableguard.prove.engine.question import ALWAYS_PRESENT, ApplicableStatements
from tableguard.prove.engine.statement_set import SCOPE, Lines, StatementSet, union

_ELSEWHERE = callers.KEYS | resources.KEYS


def sides(scope: Scope, action: str, applicable: ApplicableStatements, effort: joint.Effort) -> list[Dimension]:
    """Return caller, resource, and the context keys: first those of the scope, so that requests soon leave it."""
    service = action.partition(":")[0]
    first = [callers.side(scope, applicable), resources.side(scope, applicable, service)]
    lines = _lines_of_keys(applicable)
    absent = never_carried(service, lines)
    needed = {key for side in first for key in side.needs}.union(*map(joint.needs, lines.values()))
    others = (
        _absent(key, lines[key]) if key in absent else _side(key, lines.get(key, ()), applicable.aim)
        for key in sorted(lines.keys() | needed - _ELSEWHERE)
    )
    dimensions = joint.dimensions([*first, *others], applicable.aim.gaps if applicable.aim else None, effort)
    return sorted(dimensions, key=_place)


def _place(side: Dimension) -> tuple[int, bool, int]:
    """Return the place of a side: who calls, what is called, what the scope compares, what has few classes."""
    example = side.options[0].example if side.options else RequestPart()
    party = 0 if example.caller else 1 if example.resource else 2
    return party, party == 2 and not side.concerned & SCOPE, len(side.options) if party == 2 else 0


def never_carried(service: str, keys: Iterable[str]) -> frozenset[str]:
    """Return those of the keys that belong to another service, so that no request to this one has them."""
    reference = load()
    return frozenset(key for key in keys if not reference.may_carry(service, key))


def _absent(key: str, lines: Lines) -> Side:
    """Return a key that no request has; what its values are compared with does not matter."""
    concerned = union(statement for statement, _ in lines)
    nothing = Option(*judged(lines, {}), (), RequestPart())
    return Side(frozenset((key,)), frozenset(), concerned, lambda context, apart: (nothing,), lambda context: ())


def _lines_of_keys(applicable: ApplicableStatements) -> dict[str, Lines]:
    lines: dict[str, list[tuple[StatementSet, Condition]]] = {}
    for statement, line in applicable.lines:
        if line.key not in _ELSEWHERE:
            lines.setdefault(line.key, []).append((statement, line))
    return {key: tuple(own) for key, own in lines.items()}


def _side(key: str, lines: Lines, aim: Aim | None) -> Side:
    return Side(
        keys=frozenset((key,)),
        needs=joint.needs(lines),
        concerned=union(statement for statement, _ in lines),
        options=partial(_options, key, lines, None if joint.needs(lines) else aim),
        compared=partial(_compared, key, lines),
    )


def _options(key: str, lines: Lines, aim: Aim | None, context: Values, apart: Apart) -> Iterator[Option]:
    """Yield the classes of a key's values where other keys have these; all of them if others are compared with it."""
    always, told_apart = key in ALWAYS_PRESENT, apart.get(key, ())
    for values in choices(key, joint.filled(lines, context), always, None if key in apart else aim, told_apart):
        own = context_of(key, values)
        yield Option(*judged(lines, {**context, **own}), (), RequestPart(context=own))


def _compared(key: str, lines: Lines, context: Values) -> Iterator[templates.Compared]:
    yield templates.compared(key, joint.filled(lines, context, keep=True))
