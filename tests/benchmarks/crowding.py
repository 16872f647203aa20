"""Proofs under very many SCPs beside the same search with nothing left out, which ends at its limits without an answer.

Exemptions by words in names, beside one state for each set of words.
"""

from collections.abc import Callable, Iterator

import pytest

from tableguard.policy.evaluate import Wanted, World
from tableguard.policy.principals import Group
from tableguard.prove.engine import enumeration
from tableguard.prove.engine.automaton import MOST_STATES, Pattern, explored
from tableguard.prove.engine.callers import universes
from tableguard.prove.engine.dominance import sets
from tableguard.prove.engine.dominance.texts import MOST_RANKED, PatternGroup, best_of
from tests.benchmarks.figures import Figure, in_turn
from tests.worlds.crowds import of_teams
from tests.worlds.policies import BREAK_GLASS
from tests.worlds.proofs import proof

_ALL = 10**9
_TEAMS = 70
_WORDS = ("analytics", "archive", "billing", "compliance", "customer", "finance", "internal", "inventory", "payroll")


def figures() -> Iterator[Figure]:
    """Seconds of ours, and of the other until it gives up."""
    world = of_teams(_TEAMS)
    claims: tuple[tuple[str, Wanted, Group | tuple[str, ...]], ...] = (
        ("nobody does anything", "denied", "members"),
        ("break-glass does everything", "allowed", (BREAK_GLASS,)),
    )
    for case, wanted, callers in claims:
        ours, other = in_turn(_asked(world, wanted, callers), _plainly(_asked(world, wanted, callers)), rounds=1)
        yield Figure("crowding", f"{_TEAMS} SCPs: {case}", ours, other, "s")
    yield _exemptions()


def _asked(world: World, wanted: Wanted, callers: Group | tuple[str, ...]) -> Callable[[], object]:
    return lambda: proof(world, {"Action": "*"}, wanted, callers)


def _plainly(ask: Callable[[], object]) -> Callable[[], object]:
    """Leave nothing out until a limit is met."""

    def run() -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(enumeration, "FEW_CLASSES", _ALL)
            patch.setattr(enumeration, "MOST_JOINED", _ALL)
            patch.setattr(sets, "FEW_SETS", _ALL)
            ask()

    return run


def _exemptions() -> Figure:
    patterns = tuple(Pattern("like an ARN", f"arn:aws:iam::*:role/*{word}*") for word in _WORDS)
    wanted = tuple(PatternGroup((pattern,), "covered") for pattern in patterns)

    def ours() -> None:
        best_of.cache_clear()
        best_of(universes("aws")[0], wanted, MOST_RANKED)

    def other() -> None:
        explored.cache_clear()
        explored(universes("aws")[0], patterns, MOST_STATES)

    return Figure("crowding", f"a name that {len(_WORDS)} exemptions cover", *in_turn(ours, other, rounds=3), "s")
