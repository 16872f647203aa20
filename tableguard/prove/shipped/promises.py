"""The promises of the documents under policies/, asked of every request, and guarded against saying nothing."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from tableguard.errors import PolicyError
from tableguard.policy import worlds
from tableguard.policy.contract import Contract, Promise, scope_of
from tableguard.policy.documents import GUARDRAILS
from tableguard.policy.evaluate import World
from tableguard.policy.policy_set import PolicySet
from tableguard.policy.worlds import Scope
from tableguard.prove.engine.prover import Proof, fails, is_refuted_by, prove
from tableguard.prove.engine.question import Question


@dataclass(frozen=True)
class PromiseAnswer:
    """The outcome of one promise of one document; `empty` says why a proved promise promises nothing.

    `assumed` is what its world rests on, beyond what is assumed of every world. `where` says at which levels of an
    organization the callers and resources are. What guardrails alone keep is `unguarded` without an organization.
    """

    place: str
    promise: Promise
    proof: Proof
    seconds: float
    empty: str = ""
    assumed: tuple[str, ...] = ()
    where: str = ""
    unguarded: bool = False

    @property
    def holds(self) -> bool:
        """Return True if the promise is proved, and is worth something."""
        return self.proof.verdict == "proved" and not self.empty and not self.unguarded


def answers(policies: PolicySet) -> Iterator[PromiseAnswer]:
    """Prove or refute each promise of each shipped document."""
    for contract in policies.contracts:
        yield from contract_answers(contract, policies)


def contract_answers(contract: Contract, policies: PolicySet) -> Iterator[PromiseAnswer]:
    """Prove or refute each promise of a document, in a world in which everything else allows everything."""
    kind, place = contract.policy.kind, contract.policy.place
    document = policies.policy_of(contract)
    alone = {flag: worlds.document_alone(kind, document, policies.estate, flag) for flag in (False, True)}
    for promise in contract.promises:
        world = alone[promise.whatever_else]
        scope = scope_of(place, promise, policies.shorthand, policies.shorthand.values)
        proved = answer(place, promise, scope, world, worlds.opposite_of_document(kind, world, promise.wanted))
        yield replace(proved, unguarded=kind in GUARDRAILS and not policies.guardrails_attached)


def answer(place: str, promise: Promise, scope: Scope, world: World, opposite: World) -> PromiseAnswer:
    """Prove or refute one promise in a world; in the opposite world, without its documents, it must fail."""
    start = time.perf_counter()
    question = Question(promise.name, promise.wanted, scope, world)
    proof = prove(question)
    empty = _emptiness(proof, opposite) if proof.verdict == "proved" else ""
    return PromiseAnswer(place, promise, proof, time.perf_counter() - start, empty)


def _emptiness(proof: Proof, opposite: World) -> str:
    """Return why a proof proves nothing, if the promise would hold without the documents; else an empty text."""
    without = replace(proof.question, world=opposite)
    try:
        # mostly one of the proof's own requests shows it; where none does, another may
        if any(is_refuted_by(without, row.example) for row in proof.rows) or fails(without):
            return ""
    except PolicyError as error:
        return f"whether it holds without the policies that make it cannot be said: {error}"
    return "the promise holds without the policies that make it: nothing follows from them"
