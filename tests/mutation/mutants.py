"""The fate of every mutant of every shipped document; `python -m tests.mutation.mutants` lists the equivalent ones."""

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

from tableguard.check.rules import policy_meaning
from tableguard.errors import PolicyError
from tableguard.policy import documents, worlds
from tableguard.policy.contract import Contract, load_all, scope_of
from tableguard.policy.evaluate import World
from tableguard.policy.shorthand import Shorthand
from tableguard.policy.statements import policy
from tableguard.policy.worlds import EVERY_REQUEST, Scope
from tableguard.prove.diff.difference import difference
from tableguard.prove.engine.prover import fails
from tableguard.prove.engine.question import Question
from tableguard.settings import example
from tests.mutation.mutator import Mutant, mutants

SHORTHAND = Shorthand(example())
ESTATE = SHORTHAND.estate
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
def shipped() -> tuple[Contract, ...]:
    return tuple(
        replace(contract, policy=replace(contract.policy, document=documents.fill(contract.policy, SHORTHAND.values)))
        for contract in load_all()
    )


def alone(contract: Contract, document: Mapping[str, Any], whatever_else: bool = False) -> World:
    """The world in which everything but this document, in place of the contract's, allows everything."""
    written = policy(contract.policy.name, document)
    return worlds.document_alone(contract.policy.kind, written, ESTATE, whatever_else)


@cache
def _as_shipped(place: str, whatever_else: bool) -> World:
    """The world of a shipped document before it is changed: the same for each of its mutants."""
    (contract,) = (contract for contract in shipped() if contract.policy.place == place)
    return alone(contract, contract.policy.document, whatever_else)


def fate(contract: Contract, mutant: Mutant) -> Outcome:
    try:
        others = {flag: alone(contract, mutant.document, flag) for flag in (False, True)}
    except PolicyError as error:
        return Outcome(mutant, "refused", str(error))
    faults = policy_meaning.check(contract.policy.place, contract.policy.kind, mutant.document)
    if faults:
        return Outcome(mutant, "refused", str(faults[0]))
    try:
        return _after_asking(contract, mutant, others)
    except PolicyError as error:  # a promise cannot be proved of it any more, which ends `prove` with 2
        return Outcome(mutant, "refused", str(error))


def _after_asking(contract: Contract, mutant: Mutant, others: dict[bool, World]) -> Outcome:
    for promise in contract.promises:
        scope = scope_of(contract.policy.place, promise, SHORTHAND, SHORTHAND.values)
        question = Question(promise.name, promise.wanted, scope, others[promise.whatever_else])
        if fails(question, since=_as_shipped(contract.policy.place, promise.whatever_else)):
            return Outcome(mutant, "refuted", promise.name)
    classes = 0
    for flag, other in others.items():
        found = difference(_as_shipped(contract.policy.place, flag), other, Scope(EVERY_REQUEST, "anyone", ESTATE))
        if not found.same:
            why = found.undecided or f"{found.changes[0].newly}: {found.changes[0].example}"
            return Outcome(mutant, "survived", why)
        classes += found.classes
    return Outcome(mutant, "means the same", f"over {classes} classes of requests")


def every() -> Iterator[tuple[Contract, Mutant]]:
    for contract in shipped():
        for mutant in mutants(contract.policy.place, contract.policy.document):
            yield contract, mutant


def main() -> None:
    """Every mutant that means the same, or survived, with the reason; then how many of each fate there are."""
    fates: Counter[Fate] = Counter()
    for contract, mutant in every():
        outcome = fate(contract, mutant)
        fates[outcome.fate] += 1
        if outcome.fate in ("means the same", "survived"):
            sys.stdout.write(f"{outcome}\n")
    sys.stdout.write(f"{sum(fates.values())} mutants: {dict(fates)}\n")


if __name__ == "__main__":
    main()
