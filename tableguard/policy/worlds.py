"""The worlds in which policies are judged, and the policies that they assume beside the documents.

No other module builds a world. The embedded AWS and `tableguard explain` build theirs by one function: of what is
attached in the one, and of what the stacks attach in the other. A policy that no file holds carries in `assumed` what
it stands for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from tableguard.partitions import AWS
from tableguard.policy.evaluate import Layer, Levels, Wanted, World
from tableguard.policy.principals import Group, Principal
from tableguard.policy.statements import Effect, Policy, Statement, policy


@dataclass(frozen=True)
class Estate:
    """The accounts and the organization that a world is about, the region its examples are from, and its partition.

    `members` are further accounts that are in the organization for certain.
    """

    account: str
    management_account: str
    organization_id: str
    home_region: str
    members: tuple[str, ...] = ()
    partition: str = AWS


@dataclass(frozen=True)
class Scope:
    """The requests that match a statement and are made by these callers: a group, or ARNs."""

    statement: Statement
    callers: Group | tuple[str, ...]
    estate: Estate


def _everything(
    effect: Effect, name: str = "everything", sid: str = "", principal: object = None, assumed: str = ""
) -> Policy:
    """Build a policy of one statement about every action and every resource."""
    statement = {"Sid": sid, "Effect": effect, "Action": "*", "Resource": "*"}
    whom = {} if principal is None else {"Principal": principal}
    return replace(policy(name, {"Statement": [{**statement, **whom}]}), assumed=assumed)


FULL_AWS_ACCESS = _everything("Allow", sid="Everything", assumed="FullAWSAccess")
ADMINISTRATOR = _everything("Allow", sid="Everything", assumed="an administrator's policy that allows everything")
OPEN_TO_EVERYBODY = _everything(
    "Allow",
    sid="Everything",
    principal="*",
    assumed="a policy of the resource that lets everybody do everything",
)
# the caller's other policies, beside a role's document
_WHATEVER_ELSE = replace(_everything("Allow"), assumed=ADMINISTRATOR.assumed)
EVERY_REQUEST: Statement = _everything("Deny").statements[0]


# a role's own policy is its trust policy
ASSUMING = (
    "sts:AssumeRole",
    "sts:AssumeRoleWithSAML",
    "sts:AssumeRoleWithWebIdentity",
    "sts:SetSourceIdentity",
    "sts:TagSession",
)


class AttachedPolicies(Protocol):
    """The policies of an organization and its accounts, wherever they are kept: each is looked up as it is needed."""

    @property
    def management_account(self) -> str:
        """Return the account that no SCP and no RCP binds."""

    @property
    def members(self) -> frozenset[str]:
        """Return the accounts that SCPs and RCPs bind; none if they are told by their organization's id."""

    @property
    def organization(self) -> str:
        """Return the organization's id; an empty text if its accounts are told by `members`."""

    def levels(self, account: str, layer: Layer) -> Levels:
        """Return an account's SCPs or RCPs, at each level from the root to the account."""

    def of_caller(self, caller: Principal) -> tuple[tuple[Policy, ...], Policy | None]:
        """Return the policies of a role or user, and its permissions boundary."""

    def of_resource(self, resource: str, account: str) -> Policy | None:
        """Return a resource's own policy; None if it has none."""

    def trust_of(self, role: str) -> Policy | None:
        """Return the trust policy of a role; None if there is no such role."""


def of_request(
    attached: AttachedPolicies,
    *,
    caller: Principal,
    action: str,
    resource: str,
    owner: str,
    session: Policy | None = None,
    endpoint: Policy | None = None,
) -> World:
    """Build the world in which AWS decides about one action on a resource that an account owns."""
    identity, boundary = attached.of_caller(caller)
    assumes = action.lower() in map(str.lower, ASSUMING)
    own = attached.trust_of(resource) if assumes else attached.of_resource(resource, owner)
    return World(
        management_account=attached.management_account,
        members=attached.members,
        organization=attached.organization,
        service_control=attached.levels(caller.account, "scp"),
        resource_control=attached.levels(owner, "rcp"),
        identity=identity,
        boundary=boundary,
        session=None if session is None else (session,),
        resource=own,
        # a role and a key can be used only by principals whom their own policy allows
        resource_must_allow=assumes or (own is not None and action.lower().startswith("kms:")),
        endpoint=endpoint,
    )


def signed_context(caller: Principal, action: str, region: str, organization: str) -> Mapping[str, str]:
    """Return the context keys of every signed request that a caller sends itself; `organization` is empty outside one.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-caller-account
    """
    return {
        "aws:RequestedRegion": region,
        "aws:SecureTransport": "true",
        "aws:ViaAWSService": "false",
        **({"aws:PrincipalOrgID": organization} if organization else {}),
        **({"kms:CallerAccount": caller.account} if action.lower().startswith("kms:") and caller.account else {}),
    }


