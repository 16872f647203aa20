"""Trial of one step: whether somebody whom the attacker is can make its calls, and which facts that needs."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import NamedTuple

from tableguard.policy import worlds
from tableguard.policy.principals import principal
from tableguard.policy.statements import Policy, policy
from tableguard.prove.reach.account import Account, Fact, Identity, Thing
from tableguard.prove.reach.judge import Asked, Call, Condition, Judge, together
from tableguard.prove.reach.kinds import UNKNOWN_SERVICE, StepKind, services

_NOTHING = Identity((), None)
# what AWS asks for beside sts:AssumeRole where a request carries such keys
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_permissions-required
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html
_BESIDE = {
    "sts:TagSession": ("aws:requesttag/", "aws:tagkeys", "sts:transitivetagkeys"),
    "sts:SetSourceIdentity": ("sts:sourceidentity",),
}
_GRANTABLE = (
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DeriveSharedSecret",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey*",
    "kms:GenerateMac",
    "kms:GetPublicKey",
    "kms:ReEncrypt*",
    "kms:RetireGrant",
    "kms:Sign",
    "kms:Verify",
    "kms:VerifyMac",
)


@dataclass(frozen=True)
class SequenceStep:
    """One step of a sequence: its kind, what it is done to, its calls, and the facts that it needs and gives."""

    kind: StepKind
    target: str
    gives: Fact
    calls: tuple[Call, ...]
    needs: frozenset[Fact]


class Actors(NamedTuple):
    """Principals that the attacker is, with the same own policies; and the facts of which these are the result."""

    callers: tuple[str, ...]
    identity: Identity
    needs: frozenset[Fact]
    condition: Condition


class Own(NamedTuple):
    """The policy of what a call is on, what is known of the call, and the facts of which this policy is the result."""

    policy: Policy | None
    must_allow: bool
    needs: frozenset[Fact] = frozenset()
    condition: Condition = {}  # noqa: RUF012  # read only


class Made(NamedTuple):
    """Calls that somebody can make, and the facts that they need."""

    calls: tuple[Call, ...]
    needs: frozenset[Fact]


class Trial:
    """Tries steps with what the attacker has by now."""

    def __init__(self, account: Account, judge: Judge, facts: frozenset[Fact], views: list[Actors]) -> None:
        self.account, self.judge, self.facts, self.views = account, judge, facts, views

    def open_to(self, kind: StepKind, targets: tuple[str, ...]) -> bool:
        """Return False if nobody can make the first call of a step on any of the targets, whatever their policies."""
        if kind.service:
            return any(self._asked(view, ("iam:PassRole",), targets, Own(None, False)) for view in self.views)
        actions = kind.calls[0]
        meets_policies = any(own.policy is not None for arn in targets for own in self.policies_of(arn, actions))
        own = Own(worlds.OPEN_TO_EVERYBODY if meets_policies else None, False)
        return any(self._asked(view, actions, targets, own) for view in self.views)

    def step(self, kind: StepKind, target: str, gives: Fact) -> SequenceStep | None:
        """Return the step on a target, if it is possible."""
        trial = self._by_user_of(target)
        way = trial._handed_over(kind, target) if kind.service else trial._all_called(kind, target)
        if way is None:
            return None
        joins = frozenset({Fact("is", gives.subject)} if gives.kind == "joined" else ())
        return SequenceStep(kind, target, gives, way.calls, way.needs | joins)

    def _by_user_of(self, target: str) -> "Trial":
        """Return the trial of a step on a session: only its user asks for it. On anything else everybody may try."""
        user = self.account.sessions.get(target)
        if user is None:
            return self
        own = [view._replace(callers=(user,)) for view in self.views if user in view.callers]
        return Trial(self.account, self.judge, self.facts, own)

    def _all_called(self, kind: StepKind, target: str) -> Made | None:
        calls, needs = list[Call](), frozenset[Fact]()
        for actions in kind.calls:
            policies = tuple(_under(own, kind.condition) for own in self.policies_of(target, actions))
            way = self.called(actions, (target,), policies)
            if way is None:
                return None
            calls += way.calls
            needs |= way.needs
        return Made(tuple(calls), needs)

    def called(self, actions: tuple[str, ...], resources: tuple[str, ...], policies: tuple[Own, ...]) -> Made | None:
        """Return how somebody makes a call with one of these actions; None if nobody can."""
        for own in policies:
            for view in self.views:
                calls = self._taken(view, resources, own) if actions == ("sts:AssumeRole",) else ()
                call = None if calls else self._asked(view, actions, resources, own)
                if call is not None and actions != ("sts:AssumeRole",):
                    calls = (call,)
                if calls:
                    return Made(calls, view.needs | own.needs | {_caller(calls[0])})
        return None

    def _asked(
        self,
        view: Actors,
        actions: tuple[str, ...],
        resources: tuple[str, ...],
        own: Own,
        more: Condition | None = None,
    ) -> Call | None:
        condition = together(together(view.condition, own.condition), more or {})
        return self.judge.possible(
            Asked(view.callers, view.identity, actions, resources, own.policy, own.must_allow, condition)
        )

    def _taken(self, view: Actors, resources: tuple[str, ...], own: Own) -> tuple[Call, ...]:
        """Return the call that takes a role, and those beside it where it carries tags or a source identity."""
        call = self._asked(view, ("sts:AssumeRole",), resources, own)
        calls = [call] if call else []
        for action, keys in _BESIDE.items():
            if call is None or not any(key.lower().startswith(keys) for key in call.request.context):
                continue
            alone = view._replace(callers=(call.request.principal.arn,))
            beside = self._asked(alone, (action,), resources, own)
            if beside is None:
                return self._taken_without(view, resources, own, call)
            calls.append(beside)
        return tuple(calls)

    def _taken_without(self, view: Actors, resources: tuple[str, ...], own: Own, call: Call) -> tuple[Call, ...]:
        """Return the call that takes a role without tags and without a source identity."""
        prefixes = tuple(prefix for keys in _BESIDE.values() for prefix in keys)
        absent = {key: "true" for key in call.request.context if key.lower().startswith(prefixes)}
        bare = self._asked(view, ("sts:AssumeRole",), resources, own, {"Null": absent})
        return (bare,) if bare else ()

    def _handed_over(self, kind: StepKind, role: str) -> Made | None:
        """Return how a role is handed to a service that then acts as the attacker tells it."""
        for service in self._trusted_services(role) if kind.service == UNKNOWN_SERVICE else (kind.service,):
            trusts = self._trusts(role, service)
            way = None if trusts is None else self._passed(kind, role, service)
            if way is not None and trusts is not None:
                return way._replace(needs=way.needs | trusts)
        return None

    def _trusted_services(self, role: str) -> tuple[str, ...]:
        """Return the services that a role trusts and to which the table of steps hands nothing."""
        trust = self.account.holders[role].trust
        listed = (
            statement.principals.values for statement in (trust.statements if trust else ()) if statement.principals
        )
        every = (service for values in listed for service in values.get("Service", ()))
        return tuple(dict.fromkeys(service for service in every if service not in services()))

    def _trusts(self, role: str, service: str) -> frozenset[Fact] | None:
        """Return the facts by which a role lets a service take it; None if it does not."""
        federated = principal(service).kind == "federated"
        action = "sts:AssumeRoleWithWebIdentity" if federated else "sts:AssumeRole"
        for own in self.policies_of(role, (action,)):
            question = Asked((service,), _NOTHING, (action,), (role,), own.policy, own.must_allow)
            if self.judge.possible(question):
                return own.needs
        return None

    def _passed(self, kind: StepKind, role: str, service: str) -> Made | None:
        to_service = {"StringEquals": {"iam:PassedToService": service}}
        for view in self.views:
            if self._asked(view, ("iam:PassRole",), (role,), Own(None, False), to_service) is None:
                continue
            for caller in view.callers:
                alone = view._replace(callers=(caller,))
                passed = self._asked(alone, ("iam:PassRole",), (role,), Own(None, False), to_service)
                rest = None if passed is None else self._used(kind, alone)
                if passed is not None and rest is not None:
                    return Made((passed, *rest.calls), view.needs | rest.needs | {Fact("is", caller)})
        return None

    def _used(self, kind: StepKind, passing: Actors) -> Made | None:
        """Return the calls by which a service is told what to do: the first by whom hands the role over."""
        resources = (
            tuple(arn for arn, thing in self.account.things.items() if thing.kind == kind.at) if kind.at else ("*",)
        )
        if not resources:
            return None
        calls, needs = list[Call](), frozenset[Fact]()
        for n, actions in enumerate(kind.calls):
            by = self.views if n else [passing]
            way = Trial(self.account, self.judge, self.facts, by).called(actions, resources, (Own(None, False),))
            if way is None:
                return None
            calls += way.calls
            needs |= way.needs
        return Made(tuple(calls), needs)

    def policies_of(self, arn: str, actions: tuple[str, ...]) -> Iterator[Own]:
        """Yield the policies that calls on something may meet by now, the one without facts first.

        A role's trust policy is met by those calls of STS that take the role.
        """
        thing, holder = self.account.things.get(arn), self.account.holders.get(arn)
        if thing is not None:
            yield Own(thing.policy, thing.must_allow, condition=thing.condition)
            yield from self._changed(thing)
        elif holder is not None and holder.kind == "role" and actions[0].startswith("sts:"):
            yield Own(holder.trust, True)
            yield from (
                Own(worlds.OPEN_TO_EVERYBODY, True, frozenset({fact}))
                for fact in (Fact("trusted", arn), Fact("made", arn))
                if fact in self.facts
            )
        else:
            yield Own(None, False)

    def _changed(self, thing: Thing) -> Iterator[Own]:
        opened, widened = Fact("opened", thing.arn), Fact("widened", thing.arn)
        if opened in self.facts:
            yield Own(worlds.OPEN_TO_EVERYBODY, thing.must_allow, frozenset({opened}), thing.condition)
        if widened in self.facts:
            yield Own(_widened(thing), thing.must_allow, frozenset({widened}), thing.condition)


def _under(own: Own, condition: Condition) -> Own:
    return own._replace(condition=together(own.condition, condition))


@cache
def _granted() -> Policy:
    """Return what a grant of a key can give.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateGrant.html#KMS-CreateGrant-request-Operations
    """
    element = {"Effect": "Allow", "Principal": "*", "Action": list(_GRANTABLE), "Resource": "*"}
    return replace(policy("a grant", {"Statement": [element]}), assumed="a grant that the attacker made himself")


def _widened(thing: Thing) -> Policy:
    beside = _granted() if thing.kind == "key" else worlds.OPEN_TO_EVERYBODY
    kept = thing.policy.statements if thing.policy else ()
    return replace(beside, statements=(*kept, *beside.statements))


def _caller(call: Call) -> Fact:
    return Fact("is", call.request.principal.arn)
