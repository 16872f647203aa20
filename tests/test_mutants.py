"""Weaken any document anywhere: a promise fails, or the document is refused, or it can be proved to mean the same.

By default a part of the mutants, spread over all of them; TABLEGUARD_MUTANTS=all tries every one.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

import pytest

from tableguard.errors import PolicyError
from tableguard.iam import claims, documents, lint
from tableguard.iam.claims import Claim
from tableguard.prove.difference import difference
from tableguard.prove.promises import EVERYTHING, estate, question_of, world
from tableguard.prove.prover import fails
from tableguard.prove.question import Scope
from tableguard.settings import example
from tests.mutator import Mutant, mutants

SETTINGS = example()
EVERY = 1 if os.environ.get("TABLEGUARD_MUTANTS") == "all" else 19
LEAST = 300

Fate = Literal["refused", "refuted", "means the same", "survived"]


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant, and why."""

    mutant: Mutant
    fate: Fate
    because: str = ""

    def __str__(self) -> str:
        return f"{self.mutant}: {self.fate} {self.because}"


@cache
def shipped() -> tuple[Claim, ...]:
    values = SETTINGS.policy_values()
    return tuple(
        replace(claim, policy=replace(claim.policy, document=documents.fill(claim.policy, values)))
        for claim in claims.load_all()
    )


def with_document(claim: Claim, mutant: Mutant) -> Claim:
    return replace(claim, policy=replace(claim.policy, document=mutant.document))


def fate(claim: Claim, mutant: Mutant) -> Outcome:
    changed = with_document(claim, mutant)
    try:
        others = {flag: world(changed, SETTINGS, flag) for flag in (False, True)}
    except PolicyError as error:
        return Outcome(mutant, "refused", str(error))
    faults = lint.check(claim.policy.place, claim.policy.kind, mutant.document)
    if faults:
        return Outcome(mutant, "refused", str(faults[0]))
    for promise in claim.promises:
        question = question_of(claim.policy.place, promise, others[promise.whatever_else], SETTINGS)
        if fails(question, since=world(claim, SETTINGS, promise.whatever_else)):
            return Outcome(mutant, "refuted", promise.name)
    classes = 0
    for flag, other in others.items():
        found = difference(world(claim, SETTINGS, flag), other, Scope(EVERYTHING, "anyone", estate(SETTINGS)))
        if not found.same:
            why = found.undecided or f"{found.changes[0].newly}: {found.changes[0].example}"
            return Outcome(mutant, "survived", why)
        classes += found.classes
    return Outcome(mutant, "means the same", f"over {classes} classes of requests")


def chosen() -> Iterator[tuple[Claim, Mutant]]:
    every = [(claim, mutant) for claim in shipped() for mutant in mutants(claim.policy.place, claim.policy.document)]
    return iter(every[::EVERY])


def test_no_document_has_a_fault_before_it_is_mutated() -> None:
    faults = [
        fault
        for claim in shipped()
        for fault in lint.check(claim.policy.place, claim.policy.kind, claim.policy.document)
    ]
    assert faults == []


@pytest.mark.parametrize("claim", shipped(), ids=lambda claim: claim.policy.place)
def test_a_document_compared_with_itself_means_the_same(claim: Claim) -> None:
    same = world(claim, SETTINGS)
    assert difference(same, same, Scope(EVERYTHING, "anyone", estate(SETTINGS))).same


def test_every_mutant_is_refused_refuted_or_proved_to_mean_the_same() -> None:
    outcomes = [fate(claim, mutant) for claim, mutant in chosen()]
    survivors = [str(outcome) for outcome in outcomes if outcome.fate == "survived"]
    assert survivors == []
    assert len(outcomes) >= LEAST
    assert sum(outcome.fate == "refuted" for outcome in outcomes) >= LEAST / 2
