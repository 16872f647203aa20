"""The judge of every call: the evaluator, and where a call has free parameters the prover's classes of requests.

A call of a sequence has free parameters: names, tags, networks, moments. It is possible if some request of it is
allowed. Most calls are decided sooner: the plain request is allowed, or a denial asks for nothing but caller and
resource, and so no parameter helps.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

from tableguard.errors import PolicyError
from tableguard.policy import worlds
from tableguard.policy.evaluate import Decision, Levels, Request, World, decide
from tableguard.policy.principals import Principal, mentioned, principal
from tableguard.policy.statements import Policy, Statement, policy
from tableguard.policy.worlds import Scope
from tableguard.prove.engine.prover import prove
from tableguard.prove.engine.question import Question
from tableguard.prove.reach.account import Account, Identity

_NO_SCOPE = "no request is within the scope: the promise says nothing"
# what a caller cannot choose
_OF_CALLER = frozenset(
    ("aws:principalarn", "aws:principalaccount", "aws:principaltype", "aws:principalisawsservice", "aws:principalorgid")
)
_DERIVED = _OF_CALLER | {"aws:resourceaccount"}
_LIKE = ("StringEquals", "StringLike")
_EQUAL = ("StringEquals", "ForAnyValue:StringEquals", "ForAllValues:StringEquals")
Condition = Mapping[str, Mapping[str, Any]]


class Call(NamedTuple):
    """One request of a sequence, and the decision that allows it."""

    request: Request
    decision: Decision


@dataclass(frozen=True)
class Asked:
    """Calls of one kind: by any of these callers, with these own policies, of any of these actions on any resource."""

    callers: tuple[str, ...]
    identity: Identity
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    policy: Policy | None = None
    must_allow: bool = False
    condition: Condition = field(default_factory=dict)

    @cached_property
    def key(self) -> tuple[object, ...]:
        """What tells this question from others; policies are told apart as objects, which is much faster."""
        policies = (*self.identity.policies, self.identity.boundary, self.policy)
        question = (self.callers, self.actions, self.resources, self.must_allow, str(self.condition))
        return (*question, *map(id, policies))

    @cached_property
    def statement(self) -> Statement:
        """The statement that covers these calls."""
        element = {"Effect": "Deny", "Action": list(self.actions), "Resource": list(self.resources)}
        document = {"Version": "2012-10-17", "Statement": [{**element, "Condition": self.condition}]}
        return policy("the call", document).statements[0]


class Judge:
    """Answers whether a call is possible; what could not be decided is kept in `undecided`."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.undecided: list[str] = []
        self.answers: dict[tuple[object, ...], tuple[Asked, Call | None]] = {}
        self.certain: dict[frozenset[str], World] = {}
        self.denied: dict[tuple[str, str, str, str], bool] = {}

    def possible(self, question: Asked) -> Call | None:
        """Return a request that is allowed, with its decision; None if none is."""
        owner = {"aws:ResourceAccount": self.account.estate.account}
        condition = together(question.condition, {"StringEquals": owner})
        covered = replace(question, actions=self._covered(question), condition=condition)
        if not covered.actions:
            return None
        if covered.key not in self.answers:
            self.answers[covered.key] = (covered, self._answered(covered))
        return self.answers[covered.key][1]

    def _covered(self, question: Asked) -> tuple[str, ...]:
        """Return the actions that something could allow: without a policy of the resource only its account's own."""
        callers = [principal(arn) for arn in question.callers]
        outside = all(caller.account != self.account.estate.account for caller in callers)
        if question.policy is not None and not (outside and not _lets_in(question.policy, callers)):
            return question.actions
        if question.must_allow or outside:
            return ()
        if any(caller.kind not in ("role", "user") for caller in callers):
            return question.actions
        return tuple(
            action
            for action in question.actions
            if any(own.concerning("Allow", action.lower()) for own in question.identity.policies)
        )

    def _answered(self, question: Asked) -> Call | None:
        world = replace(
            self.account.guarded,
            identity=question.identity.policies,
            boundary=question.identity.boundary,
            resource=question.policy,
            resource_must_allow=question.must_allow,
        )
        if any("*" in resource or "?" in resource for resource in question.resources):
            return self._proved(question, world)
        requests = [request for request in self._plain(question) if not self._is_denied(request, question.condition)]
        for request in requests:
            call = _allowed(question, world, request)
            if call is not None:
                return call
        if not requests:
            return None
        callers = dict.fromkeys(request.principal.arn for request in requests)
        resources = dict.fromkeys(request.resource for request in requests)
        return self._proved(replace(question, callers=tuple(callers), resources=tuple(resources)), world)

    def _plain(self, question: Asked) -> Iterator[Request]:
        """Yield the calls as requests that carry what every request does, and what the condition writes out."""
        estate = self.account.estate
        written = {
            key.lower(): _values(value, operator)
            for operator in _EQUAL
            for key, value in question.condition.get(operator, {}).items()
            if key.lower() not in _DERIVED
        }
        context = {"aws:requestedregion": estate.home_region, "aws:securetransport": "true", **written}
        for arn in question.callers:
            caller = principal(arn)
            is_ours = estate.organization_id and caller.account == estate.account
            ours = {"aws:principalorgid": estate.organization_id} if is_ours else {}
            for action in question.actions:
                for resource in question.resources:
                    yield Request(caller, action, resource, estate.account, {**context, **ours})

    def _is_denied(self, request: Request, condition: Condition) -> bool:
        """Return True if a guardrail denies the request whatever else it carries."""
        if request.principal.account not in ("", self.account.estate.account):
            return False  # of which organization somebody else is, no request here fixes
        key = (request.principal.arn, request.action, request.resource, str(condition))
        if key not in self.denied:
            self.denied[key] = not decide(self._certain(condition), request).allowed
        return self.denied[key]

    def _certain(self, condition: Condition) -> World:
        """Return the world in which only those denials are left that look at nothing but what a question fixes."""
        listed = condition.get("ForAnyValue:StringEquals", {}).items()
        # of several values a request may carry any one, and not the one that a denial looks for
        members = frozenset(key.lower() for key, value in listed if isinstance(value, str) or len(value) == 1)
        if members not in self.certain:
            guarded = self.account.guarded
            self.certain[members] = replace(
                guarded,
                service_control=_certain(guarded.service_control, members),
                resource_control=_certain(guarded.resource_control, members),
                identity=(worlds.ADMINISTRATOR,),
                resource=worlds.OPEN_TO_EVERYBODY,
            )
        return self.certain[members]

    def _proved(self, question: Asked, world: World) -> Call | None:
        scope = Scope(question.statement, question.callers, self.account.estate)
        proof = prove(Question("the call", "denied", scope, world))
        if proof.verdict == "not proved" and proof.reason != _NO_SCOPE:
            self.undecided.append(f"{' or '.join(question.actions)} on {', '.join(question.resources)}: {proof.reason}")
        if proof.counterexample is None or proof.decision is None:
            return None
        written = {action.lower(): action for action in question.actions}
        request = proof.counterexample
        return Call(replace(request, action=written.get(request.action.lower(), request.action)), proof.decision)


