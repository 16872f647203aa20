"""Every shipped promise proved or refuted: of each document, of all documents together, and about sequences.

The data goes one way: settings, the policies filled from them, promises, worlds, proofs, answers.
"""

from collections.abc import Iterator

from tableguard.policy.policy_set import PolicySet
from tableguard.prove.reach import inquiry
from tableguard.prove.reach.promises import ReachAnswer
from tableguard.prove.shipped import policies, promises, together
from tableguard.prove.shipped.promises import PromiseAnswer
from tableguard.settings import Settings


def answers(settings: Settings) -> Iterator[PromiseAnswer]:
    """Prove or refute every shipped promise about requests; each document is filled and parsed once."""
    return about_requests(policies.filled(settings))


def about_requests(shipped: PolicySet) -> Iterator[PromiseAnswer]:
    """Prove or refute every promise about one request at a time."""
    yield from promises.answers(shipped)
    yield from together.answers(shipped)


def about_sequences(shipped: PolicySet) -> Iterator[ReachAnswer]:
    """Prove or refute every promise that no sequence of requests reaches a goal."""
    yield from inquiry.shipped(shipped).answers(together.PLACE, together.load().about_sequences)
