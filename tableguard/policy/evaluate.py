"""The decision of AWS about one request, and the statement of the policy that decides it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from tableguard.errors import PolicyError
from tableguard.policy import service_reference
from tableguard.policy.principals import Mention, Principal, mentioned
from tableguard.policy.statements import Audience, Effect, Policy, Statement

Layer = Literal["endpoint", "rcp", "scp", "resource", "identity", "boundary", "session"]
Wanted = Literal["denied", "allowed"]
Context = Mapping[str, tuple[str, ...]]
Levels = tuple[tuple[Policy, ...], ...]

# The principals that policies of each layer may name. In a gateway endpoint's an account would mean its root user:
# https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
_AUDIENCES: dict[Layer, frozenset[Audience]] = {
    "scp": frozenset(("unsaid",)),
    "identity": frozenset(("unsaid",)),
    "boundary": frozenset(("unsaid",)),
    "session": frozenset(("unsaid",)),
    "resource": frozenset(("everybody", "named")),
    "rcp": frozenset(("everybody",)),
    "endpoint": frozenset(("everybody",)),
}
_CLOSENESS: tuple[Mention, ...] = ("direct", "role", "account")


@dataclass(frozen=True)
class Request:
    """One call: a principal does an action to a resource under some circumstances.

    `resource` is an ARN, or `*` for an action without one. `context` holds what is known beyond the principal
    and the resource; keys in any case. What AWS derives itself cannot be given otherwise.
    `resource_organization` is the organization of the resource's account, empty if it is in none. None leaves it to
    aws:ResourceOrgID, and without that key to the world: AWS does not send the key with every action.
    """

    principal: Principal
    action: str
    resource: str
    resource_account: str
    context: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    resource_organization: str | None = None

    def keys(self) -> dict[str, tuple[str, ...]]:
        """Return the context keys of the request in lower case, those that AWS derives from its parties included."""
        derived = {**self.principal.context(), "aws:resourceaccount": (self.resource_account,)}
        carried = {key.lower(): (value,) if isinstance(value, str) else value for key, value in self.context.items()}
        if len(carried) < len(self.context):
            raise PolicyError(f"the request for {self.action} has a context key twice, in different case")
        for key in carried.keys() & derived.keys():
            if carried[key] != derived[key]:
                raise PolicyError(
                    f"the request for {self.action} has {key} {carried[key]}; AWS makes it {derived[key]}"
                )
        return derived | carried


@dataclass(frozen=True)
class World:
    """The policies that apply to a request, layer by layer; None, or no level, means there is no such layer.

    `service_control` and `resource_control` hold a tuple of policies for each level from the root to the
    account: the caller's for SCPs, the resource's for RCPs. AWS attaches RCPFullAWSAccess everywhere, so RCPs
    here are denials only. With `members`, SCPs bind callers of these accounts only, and RCPs their resources; with
    `organization`, SCPs bind only callers whose aws:PrincipalOrgID it is, and RCPs no resource of another organization.
    A resource whose own policy must allow each use, a KMS key or a role to be assumed, has `resource_must_allow`.
    """

    management_account: str = ""
    service_control: Levels = ()
    resource_control: Levels = ()
    identity: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    session: tuple[Policy, ...] | None = None
    resource: Policy | None = None
    resource_must_allow: bool = False
    endpoint: Policy | None = None
    members: frozenset[str] = frozenset()
    organization: str = ""

    def __post_init__(self) -> None:
        for layer, policies in self._policies():
            for policy in policies:
                _refuse_misplaced(layer, policy)

    def policies_of(self, layer: Layer) -> tuple[Policy, ...]:
        """Return the policies of a layer, those of all its levels together."""
        return tuple(policy for name, policies in self._policies() if name == layer for policy in policies)

    def _policies(self) -> Iterator[tuple[Layer, tuple[Policy, ...]]]:
        yield from (("scp", level) for level in self.service_control)
        yield from (("rcp", level) for level in self.resource_control)
        yield "identity", self.identity
        yield "boundary", _optional(self.boundary)
        yield "session", self.session or ()
        yield "resource", _optional(self.resource)
        yield "endpoint", _optional(self.endpoint)

    def binds(self, account: str) -> bool:
        """Return True if an account's callers and resources are under the organization's policies."""
        if self.management_account and account == self.management_account:
            return False
        return not self.members or account in self.members


def _optional(policy: Policy | None) -> tuple[Policy, ...]:
    return () if policy is None else (policy,)


def _refuse_misplaced(layer: Layer, policy: Policy) -> None:
    misplaced = policy.audience - _AUDIENCES[layer]
    if misplaced:
        words = {"unsaid": "none", "everybody": "*", "named": "names"}
        raise PolicyError(
            f"{policy.name}: as {layer} policy a statement's Principal must be "
            f"{' or '.join(words[audience] for audience in sorted(_AUDIENCES[layer]))}, not {words[min(misplaced)]}"
        )
    if layer == "rcp" and any(statement.effect == "Allow" for statement in policy.statements):
        raise PolicyError(f"{policy.name}: an RCP only denies; RCPFullAWSAccess, attached everywhere, allows")


@dataclass(frozen=True)
class Reason:
    """The answer of one layer: the statement that decided, or that none did.

    `assumed` says what the policy stands for, if no file holds it; `arn` is that of the policy, if it has one.
    """

    layer: Layer
    effect: Literal["Allow", "Deny", "silent"]
    policy: str = ""
    sid: str = ""
    assumed: str = ""
    arn: str = ""

    def __str__(self) -> str:
        if self.effect == "silent":
            return f"not allowed by any {self.layer} policy"
        verb = "allowed" if self.effect == "Allow" else "denied"
        return f"{verb} by {self.layer} policy {self.policy}, statement {self.sid or '(no Sid)'}"


@dataclass(frozen=True)
class Decision:
    """The answer and its reasons: the first denial, the layers that were silent, or the allows."""

    allowed: bool
    because: tuple[Reason, ...]

    def __str__(self) -> str:
        return "; ".join(map(str, self.because)) or "allowed: the root user needs no policy for what his account has"


def decide(world: World, request: Request) -> Decision:
    """Decide a request as AWS does in a world of policies; PolicyError where AWS leaves the answer undefined."""
    evaluation = _Evaluation(request)
    layers = tuple(_layers(world, evaluation))
    denial = evaluation.first("Deny", *layers)
    if denial is not None:
        return Decision(False, (denial,))
    reasons = (*_ceiling_reasons(layers, evaluation), *_grant_reasons(world, evaluation))
    silent = tuple(reason for reason in reasons if reason.effect == "silent")
    return Decision(not silent, silent or reasons)


def explain(world: World, request: Request) -> tuple[Reason, ...]:
    """Return one Reason per layer and level, in turn: its denial, else what it allows, else that it is silent."""
    evaluation = _Evaluation(request)
    return tuple(
        evaluation.first("Deny", (name, (level,))) or evaluation.first_allow(name, level)
        for name, levels in _layers(world, evaluation)
        for level in levels
    )


class _Evaluation:
    """A request with its context keys and lower-case action computed once."""

    def __init__(self, request: Request) -> None:
        if request.action.count(":") != 1 or "*" in request.action or "?" in request.action:
            raise PolicyError(f"{request.action!r} is not the action of a request: service:Name, without wildcards")
        self.request = request
        self.caller = request.principal
        self.action = request.action.lower()
        self.context = request.keys()

    def first(self, effect: Effect, *layers: tuple[Layer, Levels]) -> Reason | None:
        """Return the first statement with this effect that matches the request, or None.

        PolicyError if a statement is undefined, and none matches for certain: where one does, the other adds nothing.
        """
        unclear: PolicyError | None = None
        for layer, levels in layers:
            for policy in (policy for level in levels for policy in level):
                for statement in policy.concerning(effect, self.action):
                    try:
                        if self._matches(statement):
                            return Reason(layer, effect, policy.name, statement.sid, policy.assumed, policy.arn)
                    except PolicyError as error:
                        unclear = unclear or error
        if unclear is not None:
            raise unclear
        return None

    def first_allow(self, layer: Layer, level: tuple[Policy, ...]) -> Reason:
        """Return the first allowing statement as a Reason, or a silent Reason."""
        return self.first("Allow", (layer, (level,))) or Reason(layer, "silent")

    def most_specific_resource_allow(self, policy: Policy) -> tuple[Reason, Mention] | None:
        """Return the statement of a resource's policy that allows the request and names the caller most closely."""
        allowing: dict[Mention, Statement] = {}
        for statement in policy.concerning("Allow", self.action):
            mention = mentioned(statement.principals, self.caller) if statement.principals else None
            if mention is not None and mention not in allowing and self._applies(statement):
                allowing[mention] = statement
        for mention in _CLOSENESS:
            if mention in allowing:
                return Reason("resource", "Allow", policy.name, allowing[mention].sid, policy.assumed), mention
        return None

    def _matches(self, statement: Statement) -> bool:
        principals = statement.principals
        return (principals is None or mentioned(principals, self.caller) is not None) and self._applies(statement)

    def _applies(self, statement: Statement) -> bool:
        return statement.applies(self.request.resource, self.context)


