"""Sets of statements as the bits of one integer: bit n is statement n, and bit 0 the scope of the question.

Plain integers, because the prover intersects millions of them; the names here say what is done to the bits.
"""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from tableguard.policy.conditions import Condition

StatementSet: TypeAlias = int
Lines: TypeAlias = Sequence[tuple[StatementSet, Condition]]  # conditions, each with its statement

EVERY: StatementSet = -1
NONE: StatementSet = 0
SCOPE: StatementSet = 1


def only(number: int) -> StatementSet:
    """Return the set of one statement."""
    return 1 << number


def all_but(number: int) -> StatementSet:
    """Return the set of every statement but one."""
    return ~(1 << number)


def first(count: int) -> StatementSet:
    """Return the set of the first `count` statements."""
    return (1 << count) - 1


def where(truths: Iterable[object]) -> StatementSet:
    """Return the set of those statements for which the value in their place is true."""
    return sum(1 << number for number, truth in enumerate(truths) if truth)


def union(sets: Iterable[StatementSet]) -> StatementSet:
    """Return the statements that are in any of the sets."""
    together = NONE
    for statements in sets:
        together |= statements
    return together
