"""What a counterexample needs of statements, and which classes serve it best.

A request stays allowed if fewer denials match it or more allowances do, whoever calls whom; and it stays denied the
other way round. So where each statement that a class must not match is also unmatched by another class of the same
parties, and each that it must match is matched by it too, a counterexample in the first class has a twin in the second.
Whoever looks for one need not look at the first.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from tableguard.policy.evaluate import Wanted
from tableguard.policy.statements import Effect
from tableguard.prove.engine.statement_set import NONE, SCOPE, StatementSet

_AVOIDED, _SOUGHT, _NEITHER = 2, 4, 8
MOST_COMPARED = 256  # the best of them rule out nearly all that is ruled out; the rest would take its square of time

Class = TypeVar("Class")


@dataclass(frozen=True)
class Aim:
    """The statements that a counterexample must not match, those that it must, and those of both that allow.

    `gaps` are the reasons why not all classes were found that could hold one: whoever leaves some out says so there.
    """

    avoided: StatementSet
    sought: StatementSet
    allowing: StatementSet
    gaps: list[str] = field(default_factory=list, compare=False)

    def part(self, statement: StatementSet) -> StatementSet:
        """Return a statement that stands for one with the same part: the scope, one avoided, one sought, or neither."""
        if statement & SCOPE:
            return SCOPE
        return _AVOIDED if statement & self.avoided else _SOUGHT if statement & self.sought else _NEITHER

    @staticmethod
    def of_parts() -> "Aim":
        """Return the aim at statements that stand for their parts."""
        return Aim(_AVOIDED, _SOUGHT | SCOPE, NONE)

    def cost(self, passes: StatementSet) -> StatementSet:
        """Return the statements that stand in the way of a counterexample among those that match."""
        return (passes & self.avoided) | (~passes & self.sought)


def against(wanted: Wanted, effects: Iterable[Effect | None]) -> Aim:
    """Return what a counterexample needs: the effect of each statement behind the scope, None if it decides nothing."""
    denying, allowing = NONE, NONE
    for number, effect in enumerate(effects, start=1):
        denying |= (effect == "Deny") << number
        allowing |= (effect == "Allow") << number
    avoided, sought = (denying, allowing) if wanted == "denied" else (allowing, denying)
    return Aim(avoided, sought | SCOPE, allowing)


def best(classes: Iterable[Class], cost: Callable[[Class], int], alike: Callable[[Class], object]) -> list[Class]:
    """Return the classes that serve best: those with the same costs or less than an `alike` one are ruled out.

    A few may be left that another one rules out.
    """
    kept: dict[object, list[int]] = {}
    chosen = []
    for one in sorted(classes, key=lambda one: cost(one).bit_count()):
        costs = cost(one)
        better = kept.setdefault(alike(one), [])
        if not any(other & ~costs == 0 for other in better):
            chosen.append(one)
            if len(better) < MOST_COMPARED:
                better.append(costs)
    return chosen
