"""The worlds in which policies are judged, and the policies that they assume beside the documents.

No other module builds a world, but for the embedded AWS, which has the policies that are attached there. A policy that
no file holds carries in `assumed` what it stands for.
"""

from dataclasses import dataclass, replace
from typing import Any

from tableguard.policy.evaluate import Layer, Levels, Wanted, World
from tableguard.policy.principals import Group
from tableguard.policy.statements import Effect, Policy, Statement, policy


@dataclass(frozen=True)
class Estate:
    """The accounts and the organization that a world is about, and the region its examples are from."""

    account: str
    management_account: str
    organization_id: str
    home_region: str


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
