"""Delete the stacks in reverse order; what a template retains is kept, and named before the deletion begins."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from tableguard.errors import DeployError
from tableguard.reading import cloudformation_yaml
from tableguard.settings import Settings
from tableguard.stacks.change_set import PollInterval
from tableguard.stacks.deploy import Session
from tableguard.stacks.registry import Principal, StackModule


@dataclass(frozen=True)
class PlannedDeletion:
    """One stack that exists, with the resources to be deleted and to be kept, as (type, physical id)."""

    stack: StackModule
    stack_name: str
    deleted: tuple[tuple[str, str], ...]
    retained: tuple[tuple[str, str], ...]


def plan(
    settings: Settings, session: Callable[[Principal], Session], stacks: tuple[StackModule, ...]
) -> tuple[PlannedDeletion, ...]:
    """Return the deletion of each stack that exists, last deployed first."""
    deletions = (_planned_deletion(settings, _client(settings, session(s.principal)), s) for s in reversed(stacks))
    return tuple(deletion for deletion in deletions if deletion is not None)


def destroy(
    settings: Settings,
    session: Callable[[Principal], Session],
    interval: PollInterval,
    planned: tuple[PlannedDeletion, ...],
) -> Iterator[PlannedDeletion]:
    """Delete the stacks of a plan, and yield each when it is deleted; DeployError stops at the first failure."""
    for deletion in planned:
        client = _client(settings, session(deletion.stack.principal))
        try:
            client.update_termination_protection(StackName=deletion.stack_name, EnableTerminationProtection=False)
            client.delete_stack(StackName=deletion.stack_name)
            client.get_waiter("stack_delete_complete").wait(StackName=deletion.stack_name, WaiterConfig=interval.config)
        except (ClientError, WaiterError) as error:
            raise DeployError(f"stack {deletion.stack_name}: cannot be deleted: {error}") from error
        yield deletion


def _client(settings: Settings, session: Session) -> Any:
    return session.client("cloudformation", region_name=settings.home_region)


def _planned_deletion(settings: Settings, client: Any, stack: StackModule) -> PlannedDeletion | None:
    name = settings.stack_name(stack.name)
    try:
        # the deployed template decides what is kept, not the one we would render today
        body = client.get_template(StackName=name, TemplateStage="Original")["TemplateBody"]
        # in pages: DescribeStackResources names the first hundred only, and one stack has nearly as many
        pages = client.get_paginator("list_stack_resources").paginate(StackName=name)
        resources = [resource for page in pages for resource in page["StackResourceSummaries"]]
    except ClientError as error:
        if "does not exist" in error.response["Error"]["Message"]:
            return None
        raise DeployError(f"stack {name}: {error}") from error
    template = cloudformation_yaml.load(body) if isinstance(body, str) else body
    policies = {key: resource.get("DeletionPolicy", "Delete") for key, resource in template["Resources"].items()}
    retained = [r for r in resources if policies.get(r["LogicalResourceId"], "Delete").startswith("Retain")]
    deleted = [r for r in resources if r not in retained]
    return PlannedDeletion(stack, name, tuple(map(_type_and_id, deleted)), tuple(map(_type_and_id, retained)))


def _type_and_id(resource: dict[str, Any]) -> tuple[str, str]:
    return resource["ResourceType"], resource.get("PhysicalResourceId", "-")