def delegating(account: str) -> Policy:
    """Build the policy of a resource that leaves it to one account's own policies who may use the resource."""
    assumed = "a policy of the resource that leaves it to its account's own policies"
    return _everything("Allow", "delegating", principal={"AWS": [account]}, assumed=assumed)


def guardrails(estate: Estate, service_control: Levels = (), resource_control: Levels = ()) -> World:
    """Build the world in which only SCPs and RCPs deny: callers are administrators, resources open to everybody."""
    return World(
        estate.management_account,
        service_control=service_control,
        resource_control=resource_control,
        identity=(ADMINISTRATOR,),
        resource=OPEN_TO_EVERYBODY,
        organization=estate.organization_id,
    )


def under(
    guarded: World,
    *,
    identity: tuple[Policy, ...],
    boundary: Policy | None,
    resource: Policy | None,
    endpoint: Policy | None,
    resource_must_allow: bool = False,
) -> World:
    """Put a caller, a resource and an endpoint under guardrails; a caller without policies is an administrator."""
    return replace(
        guarded,
        identity=identity or (ADMINISTRATOR,),
        boundary=boundary,
        resource=resource,
        endpoint=endpoint,
        resource_must_allow=resource_must_allow,
    )


def document_alone(kind: str, document: Policy, estate: Estate, whatever_else: bool = False) -> World:
    """Build the world in which everything but this document allows everything.

    A role's document is all that its caller has, or stands beside one that allows everything: `whatever_else`.
    Resources of every account leave it to the role's account who may use them.
    """
    world = guardrails(estate)
    match kind:
        case "scp":
            return replace(world, service_control=((FULL_AWS_ACCESS, document),))
        case "rcp":
            return replace(world, resource_control=((document,),))
        case "endpoint":
            return replace(world, endpoint=document)
        case "resource":
            statements = (*document.statements, *OPEN_TO_EVERYBODY.statements)
            return replace(world, resource=replace(document, statements=statements))
        case _:
            identity = (document, _WHATEVER_ELSE) if whatever_else else (document,)
            return replace(world, identity=identity, resource=delegating(estate.account))


def opposite_of_document(kind: str, world: World, wanted: Wanted) -> World:
    """Replace the document of a kind in a world by one that does the opposite of what is wanted."""
    effect: Effect = "Allow" if wanted == "denied" else "Deny"
    opposite = _everything(effect, "opposite", principal=None if kind in ("scp", "role") else "*")
    match kind:
        case "scp":
            return replace(world, service_control=((opposite,),))
        case "rcp":
            return replace(world, resource_control=((opposite,),) if effect == "Deny" else ())
        case "endpoint":
            return replace(world, endpoint=opposite)
        case "resource":
            return replace(world, resource=opposite)
        case _:
            return replace(world, identity=(opposite,))


def opposite_of_all(world: World, wanted: Wanted, resource: Policy | None = None) -> World:
    """Build a world without any document, but for the `resource`'s policy, or one in which everything is denied."""
    if wanted == "denied":
        return World(world.management_account, identity=(ADMINISTRATOR,), resource=resource)
    return replace(world, resource=_everything("Deny", "opposite", principal="*"))


def comparison_worlds(kind: str, document: Policy, estate: Estate) -> tuple[World, ...]:
    """Build the worlds in which a document is compared with another version of it.

    In the first nothing else allows, so that what it allows counts; in the second everything else does, so that only
    its denials count. An endpoint's policy allows nothing by itself and has the second only.
    """
    empty = World(estate.management_account, organization=estate.organization_id)
    match kind:
        case "endpoint":
            return (replace(empty, identity=(ADMINISTRATOR,), resource=OPEN_TO_EVERYBODY, endpoint=document),)
        case "role":
            own = replace(empty, resource=delegating(estate.account))
            return tuple(replace(own, identity=(document, *others)) for others in ((), (ADMINISTRATOR,)))
        case _:
            own = replace(empty, resource=document, resource_must_allow=kind != "resource")
            return own, replace(own, identity=(ADMINISTRATOR,))


def statement_alone(layer: Layer, name: str, statement: Statement, world: World) -> World:
    """Build a world of the same organization that has nothing but one statement of one policy."""
    return World(
        world.management_account,
        members=world.members,
        organization=world.organization,
        **_layer(layer, Policy(name, (statement,))),
    )


def _layer(layer: Layer, only: Policy) -> dict[str, Any]:
    match layer:
        case "scp":
            return {"service_control": ((only,),)}
        case "rcp":
            return {"resource_control": ((only,),)}
        case "identity" | "session":
            return {layer: (only,)}
        case _:
            return {layer: only}
