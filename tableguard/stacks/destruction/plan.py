"""What goes with each stack, what its template retains, what holds data, and what stands in the way."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from tableguard.aws.arn import require
from tableguard.cloudformation.data_holders import holds_data
from tableguard.errors import DeployError
from tableguard.reading import cloudformation_yaml
from tableguard.settings import Settings
from tableguard.stacks.deployment.refused import importers
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

    @property
    def losses(self) -> tuple[tuple[str, str], ...]:
        """Return what holds data and is deleted with it: its name has to be typed, or given."""
        return tuple(one for one in self.deleted if holds_data(one[0]))


def principals(stacks: tuple[StackModule, ...]) -> frozenset[Principal]:
    """Return who deletes these stacks: management and the archive their own accounts', break-glass the workload's.

    Whoever made them cannot: the guardrails deny the deletion of every stack to all but break-glass.
    """
    return frozenset(map(principal_of, stacks))


def plan(
    settings: Settings, session: Callable[[Principal], Session], stacks: tuple[StackModule, ...]
) -> tuple[PlannedDeletion, ...]:
    """Return the deletion of each stack that exists, last deployed first; DeployError if its principal may not."""
    callers = {principal: _caller(settings, principal, session(principal)) for principal in sorted(principals(stacks))}
    deletions = (
        _planned_deletion(
            settings, client_of(settings, session(principal_of(stack))), stack, callers[principal_of(stack)]
        )
        for stack in reversed(stacks)
    )
    planned = tuple(deletion for deletion in deletions if deletion is not None)
    if used := [line for deletion in planned for line in _in_use(settings, session, deletion, planned)]:
        raise DeployError(f"{'; '.join(used)}; delete those stacks first; nothing was deleted")
    return planned


def _in_use(
    settings: Settings,
    session: Callable[[Principal], Session],
    deletion: PlannedDeletion,
    planned: tuple[PlannedDeletion, ...],
) -> Iterator[str]:
    """Yield a line for each export that a stack uses which stays: CloudFormation would refuse the deletion half-way."""
    client, name = client_of(settings, session(principal_of(deletion.stack))), deletion.stack_name
    try:
        (described,) = client.describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        raise DeployError(f"stack {name}: {error}") from error
    going = {one.stack_name for one in planned}
    for export in (one["ExportName"] for one in described.get("Outputs", ()) if "ExportName" in one):
        if staying := sorted(set(importers(client, export)) - going):
            yield f"stack {name}: its export {export} is used by {', '.join(staying)}"


def principal_of(stack: StackModule) -> Principal:
    """Return who deletes a stack."""
    return stack.principal if stack.is_elsewhere else "break-glass"


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


def client_of(settings: Settings, session: Session) -> Any:
    """Return a session's client of CloudFormation in the stacks' Region."""
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
