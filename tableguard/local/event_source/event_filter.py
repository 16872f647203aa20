"""Matches stream records against the FilterCriteria of an event source mapping.

The syntax is that of EventBridge patterns:
https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html#filtering-syntax
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tableguard.errors import EmbeddedError

FILTERS = 5  # more need a quota increase
PATTERN_CHARACTERS = 4096  # https://docs.aws.amazon.com/lambda/latest/api/API_Filter.html

Event = Mapping[str, Any]
Pattern = Mapping[str, Any]


class AmbiguousPatternError(EmbeddedError):
    """A pattern that Lambda takes and that can be read in two ways: which of them it means is not modelled."""


class _AmbiguityError(ValueError):
    """What is written in two ways, as the JSON of a pattern or as a pattern."""


@dataclass(frozen=True)
class FilterOperator:
    """One comparison: a check of its operand, and the comparison with a leaf value of the event."""

    accepts: Callable[[Any], bool]
    matches: Callable[[Any, Any], bool]  # operand, value


@dataclass(frozen=True)
class EventFilter:
    """The filters of one mapping: a record passes if any of them matches, or if there is none."""

    patterns: tuple[Pattern, ...] = ()

    def passes(self, event: Event) -> bool:
        """Return True if the function is to receive this event."""
        return not self.patterns or any(_matches(pattern, event, (), event) for pattern in self.patterns)


EVERYTHING = EventFilter()


def event_filter(criteria: Mapping[str, Any] | None) -> EventFilter:
    """Return the filter of FilterCriteria; EmbeddedError if Lambda refuses it when a mapping is created."""
    filters = (criteria or {}).get("Filters", [])
    if len(filters) > FILTERS:
        raise EmbeddedError(f"filter criteria: {len(filters)} filters; Lambda takes at most {FILTERS}")
    return EventFilter(tuple(_pattern(entry.get("Pattern", "")) for entry in filters))


def _pattern(text: str) -> Pattern:
    if len(text) > PATTERN_CHARACTERS:
        raise _refusal(text[:40] + "…", f"{len(text)} characters; Lambda takes at most {PATTERN_CHARACTERS}")
    try:
        pattern = json.loads(text, object_pairs_hook=_no_duplicates)
        _check_fields(pattern)
    except _AmbiguityError as error:
        raise AmbiguousPatternError(f"filter pattern {text}: {error}") from error
    except ValueError as error:  # also what json raises
        raise _refusal(text, str(error)) from error
    checked: Pattern = pattern
    return checked


def _refusal(text: str, why: str) -> EmbeddedError:
    return EmbeddedError(f"filter pattern {text}: {why}")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise _AmbiguityError("a key is written twice in one object; join the two, for one of them would be lost")
    return fields


def _check_fields(fields: Any) -> None:
    if not isinstance(fields, dict) or not fields:
        raise ValueError("a pattern is an object with at least one field")
    for key, rules in fields.items():
        if key == "$or":
            _check_alternatives(rules)
        elif "." in key:
            raise _AmbiguityError(
                f"field {key}: write the levels as nested objects, for a dot may mean a name or a level"
            )
        elif isinstance(rules, list):
            _check_rules(key, rules)
        else:
            _check_fields(rules)
    _check_once(fields)


def _check_alternatives(alternatives: Any) -> None:
    if not isinstance(alternatives, list) or len(alternatives) < 2:
        raise ValueError("$or takes an array of at least two objects")
    for fields in alternatives:
        _check_fields(fields)


def _check_once(fields: Pattern) -> None:
    """Refuse a field that is named both beside $or and inside it: in AWS's engine one then replaces the other."""
    beside = _leaf_paths({key: rules for key, rules in fields.items() if key != "$or"})
    twice = beside & _leaf_paths({"$or": fields.get("$or", [])})
    if twice:
        raise _AmbiguityError(f"field {'.'.join(min(twice))}: stands beside $or and inside it; write it inside only")


def _leaf_paths(fields: Pattern) -> set[tuple[str, ...]]:
    paths: set[tuple[str, ...]] = set()
    for key, rules in fields.items():
        if key == "$or":
            paths = paths.union(*map(_leaf_paths, rules))
        elif isinstance(rules, dict):
            paths |= {(key, *path) for path in _leaf_paths(rules)}
        else:
            paths.add((key,))
    return paths


def _check_rules(key: str, rules: list[Any]) -> None:
    if not rules:
        raise ValueError(f"field {key}: an empty array matches nothing")
    for rule in rules:
        if isinstance(rule, list):
            raise ValueError(f"field {key}: an array inside an array")
        if isinstance(rule, dict) and not _is_operator(rule):
            raise ValueError(f"field {key}: {json.dumps(rule)} is no comparison; there are: {', '.join(OPERATORS)}")


