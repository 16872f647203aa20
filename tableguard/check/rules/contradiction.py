"""Conditions of one statement that no request can meet together, so that the statement never matches.

Only what is certain is found: where conditions on a key leave a few values, each of them is tried.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise

from tableguard.errors import PolicyError
from tableguard.policy.conditions import Condition
from tableguard.policy.pattern_overlap import have_in_common

_EXACT = frozenset(("StringEquals", "StringEqualsIgnoreCase", "Bool", "NumericEquals", "BinaryEquals"))
_LIKE = frozenset(("StringLike", "ArnLike", "ArnEquals"))
_UNLIKE = frozenset(("StringNotLike", "ArnNotLike", "ArnNotEquals"))


def contradictory(lines: Sequence[Condition]) -> Iterator[Condition]:
    """Yield, for each key on which no request meets all conditions, the last of these."""
    for key in dict.fromkeys(line.key for line in lines):
        on_key = [line for line in lines if line.key == key]
        # a key of several values may meet one condition by one of them, and another by another
        if any(line.quantifier or any("${" in value for value in line.values) for line in on_key):
            continue
        if len(on_key) > 1 and not _met(on_key, ()) and _never_met_by_a_value(on_key):
            yield on_key[-1]


def _met(lines: Sequence[Condition], values: tuple[str, ...]) -> bool:
    """Return True if a request with these values under the key meets all conditions, or AWS does not say."""
    try:
        return all(line.holds({line.key: values} if values else {}) for line in lines)
    except PolicyError:
        return True


def _never_met_by_a_value(lines: Sequence[Condition]) -> bool:
    if any(line.operator == "Null" and "false" not in map(str.lower, line.values) for line in lines):
        return True  # the key must be absent, and without it not all are met
    if any(line.operator in _EXACT for line in lines):
        texts = {text for line in lines for value in line.values for text in (value, value.swapcase())}
        return not any(_met(lines, (text,)) for text in texts)
    if all(line.operator.startswith("Numeric") for line in lines):
        return not any(_met(lines, (number,)) for number in _numbers(lines))
    return any(_excludes(one, other) for one in lines for other in lines)


def _numbers(lines: Sequence[Condition]) -> Iterator[str]:
    """Yield the numbers of the conditions, one between each two, one below all and one above."""
    written = sorted({Decimal(value) for line in lines for value in line.values})
    between = [(low + high) / 2 for low, high in pairwise(written)]
    for number in (*written, *between, written[0] - 1, written[-1] + 1):
        yield f"{number:f}"


def _excludes(one: Condition, other: Condition) -> bool:
    """Return True if no text is like a value of one condition and fulfils another, pattern by pattern."""
    if one.operator not in _LIKE:
        return False
    if other.operator in _LIKE:
        return not any(have_in_common(mine, theirs) for mine in one.values for theirs in other.values)
    return other.operator in _UNLIKE and all(value in other.values or "*" in other.values for value in one.values)
