"""The promises of the documents under policies/, asked of every request, and guarded against saying nothing."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from tableguard.errors import PolicyError
from tableguard.policy import cases, contract
from tableguard.policy.contract import Claim, Promise
from tableguard.policy.evaluate import World
from tableguard.policy.statements import Policy, Statement, policy
from tableguard.prove.engine.prover import Proof, fails, prove
from tableguard.prove.engine.question import GROUPS, Estate, Group, Question, Scope
from tableguard.reading import placeholders
from tableguard.reading.placeholders import Values
from tableguard.settings import Settings

_ANYTHING: dict[str, Any] = {"Action": "*", "Resource": "*"}
_GROUPS: dict[str, Group] = {group: group for group in GROUPS}


@dataclass(frozen=True)
class Answer:
    """What became of one promise of one document; `empty` says why a promise that was proved promises nothing.

    `assumed` is what the world that it was asked in rests on, beyond what is assumed of every world.
    """

    place: str
    promise: Promise
    proof: Proof
    seconds: float
    empty: str = ""
    assumed: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether the promise is proved, and is worth something."""
        return self.proof.verdict == "proved" and not self.empty


EVERYTHING = policy("everything", {"Statement": [{"Effect": "Deny", **_ANYTHING}]}).statements[0]


def answers(claim: Claim, settings: Settings) -> Iterator[Answer]:
    """Each promise of a document, proved or refuted in a world in which only this document says anything but yes."""
    worlds = {flag: world(claim, settings, flag) for flag in (False, True)}
    for promise in claim.promises:
        asked = worlds[promise.whatever_else]
        yield answer(claim.policy.place, promise, asked, _opposite(claim, promise, asked, settings), settings)


def answer(  # noqa: PLR0917  # what is asked, where, and with what it is filled
    place: str,
    promise: Promise,
    asked: World,
    opposite: World,
    settings: Settings,
    values: Values | None = None,
) -> Answer:
    """One promise in a world; in the opposite world, without the documents that it rests on, it must fail."""
    start = time.perf_counter()
    question = question_of(place, promise, asked, settings, values)
    proof = prove(question)
    empty = _emptiness(question, opposite) if proof.verdict == "proved" else ""
    return Answer(place, promise, proof, time.perf_counter() - start, empty)


def question_of(
    place: str, promise: Promise, world: World, settings: Settings, values: Values | None = None
) -> Question:
    """A promise as a question, its placeholders filled from the settings, or from values."""
    filled = settings.policy_values() if values is None else values
    scope = Scope(_statement(place, promise, filled), _callers(promise, settings), estate(settings))
    return Question(promise.name, promise.wanted, scope, world)


def estate(settings: Settings) -> Estate:
    """The accounts and the organization of the settings."""
    return Estate(settings.account_id, settings.management_account_id, settings.organization_id, settings.home_region)


def _emptiness(question: Question, opposite: World) -> str:
    """Why a proof proves nothing: what is promised would be so without the documents."""
    try:
        if fails(replace(question, world=opposite)):
            return ""
    except PolicyError as error:
        return f"whether it holds without the policies that make it cannot be said: {error}"
    return "the promise holds without the policies that make it: nothing follows from them"


def _statement(place: str, promise: Promise, values: Values) -> Statement:
    element = {"Effect": "Deny", "Resource": "*", **promise.statement}
    if "NotResource" in element:
        del element["Resource"]
    filled = placeholders.fill(element, values, f"{place}: {promise.name}")
    return policy(f"{place}: {promise.name}", {"Version": "2012-10-17", "Statement": [filled]}).statements[0]


def _callers(promise: Promise, settings: Settings) -> Group | tuple[str, ...]:
    if len(promise.callers) == 1 and promise.callers[0] in _GROUPS:
        return _GROUPS[promise.callers[0]]
    return tuple(arn for short in promise.callers for arn in contract.principals(short, settings))


def world(claim: Claim, settings: Settings, whatever_else: bool = False) -> World:
    """The world in which only this document says anything but yes; a role's own, or beside one that allows all."""
    found = replace(cases.world(claim, settings), organization=settings.organization_id)
    if claim.policy.kind != "role":
        return found
    others = (policy("everything", {"Statement": [{"Effect": "Allow", **_ANYTHING}]}),) if whatever_else else ()
    # resources of every account leave it to this account's policies who may use them
    return replace(found, identity=(*found.identity, *others), resource=_delegating(settings))


def _delegating(settings: Settings) -> Policy:
    principal = {"AWS": [settings.account_id]}
    return policy("delegating", {"Statement": [{"Effect": "Allow", "Principal": principal, **_ANYTHING}]})


def _opposite(claim: Claim, promise: Promise, asked: World, settings: Settings) -> World:
    """The world with a document in place of this one that says the opposite of what is promised."""
    effect = "Allow" if promise.wanted == "denied" else "Deny"
    principal = {} if claim.policy.kind in ("scp", "role") else {"Principal": "*"}
    other = policy("opposite", {"Statement": [{"Sid": "Opposite", "Effect": effect, **principal, **_ANYTHING}]})
    match claim.policy.kind:
        case "scp":
            return replace(asked, service_control=((other,),))
        case "rcp":
            return replace(asked, resource_control=((other,),) if effect == "Deny" else ())
        case "endpoint":
            return replace(asked, endpoint=other)
        case "resource":
            return replace(asked, resource=other)
        case _:
            return replace(asked, identity=(other,))