def _is_operator(rule: Any) -> bool:
    if not isinstance(rule, dict) or len(rule) != 1:
        return False
    ((name, operand),) = rule.items()
    return name in OPERATORS and OPERATORS[name].accepts(operand)


def _matches(fields: Pattern, node: Any, path: tuple[str, ...], root: Event) -> bool:
    """Return True if a node of the event satisfies all fields; of an array, one element must satisfy them all."""
    if isinstance(node, list) and node:
        return any(_matches(fields, element, path, root) for element in node)
    return all(_field_matches(key, rules, node, path, root) for key, rules in fields.items())


def _field_matches(key: str, rules: Any, node: Any, path: tuple[str, ...], root: Event) -> bool:
    if key == "$or":
        return any(_matches(fields, node, path, root) for fields in rules)
    here = (*path, key)
    below = node.get(key, {}) if isinstance(node, dict) else {}
    if isinstance(rules, dict):
        return _matches(rules, below, here, root)
    present = any(True for _ in _leaves(root, here))
    leaves = list(_leaves(below, ()))
    return any(_rule_matches(rule, leaves, present) for rule in rules)


def _leaves(node: Any, path: tuple[str, ...]) -> Iterator[Any]:
    """Yield every leaf value at a path, through arrays. Objects are no leaves: `exists` does not see them."""
    if isinstance(node, list):
        for element in node:
            yield from _leaves(element, path)
    elif path:
        yield from _leaves(node.get(path[0], {}), path[1:]) if isinstance(node, dict) else ()
    elif not isinstance(node, dict):
        yield node


def _rule_matches(rule: Any, leaves: list[Any], present: bool) -> bool:
    if rule == {"exists": False}:
        return not present  # anywhere in the event, whichever array element the other fields match
    if isinstance(rule, dict):
        ((name, operand),) = rule.items()
        return any(OPERATORS[name].matches(operand, value) for value in leaves)
    return any(_same(rule, value) for value in leaves)


def _same(expected: Any, value: Any) -> bool:
    """Compare JSON values: true is not 1, and "1" is not 1."""
    return _kind(expected) == _kind(value) and bool(expected == value)


def _kind(value: Any) -> str:
    if _is_number(value):
        return "number"
    return type(value).__name__


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_excluded(operand: Any) -> bool:
    """Return True for an operand of anything-but: a text or number, a list of one kind, or a prefix or suffix."""
    if isinstance(operand, list):
        return bool(operand) and (all(map(_is_text, operand)) or all(map(_is_number, operand)))
    if isinstance(operand, dict):
        return _is_operator(operand) and set(operand) <= {"prefix", "suffix"} and "" not in operand.values()
    return _is_text(operand) or _is_number(operand)


def _not_excluded(operand: Any, value: Any) -> bool:
    excluded = operand if isinstance(operand, list) else [operand]
    return not any(_rule_matches(rule, [value], present=True) for rule in excluded)


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda value, bound: bool(value == bound),
    ">": lambda value, bound: bool(value > bound),
    ">=": lambda value, bound: bool(value >= bound),
    "<": lambda value, bound: bool(value < bound),
    "<=": lambda value, bound: bool(value <= bound),
}
_RANGES = {("=",), (">",), (">=",), ("<",), ("<=",), (">", "<"), (">", "<="), (">=", "<"), (">=", "<=")}


def _is_range(operand: Any) -> bool:
    """Return True for an operand of numeric: ["=", 100] or [">", 10, "<=", 20], the lower bound first."""
    if not isinstance(operand, list) or not all(map(_is_number, operand[1::2])):
        return False
    bounds = operand[1::2]
    return tuple(operand[::2]) in _RANGES and len(operand) == 2 * len(bounds) and bounds == sorted(set(bounds))


def _in_range(operand: Any, value: Any) -> bool:
    # DynamoDB writes numbers as text, so numeric matches metadata such as ApproximateCreationDateTime only:
    # https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-filtering.html#filtering-ddb-boolean
    bounds = zip(operand[::2], operand[1::2], strict=True)
    return _is_number(value) and all(_COMPARISONS[name](value, bound) for name, bound in bounds)


OPERATORS = {
    "equals-ignore-case": FilterOperator(
        _is_text, lambda operand, value: _is_text(value) and value.lower() == operand.lower()
    ),
    "anything-but": FilterOperator(_is_excluded, _not_excluded),
    "numeric": FilterOperator(_is_range, _in_range),
    "exists": FilterOperator(lambda operand: isinstance(operand, bool), lambda operand, value: True),
    "prefix": FilterOperator(_is_text, lambda operand, value: _is_text(value) and value.startswith(operand)),
    "suffix": FilterOperator(_is_text, lambda operand, value: _is_text(value) and value.endswith(operand)),
}
