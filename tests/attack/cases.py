"""One case of the attack: the documents of a world, and a promise about it, as people write them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from tableguard.policy.evaluate import Wanted, World
from tableguard.policy.principals import Group
from tableguard.policy.statements import Policy, Statement, policy
from tableguard.policy.worlds import Estate, Scope
from tableguard.prove.engine.question import Question

Document = Mapping[str, Any]

ACCOUNT, MEMBER, MANAGEMENT, STRANGER = "222233334444", "555566667777", "123456789012", "999900001111"
ORGANIZATION, ELSEWHERE = "o-attacked01", "o-elsewhere9"
REGION = "eu-west-1"
ESTATE = Estate(ACCOUNT, MANAGEMENT, ORGANIZATION, REGION)
LEVELS = ("service_control", "resource_control")
LISTS = ("identity", "session")
SINGLE = ("boundary", "resource", "endpoint")


@dataclass(frozen=True)
class AttackCase:
    """Documents by layer, and the promise: its statement, its callers, what it wants.

    SCPs and RCPs stand at levels. `narrow` has the prover leave classes out however few there are.
    """

    seed: str
    layers: Mapping[str, Any]
    statement: Mapping[str, Any]
    callers: Group | tuple[str, ...]
    wanted: Wanted
    must_allow: bool = False
    narrow: bool = False

    @cached_property
    def world(self) -> World:
        """The world as the evaluator takes it."""
        levels: Mapping[str, Any] = {
            name: tuple(_policies(name, level) for level in self.layers.get(name, ())) for name in LEVELS
        }
        single: Mapping[str, Any] = {name: policy(name, self.layers[name]) for name in SINGLE if name in self.layers}
        session = _policies("session", self.layers["session"]) if "session" in self.layers else None
        return World(
            MANAGEMENT,
            identity=_policies("identity", self.layers.get("identity", ())),
            session=session,
            resource_must_allow=self.must_allow,
            organization=ORGANIZATION,
            **levels,
            **single,
        )

    @cached_property
    def question(self) -> Question:
        """The promise as the prover takes it."""
        return Question(f"seed {self.seed}", self.wanted, Scope(self._scope(), self.callers, ESTATE), self.world)

    def _scope(self) -> Statement:
        element = {"Effect": "Deny", **self.statement}
        excluded = element.pop("NotResource") if "Resource" in element and "NotResource" in element else None
        if "Resource" not in element and "NotResource" not in element:
            element["Resource"] = "*"
        scope = policy("promise", document(element)).statements[0]
        if excluded is None:
            return scope
        others = policy("promise", document({**element, "Resource": excluded})).statements[0].resource.values
        return replace(scope, resource=replace(scope.resource, excluded=others))

    def documents(self) -> Iterator[Document]:
        """Yield every document of the world."""
        for value in self.layers.values():
            yield from _documents(value)

    def statements(self) -> Iterator[Mapping[str, Any]]:
        """Yield every statement of the world, and that of the promise last."""
        for one in self.documents():
            yield from one["Statement"]
        yield self.statement

    def __str__(self) -> str:
        facts = {
            "seed": self.seed,
            "narrow": self.narrow,
            "resource must allow": self.must_allow,
            "layers": self.layers,
            f"must be {self.wanted}": self.statement,
            "callers": self.callers,
        }
        return json.dumps(facts, indent=1)


def document(*statements: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document of statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _documents(value: Any) -> Iterator[Document]:
    if isinstance(value, Mapping):
        yield value
    else:
        for item in value:
            yield from _documents(item)


def _policies(name: str, written: Any) -> tuple[Policy, ...]:
    return tuple(policy(f"{name}-{n}", one) for n, one in enumerate(written, start=1))
