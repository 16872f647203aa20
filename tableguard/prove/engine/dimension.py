"""One side of a request, its caller or its resource for instance, divided into the classes that matter."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tableguard.errors import PolicyError
from tableguard.policy.conditions import Condition
from tableguard.policy.matching import Values

EVERY = -1  # all bits: no statement is ruled out


@dataclass(frozen=True)
class Option:
    """One class: the statements that it does not rule out, those it leaves undefined, and an example.

    `mark` holds what the decision depends on beside the statements: a caller's kind and account, a resource's account.
    """

    passes: int
    undefined: int
    mark: tuple[Any, ...]
    example: Any


@dataclass(frozen=True)
class Dimension:
    """All classes of one side, none twice; `bits` are the statements that have a say about it."""

    options: tuple[Option, ...]
    bits: int


def judged(lines: Sequence[tuple[int, Condition]], context: Values) -> tuple[int, int]:
    """The statements whose conditions hold or are undefined, and those that are undefined, in a context."""
    failed = undefined = 0
    for bit, line in lines:
        try:
            holds = line.holds(context)
        except PolicyError:
            undefined |= bit
        else:
            failed |= 0 if holds else bit
    return ~failed, undefined


def distinct(options: Iterable[Option]) -> tuple[Option, ...]:
    """The first option of each kind: the shortest, or the one that reads best."""
    found: dict[tuple[int, int, tuple[Any, ...]], Option] = {}
    for option in options:
        found.setdefault((option.passes, option.undefined, option.mark), option)
    return tuple(found.values())


def lower(context: Mapping[str, str | tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """A context as the evaluator has it: keys in lower case, values in tuples."""
    return {key.lower(): (value,) if isinstance(value, str) else value for key, value in context.items()}
