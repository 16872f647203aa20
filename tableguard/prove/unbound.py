"""Why no SCP or no RCP stands in the way of a request: whom and what AWS leaves out, which surprises most readers.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html#not-restricted-by-scp
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
"""

from tableguard.policy import service_reference
from tableguard.policy.evaluate import Request, World, explain

_SERVICE_LINKED = "the caller is a service-linked role"


def unbound(world: World, request: Request) -> tuple[str, ...]:
    """Say of the SCPs and the RCPs of a world why they do not bind a request, if they do not."""
    layers = {reason.layer for reason in explain(world, request)}
    without_scps = bool(world.service_control) and "scp" not in layers
    without_rcps = bool(world.resource_control) and "rcp" not in layers
    return (
        *((f"no SCP binds it: {_beyond_scps(world, request)}",) if without_scps else ()),
        *((f"no RCP binds it: {_beyond_rcps(world, request)}",) if without_rcps else ()),
    )


def _beyond_scps(world: World, request: Request) -> str:
    caller = request.principal
    if not caller.of_account:
        return "the caller is of no account"
    if caller.service_linked:
        return _SERVICE_LINKED
    if caller.account == world.management_account:
        return "the caller is of the management account"
    return "the caller is of no member account of the organization"


def _beyond_rcps(world: World, request: Request) -> str:
    if request.principal.service_linked:
        return _SERVICE_LINKED
    if not service_reference.load().under_rcps(request.action):
        return "AWS applies RCPs to no such action"
    if request.resource_account == world.management_account:
        return "the resource is in the management account"
    return "the resource is in no member account of the organization"
