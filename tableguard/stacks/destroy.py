"""Deleting the stacks in reverse order; what a template retains is named beforehand, and kept."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from tableguard.errors import DeployError
from tableguard.reading import cloudformation_yaml
from tableguard.settings import Settings
from tableguard.stacks.deploy import Session, Waiting
from tableguard.stacks.registry import Principal, Stack


@dataclass(frozen=True)
class Doomed:
    """One stack that exists: what deleting it would delete and what it would keep, as (type, physical id)."""

    stack: Stack
    stack_name: str
    deleted: tuple[tuple[str, str], ...]
    retained: tuple[tuple[str, str], ...]


def plan(settings: Settings, session: Callable[[Principal], Session], stacks: tuple[Stack, ...]) -> tuple[Doomed, ...]:
    """What deleting the stacks would mean, last deployed first; stacks that do not exist are left out."""
    found = (_doomed(settings, _client(settings, session(stack.principal)), stack) for stack in reversed(stacks))
    return tuple(doomed for doomed in found if doomed is not None)


def destroy(
    settings: Settings, session: Callable[[Principal], Session], waiting: Waiting, doomed: tuple[Doomed, ...]
) -> Iterator[Doomed]:
    """Delete the stacks of a plan, yielding each when it is gone; DeployError stops at the first failure."""
    for each in doomed:
        client = _client(settings, session(each.stack.principal))
        try:
            client.update_termination_protection(StackName=each.stack_name, EnableTerminationProtection=False)
            client.delete_stack(StackName=each.stack_name)
            client.get_waiter("stack_delete_complete").wait(StackName=each.stack_name, WaiterConfig=waiting.config)
        except (ClientError, WaiterError) as error:
            raise DeployError(f"stack {each.stack_name}: cannot be deleted: {error}") from error
        yield each


def _client(settings: Settings, session: Session) -> Any:
    return session.client("cloudformation", region_name=settings.home_region)


def _doomed(settings: Settings, client: Any, stack: Stack) -> Doomed | None:
    name = settings.stack_name(stack.name)
    try:
        # the deployed template decides what is kept, not the one we would render today
        body = client.get_template(StackName=name, TemplateStage="Original")["TemplateBody"]
        resources = client.describe_stack_resources(StackName=name)["StackResources"]
    except ClientError as error:
        if "does not exist" in error.response["Error"]["Message"]:
            return None
        raise DeployError(f"stack {name}: {error}") from error
    template = cloudformation_yaml.load(body) if isinstance(body, str) else body
    policies = {key: found.get("DeletionPolicy", "Delete") for key, found in template["Resources"].items()}
    kept = [each for each in resources if policies.get(each["LogicalResourceId"], "Delete").startswith("Retain")]
    gone = [each for each in resources if each not in kept]
    return Doomed(stack, name, tuple(map(_named, gone)), tuple(map(_named, kept)))


def _named(resource: dict[str, Any]) -> tuple[str, str]:
    return resource["ResourceType"], resource.get("PhysicalResourceId", "-")
