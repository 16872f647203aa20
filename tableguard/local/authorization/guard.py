"""The guard of the embedded AWS: decides by all policies about every permission that a call requires."""

from collections.abc import Iterator

from tableguard.errors import EmbeddedError, PolicyError
from tableguard.local.authorization import attached_policies, context, items
from tableguard.local.authorization.actions import ALWAYS_ALLOWED, passed_role, required_actions, tagging_action
from tableguard.local.authorization.attached_policies import Organization
from tableguard.local.authorization.call import ApiCall, ContextValues, RequiredPermission
from tableguard.local.authorization.refusal import denial_text, denied, undecided
from tableguard.local.authorization.resources import resources_of
from tableguard.local.authorization.state import STATE, DecisionRecord
from tableguard.policy.evaluate import Decision, Request, World, decide


def decisions() -> dict[DecisionRecord, int]:
    """Return the different decisions that were made with their counts, the latest last."""
    return STATE.decisions()


def check(call: ApiCall, organization: Organization, protocol: str) -> None:
    """Return if every policy lets the call through; otherwise raise Refusal in AWS's words."""
    if call.action in ALWAYS_ALLOWED:
        return
    try:
        worlds = _Worlds(call, organization)
        for permission in required_permissions(call):
            decision = worlds.decide(permission)
            _record(call, permission, decision.allowed, "; ".join(map(str, decision.because)))
            if not decision.allowed:
                text = _denial_text(call, permission, decision, organization)
                raise denied(call.service, protocol, text, decision.because[0].layer)
    except (EmbeddedError, PolicyError) as error:
        _record(call, RequiredPermission(call.action, "?"), False, str(error))
        raise undecided(call.service, protocol, str(error)) from error


def _denial_text(call: ApiCall, permission: RequiredPermission, decision: Decision, organization: Organization) -> str:
    """Return AWS's words, which name a policy only to callers of the resource's own account or organization."""
    owner = attached_policies.account_of(permission.resource, call.account)
    return denial_text(
        call.caller.name,
        permission.action,
        permission.resource,
        decision.because[0],
        names_policy=organization.shares(call.caller.principal.account, owner),
    )


def required_permissions(call: ApiCall) -> Iterator[RequiredPermission]:
    """Yield every action on every resource that a call requires; EmbeddedError if one cannot be determined."""
    of_items = tuple(items.required_permissions(call)) if call.service == "dynamodb" else ()
    yield from of_items or _by_operation(call)


def _by_operation(call: ApiCall) -> Iterator[RequiredPermission]:
    """Yield the permissions for the operation itself, for tags, for a role it passes on, and for a copied object."""
    main, *others = required_actions(call)
    for action in (main, *others):
        yield from (RequiredPermission(str(action), resource) for resource in resources_of(call, action))
    tagging = tagging_action(call)
    if tagging is not None:
        yield from (RequiredPermission(str(tagging), resource) for resource in resources_of(call, tagging, main))
    yield from _of_replicas(call)
    passed = passed_role(call)
    if passed is not None:
        yield RequiredPermission("iam:PassRole", passed.role, {"iam:PassedToService": passed.service})
    if call.value("CopySource") and call.service == "s3":
        yield RequiredPermission("s3:GetObject", _copy_source(call.value("CopySource"), call.partition))


def _of_replicas(call: ApiCall) -> Iterator[RequiredPermission]:
    """Yield what UpdateTable requires in the regions in which it makes or deletes replicas.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2gt_IAM.html
    """
    if call.action != "dynamodb:UpdateTable":
        return
    name = str(call.value("TableName")).rpartition("/")[2]
    for update in call.value("ReplicaUpdates") or ():
        for verb in {"Create", "Delete"} & update.keys():
            table = f"arn:{call.partition}:dynamodb:{update[verb]['RegionName']}:{call.account}:table/{name}"
            yield from (RequiredPermission(f"dynamodb:{verb}{of}", table) for of in ("Table", "TableReplica"))


def _copy_source(source: str | dict[str, str], partition: str) -> str:
    path = source if isinstance(source, str) else f"{source['Bucket']}/{source['Key']}"
    return f"arn:{partition}:s3:::{path.lstrip('/').partition('?')[0]}"


class _Worlds:
    """The policies and context of one call, looked up once for each action and resource.

    A transaction has up to a hundred actions, most of them the same on the same table.
    """

    def __init__(self, call: ApiCall, organization: Organization) -> None:
        self.call, self.organization = call, organization
        self.context = context.of_request(call, organization)
        self._by_permission: dict[tuple[str, str], tuple[str, World, ContextValues]] = {}

    def decide(self, permission: RequiredPermission) -> Decision:
        key = permission.action, permission.resource
        if key not in self._by_permission:
            self._by_permission[key] = self._look_up(permission)
        account, world, shared = self._by_permission[key]
        request_context = {**shared, **permission.context}
        principal = self.call.caller.principal
        return decide(world, Request(principal, permission.action, permission.resource, account, request_context))

    def _look_up(self, permission: RequiredPermission) -> tuple[str, World, ContextValues]:
        account = attached_policies.account_of(permission.resource, self.call.account)
        world = attached_policies.world_of(self.organization, self.call, permission, account)
        return account, world, {**self.context, **context.of_resource(permission.resource)}


def _record(call: ApiCall, permission: RequiredPermission, allowed: bool, because: str) -> None:
    action, resource = permission.action, permission.resource
    STATE.record(DecisionRecord(call.account, call.caller.name, action, resource, allowed, because, call.via))
