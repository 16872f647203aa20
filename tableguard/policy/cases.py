"""The cases of a contract, put to its document alone: everything else in that world allows everything."""

from dataclasses import replace

from tableguard.policy import worlds
from tableguard.policy.contract import Case, Contract, Expectation
from tableguard.policy.evaluate import Decision, Layer, Request, decide
from tableguard.policy.policy_set import PolicySet
from tableguard.policy.shorthand import Shorthand

_LAYERS: dict[str, Layer] = {
    "scp": "scp",
    "rcp": "rcp",
    "endpoint": "endpoint",
    "resource": "resource",
    "role": "identity",
}


def requests(contract: Contract, case: Case, shorthand: Shorthand) -> tuple[Request, ...]:
    """Return the requests of a case: several where it is about each exempt role."""
    return shorthand.requests(case.call, f"{contract.policy.place}: case {case.name!r}")


def answers(contract: Contract, case: Case, policies: PolicySet) -> tuple[Decision, ...]:
    """Return what the document decides about each request of a case."""
    # a case about another bound account does not write that its caller is of the organization
    estate = replace(policies.estate, organization_id="")
    alone = worlds.document_alone(contract.policy.kind, policies.policy_of(contract), estate)
    return tuple(decide(alone, request) for request in requests(contract, case, policies.shorthand))


def fulfils(decision: Decision, expect: Expectation, kind: str) -> bool:
    """Return True if a decision is the expected one, made by the expected statement."""
    if decision.allowed == expect.stops:
        return False
    if not expect.sid:
        return True
    effect = "Allow" if decision.allowed else "Deny"
    return any((r.layer, r.effect, r.sid) == (_LAYERS[kind], effect, expect.sid) for r in decision.because)
