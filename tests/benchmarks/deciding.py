"""Decisions about the claims' requests under the repository's own documents, beside iam-simulate in its own process."""

import itertools
from collections.abc import Iterator

from tableguard.policy.evaluate import World, decide
from tableguard.settings import example
from tests.benchmarks.figures import Figure, in_turn
from tests.oracle import engine
from tests.oracle.documents import samples
from tests.oracle.worlds import Sample

_ROUNDS = 60  # the claims' requests are some hundreds; ours are over before the clock has ticked often


def missing() -> str | None:
    """Say what is missing to measure this, and what installs it."""
    return None if engine.available() else "no iam-simulate; scripts/engines/iam-simulate installs it"


def figures() -> Iterator[Figure]:
    """Four SCPs and FullAWSAccess at two levels, an administrator's policy and a boundary; start of node included."""
    found = samples(example())
    world = found[0].world()
    ours, other = in_turn(lambda: _decide(world, found), lambda: engine.ask(found), rounds=3)
    yield Figure(
        "deciding", "requests under our documents", _ROUNDS * len(found) / ours, len(found) / other, "decisions/s"
    )


def _decide(world: World, found: list[Sample]) -> None:
    for sample in itertools.chain.from_iterable(itertools.repeat(found, _ROUNDS)):
        decide(world, sample.request)
