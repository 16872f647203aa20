"""Matches events against event patterns, as EventBridge and Lambda's event filters do.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
What pages do not say is as in AWS's engine, Event Ruler 1.8.1: a dot in a name joins levels, so that "a.b" and a within
b are one field. Fields of the elements of one array are to match in one element. Fields are looked at by name, so
that the absence of a field is absence from the elements that the names before it chose.
"""

import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

from tableguard.aws.patterns.event_comparisons import Comparison, EventPatternError, Value, comparison, exactly

__all__ = ["AmbiguousEventPatternError", "EventPattern", "EventPatternError", "parse"]

Event = Mapping[str, Any]

# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html#eb-filtering-complex-example-or
BRANCHES = 1000

# names that the engine keeps for itself within $or
_RESERVED = frozenset(
    (
        *("exactly", "equals-ignore-case", "prefix", "suffix", "anything-but", "exists", "wildcard", "numeric", "cidr"),
        *("=", "<", "<=", ">=", ">", "regex", "not-wildcard", "not-equals-ignore-case"),
        *("date-after", "date-on-or-after", "date-before", "date-on-or-before", "in-date-range"),
        *("ip-address-in-range", "ip-address-not-in-range"),
    )
)


class AmbiguousEventPatternError(EventPatternError):
    """A pattern that names one field twice: AWS's engine takes it, and forgets one of the two without a word."""


@dataclass(frozen=True)
class _Rules:
    """What the array of one field allows: a value by one of the comparisons, or that there is none."""

    comparisons: tuple[Comparison, ...]
    absence: bool
    names: frozenset[str]

    def allow(self, value: Value) -> bool:
        return any(compares(value) for compares in self.comparisons)


_Branch = dict[str, _Rules]  # fields by name, all of which must match
_Place = frozenset[tuple[int, int]]  # the element of each array within which a value stands, by the array's number
_Fields = dict[str, list[tuple[Value, _Place]]]


@dataclass(frozen=True)
class EventPattern:
    """A pattern that was read: an event matches if all fields of one branch do; `$or` makes branches."""

    branches: tuple[tuple[tuple[str, _Rules], ...], ...]
    steps: frozenset[str]  # the parts of the fields' names, for other fields of an event need not be looked at
    comparisons: frozenset[str]  # what it compares by, such as "prefix" or "anything-but wildcard"

    def matches(self, event: Event) -> bool:
        """Return True if the pattern selects the event."""
        flattening = _Flattening(self.steps)
        flattening.visit(event, "", frozenset())
        return any(_branch_matches(branch, flattening.fields) for branch in self.branches)

    def narrowed(self, names: frozenset[str]) -> "EventPattern":
        """Return the pattern as far as it asks for some fields: what it does not select, this pattern does not.

        Only of fields that stand in no array.
        """
        branches = tuple(tuple(rule for rule in branch if rule[0] in names) for branch in self.branches)
        return EventPattern(branches, self.steps, self.comparisons)


@lru_cache(maxsize=512)
def parse(text: str) -> EventPattern:
    """Return the pattern that a JSON text is; EventPatternError if AWS refuses it or forgets part of it."""
    try:
        pattern = json.loads(text, object_pairs_hook=_no_duplicates, parse_float=Decimal, parse_constant=_no_constant)
    except EventPatternError:
        raise
    except (ValueError, RecursionError) as error:
        raise EventPatternError(f"not JSON: {error}") from error
    branches = _objects(pattern, "", [{}], within_or=False)
    rules = [rules for branch in branches for rules in branch.values()]
    return EventPattern(
        branches=tuple(tuple(sorted(branch.items(), key=_name)) for branch in branches),
        steps=frozenset(step for branch in branches for name in branch for step in _steps(name)),
        comparisons=frozenset(name for rule in rules for name in rule.names),
    )


def _name(entry: tuple[str, _Rules]) -> str:
    return entry[0]


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise AmbiguousEventPatternError("a key is written twice in one object; join the two, for one would be lost")
    return fields


def _no_constant(name: str) -> Any:
    raise EventPatternError(f"not JSON: {name}")


def _steps(name: str) -> list[str]:
    return name.split(".")


