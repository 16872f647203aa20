"""One document alone, asked the requests of its cases: everything else in this world allows everything."""

from typing import Any

from tableguard.policy import contract, documents
from tableguard.policy.contract import Case, Claim, Expectation
from tableguard.policy.evaluate import Decision, Layer, World, decide
from tableguard.policy.statements import policy
from tableguard.settings import Settings

_LAYERS: dict[str, Layer] = {
    "scp": "scp",
    "rcp": "rcp",
    "endpoint": "endpoint",
    "resource": "resource",
    "role": "identity",
}
_EVERYTHING: dict[str, Any] = {"Sid": "Everything", "Effect": "Allow", "Action": "*", "Resource": "*"}
_FULL = policy("everything", {"Statement": [_EVERYTHING]})
_FULL_FOR_ANYBODY = policy("everything", {"Statement": [{**_EVERYTHING, "Principal": "*"}]})


def world(claim: Claim, settings: Settings) -> World:
    """The world in which only this document says anything but yes."""
    filled = documents.fill(claim.policy, settings.policy_values())
    asked = policy(claim.policy.name, filled)
    management = settings.management_account_id
    match claim.policy.kind:
        case "scp":
            levels = ((_FULL, asked),)
            return World(management, service_control=levels, identity=(_FULL,), resource=_FULL_FOR_ANYBODY)
        case "rcp":
            return World(management, resource_control=((asked,),), identity=(_FULL,), resource=_FULL_FOR_ANYBODY)
        case "endpoint":
            return World(management, endpoint=asked, identity=(_FULL,), resource=_FULL_FOR_ANYBODY)
        case "resource":
            with_leave = policy(asked.name, {"Statement": [*filled["Statement"], {**_EVERYTHING, "Principal": "*"}]})
            return World(management, identity=(_FULL,), resource=with_leave)
        case _:
            return World(management, identity=(asked,))


def answers(claim: Claim, case: Case, settings: Settings) -> tuple[Decision, ...]:
    """What the document decides about each request of a case."""
    asked = world(claim, settings)
    return tuple(decide(asked, request) for request in contract.requests(claim, case, settings))


def fulfils(decision: Decision, expect: Expectation, kind: str) -> bool:
    """Whether a decision is the expected one, made by the expected statement."""
    if decision.allowed == expect.stops:
        return False
    if not expect.sid:
        return True
    effect = "Allow" if decision.allowed else "Deny"
    return any((r.layer, r.effect, r.sid) == (_LAYERS[kind], effect, expect.sid) for r in decision.because)
