"""Calls to a running estate that are decided and not carried out, each beside its explanation."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from tableguard.aws.arn import require
from tableguard.local import landing_zone
from tableguard.local.authorization import documents, guard
from tableguard.local.authorization.call import ApiCall
from tableguard.local.authorization.refusal import Refusal
from tableguard.local.landing_zone import EmbeddedSession, LandingZone
from tableguard.policy.evaluate import Decision, Request, World, decide
from tableguard.prove.explain.estate import estate_of
from tableguard.prove.explain.explanation import Explanation, explained
from tableguard.prove.explain.inquiry import Inquiry
from tests.worlds.estate import ACCOUNT, REGION, SETTINGS

SESSION = "explained"
# what an explanation adds itself; the rest of a context comes from the parameters of the call and its way
ADDED = (
    "aws:principalorgid",
    "aws:requestedregion",
    "aws:resourcetag/",
    "aws:securetransport",
    "aws:viaawsservice",
    "kms:calleraccount",
    "kms:resourcealiases",
)


@dataclass(frozen=True)
class Decided:
    """A request that the running estate decided, and its decision."""

    request: Request
    decision: Decision

    @property
    def sid(self) -> str:
        """The statement that denies explicitly, if one does."""
        reason = self.decision.because[0]
        return reason.sid if reason.effect == "Deny" else ""


@dataclass
class Watch:
    """The decisions about the watched sessions since the last call."""

    zone: LandingZone
    names: Mapping[str, str]
    decided: list[Decided] = field(default_factory=list)
    message: str = ""
    sessions: dict[tuple[str, bool], EmbeddedSession] = field(default_factory=dict)
    clients: dict[tuple[str, bool, str], Any] = field(default_factory=dict)

    def call(self, caller: str, service: str, operation: str, **parameters: Any) -> tuple[Decided, ...]:
        """Make a call and return what was decided about it; nothing is done, whatever the decision."""
        role, inside = caller.removesuffix(" inside"), caller.endswith(" inside")
        key = (role, inside, service)
        if key not in self.clients:
            self.clients[key] = self._session(role, inside).client(service)
        self.decided.clear()
        try:
            getattr(self.clients[key], operation)(**parameters)
        except (BotoCoreError, ClientError) as error:
            self.message = str(error)
        return tuple(self.decided)

    def _session(self, role: str, inside: bool) -> EmbeddedSession:
        if (role, inside) not in self.sessions:
            arn = _ARNS.get(role) or SETTINGS.role_arn(role)
            made = self.zone._assume(require(arn).account, arn.rpartition("/")[2], by=self._taker(arn))
            self.sessions[role, inside] = self.zone.in_network(made) if inside else made
        return self.sessions[role, inside]

    def _taker(self, arn: str) -> EmbeddedSession | None:
        takers = landing_zone._takers(SETTINGS).get(arn, ())
        return self.zone._assume(require(takers[0]).account, takers[0].rpartition("/")[2]) if takers else None

    def explanation(self, one: Decided) -> Explanation:
        """Return the explanation of a decided request, asked as a person would ask."""
        request, resource = one.request, one.request.resource
        for physical, name in self.names.items():
            resource = resource.replace(physical, name)
        context = {key: value for key, value in request.context.items() if not key.lower().startswith(ADDED)}
        region = str(request.context["aws:RequestedRegion"])
        return explained(Inquiry(request.principal.arn, request.action, resource, region, context), SETTINGS)


_ARNS = {
    "administrator": f"arn:aws:iam::{ACCOUNT}:role/OrganizationAccountAccessRole",
    "management": f"arn:aws:iam::{SETTINGS.management_account_id}:role/OrganizationAdministrator",
    **{f"{role}-taker": SETTINGS.example_takers_of(role)[0] for role in ("deployer", "break-glass")},
}


@contextmanager
def watching(zone: LandingZone) -> Iterator[Watch]:
    """Decide the calls of the watched sessions in the block, and do none of them: the estate stays as it is."""
    watch, original = Watch(zone, _names(zone)), documents.check

    def recorded(world: World, request: Request) -> Decision:
        decision = decide(world, request)
        if request.principal.session == SESSION:
            watch.decided.append(Decided(request, decision))
        return decision

    def stopped(call: ApiCall, organization: Any) -> None:
        if call.caller.principal.session == SESSION:
            raise Refusal("DryRunOperation", "allowed, and not done")
        original(call, organization)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(landing_zone, "_SESSION_NAME", SESSION)
        patch.setattr(guard, "decide", recorded)
        for role in (*_ARNS, *_ROLES):
            watch._session(role, inside=False)  # before nothing is done any more
        for role in _INSIDE:
            watch._session(role, inside=True)
        patch.setattr(documents, "check", stopped)
        yield watch


_ROLES = ("application", "auditor", "backup", "break-glass", "deployer", "operator", "pattern-d")
_INSIDE = ("application", "operator")
CALLERS = ("administrator", "administrator", "management", *_ROLES, *(f"{role} inside" for role in _INSIDE))


def _names(zone: LandingZone) -> dict[str, str]:
    """Return the stacks' names, STACK.LOGICALID, of what has an id that only AWS knows."""
    client = zone.clients("cloudformation", ACCOUNT, REGION)
    names = {}
    for stack, resources in estate_of(SETTINGS).plan.resources.items():
        made = client.describe_stack_resources(StackName=SETTINGS.stack_name(stack))["StackResources"]
        physical = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in made}
        for name, resource in resources.items():
            if resource.arn and f"{stack}.{name}" in resource.arn:
                names[physical[name]] = f"{stack}.{name}"
    return names
