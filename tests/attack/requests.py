"""Requests within a promise's scope: random ones, and such as come ever closer to what the promise excludes."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Literal

from tableguard.errors import PolicyError
from tableguard.policy.evaluate import Request, decide
from tableguard.policy.principals import Principal, mentioned, principal
from tableguard.policy.service_reference import load
from tableguard.policy.statements import Statement
from tests.attack.cases import ACCOUNT, ELSEWHERE, MANAGEMENT, ORGANIZATION, REGION, AttackCase
from tests.attack.values import VARIABLE, Parts, Values
from tests.attack.words import ALWAYS

Answer = Literal["outside", "holds", "contradicts", "undefined"]

# of the caller or of the resource: a request has them as these are
DERIVED = frozenset(
    (
        "aws:principalarn",
        "aws:principalaccount",
        "aws:principaltype",
        "aws:principalisawsservice",
        "aws:principalservicename",
        "aws:principalorgid",
        "aws:resourceaccount",
        "aws:resourceorgid",
        "aws:username",
    )
)
_TIME = "2026-03-01T00:00:00Z"
_OF_EVERY_REQUEST: Mapping[str, Any] = {
    "aws:requestedregion": REGION,
    "aws:securetransport": "true",
    "aws:currenttime": _TIME,
    "aws:epochtime": "1772323200",
}


def judged(case: AttackCase, request: Request) -> Answer:
    """Return what the evaluator says of a request: whether the promise covers it, and whether it gets what it must."""
    try:
        if not case.question.scope.statement.matches(request.action, request.resource, request.keys()):
            return "outside"
    except PolicyError:
        return "outside"  # whether the promise covers it AWS does not say
    try:
        allowed = decide(case.world, request).allowed
    except PolicyError:
        return "undefined"
    return "holds" if allowed == (case.wanted == "allowed") else "contradicts"


def can_be(case: AttackCase, caller: Principal) -> bool:
    """Return True if a caller is one of those that the promise is about."""
    group = case.callers
    if isinstance(group, tuple):
        return caller.arn in group or caller.session_arn in group
    if group == "anyone":
        return True
    if not caller.of_account or caller.service_linked or caller.account == MANAGEMENT:
        return False
    return group == "members" or (caller.account == ACCOUNT and caller.kind != "root")


def carried(request: Request) -> Request:
    """Return the request without keys of another service than its action's: docs/proving.md, "What is assumed"."""
    service = request.action.partition(":")[0]
    context = {key: value for key, value in request.context.items() if load().may_carry(service, key)}
    return replace(request, context=context)


def completed(example: Request) -> Request:
    """Return a request like an example of the prover, which leaves out what does not matter in its own class."""
    return replace(example, context={**_OF_EVERY_REQUEST, **example.context})


def can_exist(request: Request) -> bool:
    """Return True if AWS can make a request: a truth is true or false, and each key is one that the service has."""
    truths = {value for key, value in request.context.items() if load().key_type(key) == "Bool"}
    return truths <= {"true", "false"} and carried(request) == request