def _lets_in(own: Policy, callers: list[Principal]) -> bool:
    """Return True if a resource's policy allows some of these callers something; whoever is outside needs that."""
    return any(
        statement.effect == "Allow" and statement.principals is not None and mentioned(statement.principals, caller)
        for statement in own.statements
        for caller in callers
    )


def _certain(levels: Levels, members: frozenset[str]) -> Levels:
    """Return the policies with those denials only that no further key of a request undoes."""
    return tuple(
        tuple(
            replace(
                own, statements=tuple(map(_at_most, (line for line in own.statements if _is_certain(line, members))))
            )
            for own in level
        )
        for level in levels
    )


def _at_most(statement: Statement) -> Statement:
    """Return an allowance with all that it may allow: what a caller can choose may be as it asks for."""
    if statement.effect == "Deny":
        return statement
    kept = tuple(
        line
        for line in statement.conditions
        if line.key in _OF_CALLER and not any("${" in value for value in line.values)
    )
    resource = worlds.EVERY_REQUEST.resource if statement.resource.has_variables else statement.resource
    return replace(statement, conditions=kept, resource=resource)


def _is_certain(statement: Statement, members: frozenset[str]) -> bool:
    """Return True if a denial looks at the caller, or for one of several values of which the question names one."""
    variables = any("${" in value for line in statement.conditions for value in line.values)
    fixed = all(
        line.key in _OF_CALLER or (line.key in members and line.quantifier == "ForAnyValue" and line.operator in _LIKE)
        for line in statement.conditions
    )
    return statement.effect == "Allow" or (fixed and not variables and not statement.resource.has_variables)


def _allowed(question: Asked, world: World, request: Request) -> Call | None:
    try:
        if not question.statement.applies(request.resource, request.keys()):
            return None
        decision = decide(world, request)
    except PolicyError:
        return None  # the prover says what is undefined
    return Call(request, decision) if decision.allowed else None


def _values(value: Any, operator: str) -> str | tuple[str, ...]:
    """Return what a request carries to meet a condition: of a single value the first that is written."""
    values = (value,) if isinstance(value, str) else tuple(value)
    return values[0] if len(values) == 1 or ":" not in operator else values


def together(one: Condition, other: Condition) -> Condition:
    """Return the condition that holds where both hold.

    PolicyError where both compare a key by one operator with different values: one statement cannot say that.
    """
    for operator in one.keys() & other.keys():
        for key in one[operator].keys() & other[operator].keys():
            values = one[operator][key], other[operator][key]
            if values[0] != values[1]:
                raise PolicyError(
                    f"Condition of a goal: {operator} of {key} cannot be both {values[0]} and {values[1]}: the search "
                    "fixes one of them; leave the line out, or write it with another operator"
                )
    return {operator: {**one.get(operator, {}), **other.get(operator, {})} for operator in (*one, *other)}