def _layers(world: World, evaluation: _Evaluation) -> Iterator[tuple[Layer, Levels]]:
    """Yield the layers that apply to this caller and resource, in the order of evaluation."""
    caller = evaluation.caller
    if world.endpoint is not None:
        yield "endpoint", ((world.endpoint,),)
    if world.resource_control and _bound_by_rcps(world, evaluation):
        yield "rcp", world.resource_control
    if world.service_control and _bound_by_scps(world, evaluation):
        yield "scp", world.service_control
    if world.resource is not None:
        yield "resource", ((world.resource,),)
    if caller.has_own_policies:
        yield "identity", (world.identity,)
        if world.boundary is not None:
            yield "boundary", ((world.boundary,),)
        if world.session is not None:
            yield "session", (world.session,)


def _bound_by_rcps(world: World, evaluation: _Evaluation) -> bool:
    """Return True for resources of member accounts, of services that RCPs know, unless a service-linked role calls.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
    """
    request = evaluation.request
    if evaluation.caller.service_linked or not service_reference.load().under_rcps(request.action):
        return False
    if not world.binds(request.resource_account):
        return False
    unsaid = evaluation.context.get("aws:resourceorgid", (world.organization,))
    organization = unsaid[0] if request.resource_organization is None else request.resource_organization
    return not world.organization or organization == world.organization


