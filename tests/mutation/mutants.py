"""The fate of every mutant of every shipped document; `python -m tests.mutation.mutants` lists the equivalent ones."""

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from tableguard.check.rules import policy_meaning
from tableguard.errors import PolicyError
from tableguard.policy import contract, documents
from tableguard.policy.contract import Claim
from tableguard.policy.evaluate import World
from tableguard.prove.diff.difference import difference
from tableguard.prove.engine.prover import fails
from tableguard.prove.engine.question import Scope
from tableguard.prove.shipped.promises import EVERYTHING, estate, question_of, world
from tableguard.settings import example
from tests.mutation.mutator import Mutant, mutants

SETTINGS = example()
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
        for claim in contract.load_all()
    )


@cache
def _as_shipped(place: str, whatever_else: bool) -> World:
    """The world of a shipped document before it is changed: the same for each of its mutants."""
    (claim,) = (claim for claim in shipped() if claim.policy.place == place)
    return world(claim, SETTINGS, whatever_else)


def with_document(claim: Claim, mutant: Mutant) -> Claim:
    return replace(claim, policy=replace(claim.policy, document=mutant.document))


def fate(claim: Claim, mutant: Mutant) -> Outcome:
    changed = with_document(claim, mutant)
    try:
        others = {flag: world(changed, SETTINGS, flag) for flag in (False, True)}
    except PolicyError as error:
        return Outcome(mutant, "refused", str(error))
    faults = policy_meaning.check(claim.policy.place, claim.policy.kind, mutant.document)
    if faults:
        return Outcome(mutant, "refused", str(faults[0]))
    try:
        return _after_asking(claim, mutant, others)
    except PolicyError as error:  # a promise cannot be proved of it any more, which ends `prove` with 2
        return Outcome(mutant, "refused", str(error))


def _after_asking(claim: Claim, mutant: Mutant, others: dict[bool, World]) -> Outcome:
    for promise in claim.promises:
        question = question_of(claim.policy.place, promise, others[promise.whatever_else], SETTINGS)
        if fails(question, since=_as_shipped(claim.policy.place, promise.whatever_else)):
            return Outcome(mutant, "refuted", promise.name)
    classes = 0
    for flag, other in others.items():
        found = difference(_as_shipped(claim.policy.place, flag), other, Scope(EVERYTHING, "anyone", estate(SETTINGS)))
        if not found.same:
            why = found.undecided or f"{found.changes[0].newly}: {found.changes[0].example}"
            return Outcome(mutant, "survived", why)
        classes += found.classes
    return Outcome(mutant, "means the same", f"over {classes} classes of requests")


def every() -> Iterator[tuple[Claim, Mutant]]:
    for claim in shipped():
        for mutant in mutants(claim.policy.place, claim.policy.document):
            yield claim, mutant


def main() -> None:
    """Every mutant that means the same, or survived, with the reason; then how many of each fate there are."""
    fates: Counter[Fate] = Counter()
    for claim, mutant in every():
        outcome = fate(claim, mutant)
        fates[outcome.fate] += 1
        if outcome.fate in ("means the same", "survived"):
            sys.stdout.write(f"{outcome}\n")
    sys.stdout.write(f"{sum(fates.values())} mutants: {dict(fates)}\n")


if __name__ == "__main__":
    main()