def _objects(fields: Any, path: str, branches: list[_Branch], *, within_or: bool) -> list[_Branch]:
    """Return the branches with the fields of an object; each alternative of a `$or` makes branches of its own."""
    if not isinstance(fields, dict) or not fields:
        raise EventPatternError(f"{_named(path)}a pattern is an object with at least one field, which holds an array")
    for key, rules in fields.items():
        name = f"{path}.{key}" if path else key
        if key == "$or":
            branches = _alternatives(rules, path, branches)
        elif within_or and key in _RESERVED:
            raise EventPatternError(f"field {name}: the name is reserved within $or")
        elif isinstance(rules, list):
            branches = [_with(branch, name, _rules(name, rules)) for branch in branches]
        else:
            branches = _objects(rules, name, branches, within_or=within_or)
    return branches


def _named(path: str) -> str:
    return f"field {path}: " if path else ""


def _alternatives(alternatives: Any, path: str, branches: list[_Branch]) -> list[_Branch]:
    if not isinstance(alternatives, list) or len(alternatives) < 2:
        raise EventPatternError("$or takes an array of at least two objects")
    several = [more for fields in alternatives for more in _objects(fields, path, branches, within_or=True)]
    if len(several) > BRANCHES:
        raise EventPatternError(f"$or makes {len(several)} combinations; AWS takes at most {BRANCHES}")
    return several


def _with(branch: _Branch, name: str, rules: _Rules) -> _Branch:
    if name in branch:
        raise AmbiguousEventPatternError(f"field {name}: stands twice, such as beside $or and inside it; write it once")
    return {**branch, name: rules}


def _rules(name: str, rules: list[Any]) -> _Rules:
    if not rules:
        raise EventPatternError(f"field {name}: an empty array matches nothing")
    comparisons: list[Comparison] = []
    absence = False
    for rule in rules:
        if isinstance(rule, list):
            raise EventPatternError(f"field {name}: an array inside an array")
        if isinstance(rule, dict) and set(rule) == {"exists"}:
            absence |= not _exists(name, rule["exists"], comparisons)
        else:
            comparisons.append(_named_comparison(name, rule) if isinstance(rule, dict) else exactly(rule))
    return _Rules(tuple(comparisons), absence, frozenset(map(_kind, rules)))


def _kind(rule: Any) -> str:
    """Return what a rule compares by, in the words of AWS's page; of anything-but also what is excluded."""
    if not isinstance(rule, dict):
        return "equals"
    ((name, operand),) = rule.items()
    return f"{name} {min(operand)}" if isinstance(operand, dict) else str(name)


def _exists(name: str, operand: Any, comparisons: list[Comparison]) -> bool:
    if not isinstance(operand, bool):
        raise EventPatternError(f"field {name}: exists takes true or false")
    if operand:
        comparisons.append(lambda value: True)
    return operand


def _named_comparison(name: str, rule: dict[str, Any]) -> Comparison:
    try:
        return comparison(rule)
    except EventPatternError as error:
        raise EventPatternError(f"field {name}: {error}") from error


@dataclass
class _Flattening:
    """Collects every value of an event that a pattern may ask for, by its name, with its place in arrays."""

    steps: frozenset[str]
    fields: _Fields = field(default_factory=dict)
    arrays: Iterator[int] = field(default_factory=itertools.count)

    def visit(self, node: Any, name: str, place: _Place) -> None:
        if isinstance(node, Mapping):
            for key, value in node.items():
                if self.steps.issuperset(_steps(key)):
                    self.visit(value, f"{name}.{key}" if name else key, place)
        elif isinstance(node, list):
            array = next(self.arrays)
            for index, element in enumerate(node):
                inner = place | {(array, index)} if isinstance(element, Mapping | list) else place
                self.visit(element, name, inner)
        else:
            self.fields.setdefault(name, []).append((node, place))


def _branch_matches(branch: tuple[tuple[str, _Rules], ...], fields: _Fields) -> bool:
    places: set[_Place] = {frozenset()}
    for name, rules in branch:
        values = fields.get(name, ())
        places = {place for so_far in places for place in _places_after(rules, values, so_far)}
        if not places:
            return False
    return True


def _places_after(rules: _Rules, values: Any, so_far: _Place) -> Iterator[_Place]:
    """Yield the elements that are chosen once a field has matched, after those that were chosen before it."""
    elements = dict(so_far)
    consistent = [
        (value, place) for value, place in values if all(elements.get(array, index) == index for array, index in place)
    ]
    if rules.absence and not consistent:
        yield so_far
    for value, place in consistent:
        if rules.allow(value):
            yield so_far | place