def _bound_by_scps(world: World, evaluation: _Evaluation) -> bool:
    """Return True for every principal of a member account, its root user too, but no service-linked role.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html#not-restricted-by-scp
    """
    caller = evaluation.caller
    if not caller.of_account or caller.service_linked or not world.binds(caller.account):
        return False
    return not world.organization or evaluation.context.get("aws:principalorgid") == (world.organization,)


def _ceiling_reasons(layers: tuple[tuple[Layer, Levels], ...], evaluation: _Evaluation) -> Iterator[Reason]:
    """Yield one Reason per layer that grants nothing and must let the request through: at every level for SCPs."""
    for name, levels in layers:
        if name in ("endpoint", "scp"):
            for level in levels:
                yield evaluation.first_allow(name, level)


def _grant_reasons(world: World, evaluation: _Evaluation) -> Iterator[Reason]:
    """Yield one Reason per layer that must allow this caller the use of this resource.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
    has the table of who is limited by what when a policy of the resource allows.
    """
    caller = evaluation.caller
    same_account = caller.account == evaluation.request.resource_account
    allow = evaluation.most_specific_resource_allow(world.resource) if world.resource is not None else None
    mention: Mention | None = None
    if allow is not None:
        reason, mention = allow
        yield reason
    elif not caller.of_account or not same_account or world.resource_must_allow:
        yield Reason("resource", "silent")
    if not caller.has_own_policies or (same_account and mention == "direct"):
        return  # a resource policy that names the user or the session itself needs nothing else
    if not (same_account and mention == "role"):
        yield evaluation.first_allow("identity", world.identity)
    if world.boundary is not None:
        yield evaluation.first_allow("boundary", (world.boundary,))
    if world.session is not None:
        yield evaluation.first_allow("session", world.session)
