"""What AWS decides about one request, and which statement of which policy decided it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from tableguard.iam.principals import Mention, Principal, mentioned
from tableguard.iam.statements import Policy, Statement

Layer = Literal["endpoint", "rcp", "scp", "resource", "identity", "boundary", "session"]
Context = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Request:
    """One call: who does what to which resource under which circumstances.

    `resource` is an ARN, or `*` for an action without one. `context` holds what is known beyond the principal
    and the resource; keys in any case.
    """

    principal: Principal
    action: str
    resource: str
    resource_account: str
    context: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)

    def keys(self) -> dict[str, tuple[str, ...]]:
        """Every context key of the request in lower case, with those that AWS derives from caller and resource."""
        given = {key.lower(): (value,) if isinstance(value, str) else value for key, value in self.context.items()}
        return {"aws:resourceaccount": (self.resource_account,), **self.principal.context(), **given}


@dataclass(frozen=True)
class World:
    """Every policy that applies to a request, layer by layer; None, or no level, means there is no such layer.

    `service_control` and `resource_control` hold a tuple of policies for each level from the root to the
    account: the caller's for SCPs, the resource's for RCPs. AWS attaches RCPFullAWSAccess everywhere, so RCPs
    here are denials only. A resource that cannot be used without its own policy's leave, a KMS key or a role
    to be assumed, has `resource_must_allow`.
    """

    management_account: str = ""
    service_control: tuple[tuple[Policy, ...], ...] = ()
    resource_control: tuple[tuple[Policy, ...], ...] = ()
    identity: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    session: tuple[Policy, ...] | None = None
    resource: Policy | None = None
    resource_must_allow: bool = False
    endpoint: Policy | None = None


@dataclass(frozen=True)
class Reason:
    """One layer's say: the statement that spoke, or that none did."""

    layer: Layer
    effect: Literal["Allow", "Deny", "silent"]
    policy: str = ""
    sid: str = ""

    def __str__(self) -> str:
        if self.effect == "silent":
            return f"not allowed by any {self.layer} policy"
        verb = "allowed" if self.effect == "Allow" else "denied"
        return f"{verb} by {self.layer} policy {self.policy}, statement {self.sid or '(no Sid)'}"


@dataclass(frozen=True)
class Decision:
    """The answer and what decided it: the first denial, the layers that were silent, or the allows."""

    allowed: bool
    because: tuple[Reason, ...]


def decide(world: World, request: Request) -> Decision:
    """What AWS answers to a request in a world of policies; PolicyError where AWS leaves the answer undefined."""
    context = request.keys()
    layers = list(_layers(world, request.principal, request.resource_account))
    for name, levels in layers:
        denied = _spoken("Deny", name, levels, request, context)
        if denied is not None:
            return Decision(False, (denied,))
    capped = [reason for name, levels in layers for reason in _caps(name, levels, request, context)]
    granted = _grants(world, request, context)
    silent = tuple(reason for reason in (*capped, *granted) if reason.effect == "silent")
    return Decision(not silent, silent or (*capped, *granted))


def explain(world: World, request: Request) -> tuple[Reason, ...]:
    """Every layer's say in turn, level by level: its denial, else its leave, else its silence."""
    context = request.keys()
    return tuple(
        _spoken("Deny", name, (level,), request, context)
        or _spoken("Allow", name, (level,), request, context)
        or Reason(name, "silent")
        for name, levels in _layers(world, request.principal, request.resource_account)
        for level in levels
    )


Levels = tuple[tuple[Policy, ...], ...]


def _layers(world: World, caller: Principal, resource_account: str) -> Iterator[tuple[Layer, Levels]]:
    """The layers that apply to this caller and resource, in the order they are asked."""
    if world.endpoint is not None:
        yield "endpoint", ((world.endpoint,),)
    if world.resource_control and resource_account != world.management_account and not caller.service_linked:
        yield "rcp", world.resource_control
    if world.service_control and _bound_by_scps(caller, world.management_account):
        yield "scp", world.service_control
    if world.resource is not None:
        yield "resource", ((world.resource,),)
    if caller.kind in ("role", "user"):
        yield "identity", (world.identity,)
        if world.boundary is not None:
            yield "boundary", ((world.boundary,),)
        if world.session is not None:
            yield "session", (world.session,)


def _bound_by_scps(caller: Principal, management_account: str) -> bool:
    """SCPs bind every principal of a member account, its root user too, but no service-linked role.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html#not-restricted-by-scp
    """
    member = caller.kind in ("role", "user", "root") and caller.account != management_account
    return member and not caller.service_linked


def _caps(name: Layer, levels: Levels, request: Request, context: Context) -> Iterator[Reason]:
    """Layers that grant nothing and must each let the request through: at every level for SCPs."""
    if name in ("endpoint", "scp"):
        for level in levels:
            yield _spoken("Allow", name, (level,), request, context) or Reason(name, "silent")


def _grants(world: World, request: Request, context: Context) -> Iterator[Reason]:
    """The say of each layer whose leave this caller needs for this resource."""
    caller, mention = request.principal, None
    resource = None if world.resource is None else _spoken("Allow", "resource", ((world.resource,),), request, context)
    if world.resource is not None and resource is not None:
        mention = _closest(world.resource, request, context)
    same_account = caller.account == request.resource_account
    if resource is not None:
        yield resource
    elif caller.kind in ("service", "anonymous") or not same_account or world.resource_must_allow:
        yield Reason("resource", "silent")
    if caller.kind not in ("role", "user") or (same_account and mention == "direct"):
        return  # a resource policy that names the user or the session itself needs nothing else
    if not (same_account and mention == "role"):
        yield _spoken("Allow", "identity", (world.identity,), request, context) or Reason("identity", "silent")
    if world.boundary is not None:
        yield _spoken("Allow", "boundary", ((world.boundary,),), request, context) or Reason("boundary", "silent")
    if world.session is not None:
        yield _spoken("Allow", "session", (world.session,), request, context) or Reason("session", "silent")


def _closest(policy: Policy, request: Request, context: Context) -> Mention | None:
    """How closely the resource policy's allowing statements name the caller."""
    order: tuple[Mention, ...] = ("direct", "role", "account")
    found = {
        mentioned(statement.principals, request.principal)
        for statement in policy.statements
        if statement.effect == "Allow" and statement.matches(request.action, request.resource, context)
    }
    return next((mention for mention in order if mention in found), None)


def _spoken(
    effect: Literal["Allow", "Deny"], name: Layer, levels: Levels, request: Request, context: Context
) -> Reason | None:
    """The first statement with this effect that speaks of the request."""
    for level in levels:
        for policy in level:
            for statement in policy.statements:
                if statement.effect == effect and _speaks(statement, name, request, context):
                    return Reason(name, effect, policy.name, statement.sid)
    return None


def _speaks(statement: Statement, name: Layer, request: Request, context: Context) -> bool:
    if name in ("resource", "rcp", "endpoint") and mentioned(statement.principals, request.principal) is None:
        return False
    return statement.matches(request.action, request.resource, context)
