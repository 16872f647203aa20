"""Delete the stacks in reverse order; what a template retains is kept, and named before the deletion begins."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from tableguard.aws.arn import require
from tableguard.errors import DeployError
from tableguard.reading import cloudformation_yaml
from tableguard.settings import Settings
from tableguard.stacks import events
from tableguard.stacks.change_set import PollInterval
from tableguard.stacks.registry import Principal, StackModule

Session = Any  # boto3.Session, whose clients botocore makes at run time
_POLICY = "AWS::Organizations::Policy"


@dataclass(frozen=True)
class PlannedDeletion:
    """One stack that exists, with the resources to be deleted and to be kept, as (type, physical id).

    `by` is the ARN of whoever deletes it. `removal` has the commands that remove what is kept and no stack brings back.
    `environments` are those that its resources are tagged with, whatever the settings of today say.
    """

    stack: StackModule
    stack_name: str
    deleted: tuple[tuple[str, str], ...]
    retained: tuple[tuple[str, str], ...]
    by: str = ""
    removal: tuple[str, ...] = ()
    environments: frozenset[str] = frozenset()


def principals(stacks: tuple[StackModule, ...]) -> frozenset[Principal]:
    """Return who deletes these stacks: management its own account's, break-glass all of the workload's.

    Whoever made them cannot: the guardrails deny the deletion of every stack to all but break-glass.
    """
    return frozenset(map(_principal, stacks))


def plan(
    settings: Settings, session: Callable[[Principal], Session], stacks: tuple[StackModule, ...]
) -> tuple[PlannedDeletion, ...]:
    """Return the deletion of each stack that exists, last deployed first; DeployError if its principal may not."""
    callers = {principal: _caller(settings, principal, session(principal)) for principal in sorted(principals(stacks))}
    deletions = (
        _planned_deletion(settings, _client(settings, session(_principal(stack))), stack, callers[_principal(stack)])
        for stack in reversed(stacks)
    )
    return tuple(deletion for deletion in deletions if deletion is not None)


def destroy(
    settings: Settings,
    session: Callable[[Principal], Session],
    interval: PollInterval,
    planned: tuple[PlannedDeletion, ...],
) -> Iterator[PlannedDeletion]:
    """Delete the stacks of a plan, and yield each when it is deleted; DeployError stops at the first failure."""
    for deletion in planned:
        client, name = _client(settings, session(_principal(deletion.stack))), deletion.stack_name
        token = events.new_token()
        try:
            _begin(client, name, token)
            client.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig=interval.config)
        except ClientError as error:
            raise DeployError(f"stack {name}: cannot be deleted: {error}") from error
        except WaiterError as error:
            reasons = events.reasons(client, name, token)
            raise DeployError(f"stack {name}: cannot be deleted: {reasons}; mend this, and destroy again") from error
        yield deletion


def _begin(client: Any, name: str, token: str) -> None:
    """Begin a deletion; a stack whose deletion is refused, as its exports are in use, is as protected as before."""
    (described,) = client.describe_stacks(StackName=name)["Stacks"]
    client.update_termination_protection(StackName=name, EnableTerminationProtection=False)
    try:
        client.delete_stack(StackName=name, ClientRequestToken=token)
    except ClientError as refusal:
        try:
            client.update_termination_protection(
                StackName=name, EnableTerminationProtection=described.get("EnableTerminationProtection", False)
            )
        except ClientError as error:
            raise DeployError(
                f"stack {name}: cannot be deleted: {refusal}; its termination protection was turned off for that, and "
                f"cannot be turned on again: {error}"
            ) from error
        raise


def _principal(stack: StackModule) -> Principal:
    return "management" if stack.principal == "management" else "break-glass"


def _caller(settings: Settings, principal: Principal, session: Session) -> str:
    """Return the ARN of a session; DeployError if it is to be break-glass's, and is of another role."""
    arn = str(session.client("sts", region_name=settings.home_region).get_caller_identity()["Arn"])
    roles = {role.rpartition("/")[2]: role for role in settings.break_glass_roles}
    kind, _, rest = require(arn).resource.partition("/")
    if principal == "break-glass" and not (kind == "assumed-role" and rest.partition("/")[0] in roles):
        raise DeployError(
            f"{arn}: is not break-glass, and nobody else may delete a stack; nothing was deleted. "
            f"Name a profile of {' or '.join(roles.values())} with --break-glass-profile"
        )
    return arn


def _client(settings: Settings, session: Session) -> Any:
    return session.client("cloudformation", region_name=settings.home_region)


def _planned_deletion(settings: Settings, client: Any, stack: StackModule, caller: str) -> PlannedDeletion | None:
    name = settings.stack_name(stack.name)
    try:
        # the deployed template decides what is kept, not the one we would render today
        body = client.get_template(StackName=name, TemplateStage="Original").get("TemplateBody")
        # in pages: DescribeStackResources names the first hundred only, and one stack has nearly as many
        pages = client.get_paginator("list_stack_resources").paginate(StackName=name)
        # of a deletion that failed those are listed too that are gone
        listed = (resource for page in pages for resource in page["StackResourceSummaries"])
        resources = [resource for resource in listed if resource.get("ResourceStatus") != "DELETE_COMPLETE"]
    except ClientError as error:
        if "does not exist" in error.response["Error"]["Message"]:
            return None
        raise DeployError(f"stack {name}: {error}") from error
    # a stack that only ever had a change set, REVIEW_IN_PROGRESS, has no template, and nothing in it
    template = cloudformation_yaml.load(body) if isinstance(body, str) and body else body or {"Resources": {}}
    policies = {key: resource.get("DeletionPolicy", "Delete") for key, resource in template["Resources"].items()}
    retained = [r for r in resources if policies.get(r["LogicalResourceId"], "Delete").startswith("Retain")]
    deleted = tuple(_type_and_id(resource) for resource in resources if resource not in retained)
    kept = tuple(map(_type_and_id, retained))
    removal = tuple(_removal(settings, kept))
    return PlannedDeletion(stack, name, deleted, kept, caller, removal, frozenset(_environments(template)))


def _environments(node: Any) -> Iterator[str]:
    """Yield the values of the tags called Environment in a template, which has tags as lists of pairs or as objects."""
    if isinstance(node, Mapping):
        if node.get("Key") == "Environment":
            yield str(node.get("Value"))
        for key, part in node.items():
            yield from [str(part)] if key == "Environment" and isinstance(part, str) else _environments(part)
    elif isinstance(node, list):
        for part in node:
            yield from _environments(part)


def _removal(settings: Settings, kept: tuple[tuple[str, str], ...]) -> Iterator[str]:
    """Yield the commands with which management removes the guardrails, which stay attached and protect what is kept."""
    for policy in (physical_id for resource_type, physical_id in kept if resource_type == _POLICY):
        for target in settings.organization_targets:
            yield f"aws organizations detach-policy --policy-id {policy} --target-id {target}"
        yield f"aws organizations delete-policy --policy-id {policy}"


def _type_and_id(resource: dict[str, Any]) -> tuple[str, str]:
    return resource["ResourceType"], resource.get("PhysicalResourceId", "-")