@dataclass
class Attacker:
    """Draws requests against one case."""

    case: AttackCase
    random: Random

    def __post_init__(self) -> None:
        self.parts = Parts(self.case, self.random)
        self.scope = scope = self.case.question.scope.statement
        self.callers = [caller for caller in self.parts.callers if can_be(self.case, caller)]
        if isinstance(self.case.callers, tuple):
            self.callers += [caller for caller in map(_caller, self.case.callers) if caller not in self.callers]
        self.actions = [action for action in self.parts.actions if scope.covers_action(action)]
        self.resources = [arn for arn in self.parts.resources if _covers(scope, arn)]
        self.values = {
            key: [value for value in self._all_values(key, values) if _may_hold(scope, key, value)]
            for key, values in self.parts.values.items()
            if key not in DERIVED
        }
        self.statements = _statements(self.case)

    def _all_values(self, key: str, values: list[Values]) -> list[Values]:
        return values if key in ALWAYS else [(), *values]

    @property
    def can_ask(self) -> bool:
        """Return True if there is a value within the scope for each part of a request."""
        return bool(self.callers and self.actions and self.resources) and all(self.values.values())

    # ------------------------------------------------------------ requests

    def random_request(self) -> Request:
        """Return a request whose parts, each by itself, are within the scope."""
        request = Request(_caller("*"), self.random.choice(self.actions), "*", ACCOUNT, dict(_OF_EVERY_REQUEST))
        for key in self.values:
            request = self._with_value(request, key, self.random.choice(self.values[key]))
        request = self._with_caller(request, self.random.choice(self.callers))
        return carried(self._with_resource(request, self.random.choice(self.resources)))

    def _with_value(self, request: Request, key: str, values: Values) -> Request:
        context = {name: value for name, value in request.context.items() if name != key}
        if values:
            context[key] = values[0] if len(values) == 1 else values
        return replace(request, context=context)

    def _with_caller(self, request: Request, caller: Principal) -> Request:
        context = {name: value for name, value in request.context.items() if name != "aws:principalorgid"}
        organization = self._organization(caller.account) if caller.of_account else ""
        if caller.of_account and self.case.callers == "members":
            organization = ORGANIZATION
        if organization:
            context["aws:principalorgid"] = organization
        changed = replace(request, principal=caller, context=context)
        # an account is in one organization
        same = caller.of_account and caller.account == request.resource_account
        return self._in_organization(changed, organization) if same else changed

    def _with_resource(self, request: Request, arn: str) -> Request:
        account = arn.split(":")[4] if arn.count(":") > 4 else ""
        if not account.isdigit():
            account = self.random.choice(
                [ACCOUNT, MANAGEMENT, *sorted({caller.account for caller in self.callers if caller.account})]
            )
        organization = self._organization(account)
        if account == request.principal.account:
            organization = str(request.context.get("aws:principalorgid", ""))
        changed = replace(request, resource=arn, resource_account=account)
        return self._in_organization(changed, organization)

    def _in_organization(self, request: Request, organization: str) -> Request:
        context = {name: value for name, value in request.context.items() if name != "aws:resourceorgid"}
        if organization and self.random.random() < 0.8:
            context["aws:resourceorgid"] = organization
        return replace(request, context=context, resource_organization=organization)

    def _organization(self, account: str) -> str:
        if account in (ACCOUNT, MANAGEMENT):
            return ORGANIZATION
        return self.random.choice((ORGANIZATION, ORGANIZATION, ELSEWHERE, ""))

    # ------------------------------------------------------------ aimed requests

    def climb(self, request: Request, steps: int) -> Iterator[Request]:
        """Yield the request and better ones: each step changes one part, and is kept if less stands in its way."""
        best = self.cost(request)
        yield request
        for _ in range(steps):
            changed = carried(self._changed(request))
            cost = self.cost(changed)
            if cost <= best:
                if cost < best:
                    yield changed
                request, best = changed, cost
        yield request

    def _changed(self, request: Request) -> Request:
        if self.parts.ties and self.random.random() < 0.3:
            return self._tied(request)
        place = self.random.randrange(len(self.values) + 3)
        if place == 0:
            return self._with_caller(request, self.random.choice(self.callers))
        if place == 1:
            return self._with_resource(request, self.random.choice(self.resources))
        if place == 2:
            return replace(request, action=self.random.choice(self.actions))
        key = self.random.choice(list(self.values))
        return self._with_value(request, key, self.random.choice(self.values[key]))

    def _tied(self, request: Request) -> Request:
        """Return the request with one part as a text with a variable demands it."""
        key, pattern = self.random.choice(self.parts.ties)
        context = request.keys()

        def value(match: re.Match[str]) -> str:
            name, _, default = match[1].partition(",")
            return (context.get(name.lower()) or (default.strip(" '"),))[0]

        text = self.parts.filled(VARIABLE.sub(value, pattern))
        if key == "aws:resourceaccount":
            return self._with_account(request, text)
        if key in self.values and text:
            return self._with_value(request, key, (text,))
        arn = next((arn for arn in self.parts.arns(text) if _covers(self.scope, arn)), "") if not key else ""
        return self._with_resource(request, arn) if arn else request

    def _with_account(self, request: Request, account: str) -> Request:
        """Return the request for the same resource of another account."""
        if not re.fullmatch("[0-9]{12}", account):
            return request
        parts = request.resource.split(":", 5)
        if len(parts) == 6 and parts[4].isdigit():
            return self._with_resource(request, ":".join((*parts[:4], account, parts[5])))
        same = account == request.principal.account
        ours = str(request.context.get("aws:principalorgid", "")) if same else self._organization(account)
        return self._in_organization(replace(request, resource_account=account), ours)

    def cost(self, request: Request) -> float:
        """Return what stands in the way of a counterexample: statements that match and had better not, or reverse."""
        cost = 0.0
        context = request.keys()
        for statement, weight in self.statements:
            try:
                matches = statement.matches(request.action, request.resource, context) and (
                    statement.principals is None or mentioned(statement.principals, request.principal) is not None
                )
            except PolicyError:
                matches = True
            cost += weight * matches
        return cost


def _caller(arn: str) -> Principal:
    return principal(arn, "monday")


def _covers(scope: Statement, arn: str) -> bool:
    if scope.resource.has_variables:
        return True
    try:
        return scope.covers_resource(arn, {})
    except PolicyError:
        return True


def _may_hold(scope: Statement, key: str, values: Values) -> bool:
    """Return True if the promise's conditions on a key hold of its values, or hang on another key too."""
    context = {key: values} if values else {}
    for line in scope.conditions:
        if line.key == key and not any("${aws" in value for value in line.values):
            try:
                if not line.holds(context):
                    return False
            except PolicyError:
                return False
    return True


def _statements(case: AttackCase) -> list[tuple[Statement, float]]:
    """Return the statements of the world, and what each that matches costs, below zero if it had better match."""
    world = case.world
    policies = [
        *(one for levels in (world.service_control, world.resource_control) for level in levels for one in level),
        *world.identity,
        *(world.session or ()),
        *(one for one in (world.boundary, world.resource, world.endpoint) if one is not None),
    ]
    sign = 1 if case.wanted == "denied" else -1
    weights = {"Deny": 1.0 * sign, "Allow": -0.3 * sign}
    return [(statement, weights[statement.effect]) for one in policies for statement in one.statements]
