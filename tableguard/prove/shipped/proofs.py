"""Every shipped promise proved or refuted: of each document, of all documents together, and about sequences.

The data goes one way: settings, the policies filled from them, promises, worlds, proofs, answers.
"""

from collections.abc import Iterator
from dataclasses import replace

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
    """Prove or refute every promise that no sequence of requests reaches a goal.

    One that only guardrails would keep is unguarded where there are none.
    """
    guarded = inquiry.shipped(shipped.with_guardrails)
    for answer in inquiry.shipped(shipped).answers(together.PLACE, together.load().about_sequences):
        if answer.verdict == "refuted" and not shipped.guardrails_attached:
            (with_guardrails,) = guarded.answers(together.PLACE, (answer.promise,))
            yield replace(answer, verdict="no guardrail") if with_guardrails.holds else answer
        else:
            yield answer
