"""Decisions in worlds that are built before, beside decisions that each build their own world from documents."""

from collections.abc import Iterator

from tableguard.errors import PolicyError
from tableguard.policy.evaluate import Request, World, decide
from tests.benchmarks.figures import Figure, in_turn
from tests.oracle.worlds import samples

_SEED, _WORLDS = 7, 1_500


def figures() -> Iterator[Figure]:
    """Random worlds of up to ten documents, each asked once."""
    drawn = samples(_SEED, _WORLDS)
    built = [(sample.world(), sample.request) for sample in drawn]

    def before() -> None:
        for world, request in built:
            _ask(world, request)

    def each_time() -> None:
        for sample in drawn:
            _ask(sample.world(), sample.request)

    ours, other = in_turn(before, each_time, rounds=5)
    yield Figure("building", "worlds built before, or each time", _WORLDS / ours, _WORLDS / other, "decisions/s")


def _ask(world: World, request: Request) -> None:
    try:
        decide(world, request)
    except PolicyError:  # what AWS leaves undefined is an answer too
        return
