"""One side of a request, its caller or its resource for instance, divided into the classes that matter."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from tableguard.errors import PolicyError
from tableguard.policy.matching import Values
from tableguard.prove.engine.statement_set import NONE, Lines, StatementSet

# A decision depends on more than the statements that match: a caller's kind and account, a resource's account.
Parties: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True)
class Option:
    """One class: the statements that it does not rule out, those it leaves undefined, its parties, and an example."""

    passes: StatementSet
    undefined: StatementSet
    parties: Parties
    example: Any


@dataclass(frozen=True)
class Dimension:
    """All classes of one side, none twice; `concerned` are the statements that depend on this side."""

    options: tuple[Option, ...]
    concerned: StatementSet


def judged(lines: Lines, context: Values) -> tuple[StatementSet, StatementSet]:
    """Return the statements whose conditions hold or are undefined in a context, and those that are undefined."""
    failed = undefined = NONE
    for statement, line in lines:
        try:
            holds = line.holds(context)
        except PolicyError:
            undefined |= statement
        else:
            failed |= NONE if holds else statement
    return ~failed, undefined


def distinct(options: Iterable[Option]) -> tuple[Option, ...]:
    """Return the first option of each kind: the shortest, or the one that reads best."""
    first: dict[tuple[StatementSet, StatementSet, Parties], Option] = {}
    for option in options:
        first.setdefault((option.passes, option.undefined, option.parties), option)
    return tuple(first.values())
