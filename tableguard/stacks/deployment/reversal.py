"""Bring drifted resources back to their stacks' templates, by change sets that compare with how they really are.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/drift-aware-change-sets.html
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from botocore.exceptions import ClientError

from tableguard.errors import DeployError
from tableguard.reading import cloudformation_yaml
from tableguard.settings import Settings
from tableguard.stacks import change_set, drift, events, status, waiting
from tableguard.stacks.change_set import PollInterval, PreparedChangeSet
from tableguard.stacks.deployment import remedies
from tableguard.stacks.deployment.stack_deployer import PlannedStack, Reporting
from tableguard.stacks.drift import StackDrift
from tableguard.stacks.registry import Principal, StackModule

Client = Any  # a boto3 client; botocore makes their classes at run time
Session = Any  # boto3.Session, whose clients botocore makes at run time
_UPDATABLE = status.SUCCEEDED | {"UPDATE_ROLLBACK_COMPLETE"}


def plan(
    settings: Settings,
    session: Callable[[Principal], Session],
    interval: PollInterval,
    stacks: Sequence[StackModule],
) -> tuple[PlannedStack, ...]:
    """Return what reverting the drift of each stack changes; every change set that it makes for that is deleted again.

    `changes` is None of a stack where CloudFormation has nothing to revert: what drifted is immutable, or left to AWS.
    """
    return tuple(_planned(settings, _client(settings, session(stack.principal)), interval, stack) for stack in stacks)


def revert(
    settings: Settings, session: Session, interval: PollInterval, planned: PlannedStack, reporting: Reporting
) -> StackDrift:
    """Make the changes of a plan, and return what is still otherwise; DeployError if they fail or are not approved.

    What fails is rolled back: the resources are then as before, and so drifted.
    """
    client, name = _client(settings, session), planned.stack_name
    with _drift_aware(client, name, interval) as reverting:
        if reverting.changes is not None:
            if not reporting.approve(planned.stack, reverting):
                raise DeployError(f"stack {name}: the changes were not approved; nothing was changed")
            _execute(client, name, interval, reverting, reporting)
    return drift.detect(client, name, interval)


def _execute(
    client: Client, name: str, interval: PollInterval, reverting: PreparedChangeSet, reporting: Reporting
) -> None:
    token = events.new_token()
    try:
        reverting.execute(token, disable_rollback=False)
    except ClientError as error:
        raise DeployError(f"stack {name}: {error}{remedies.of_refusal(error, reporting.remedy)}") from error
    watch = events.EventFollower(client, name, lambda event: reporting.show(name, event), token)
    ended = waiting.settled(client, name, interval, watch)
    if ended not in status.SUCCEEDED:
        reasons = events.failures(client, name, token)
        raise DeployError(f"stack {name}: {remedies.after(name, reasons, ended, reporting.remedy)}")


def _planned(settings: Settings, client: Client, interval: PollInterval, stack: StackModule) -> PlannedStack:
    name = settings.stack_name(stack.name)
    state = waiting.settled(client, name, interval)
    if state not in _UPDATABLE:
        raise DeployError(
            f"stack {name}: is {state}, and its drift cannot be reverted before `tableguard deploy` ended well"
        )
    with _drift_aware(client, name, interval) as reverting:
        changes = reverting.changes
    body = client.get_template(StackName=name, TemplateStage="Original")["TemplateBody"]
    template = cloudformation_yaml.load(body) if isinstance(body, str) else body
    return PlannedStack(stack, name, state, changes, template, template)


def _drift_aware(client: Client, name: str, interval: PollInterval) -> AbstractContextManager[PreparedChangeSet]:
    """Make a change set of the template, parameters and tags that the stack has."""
    (described,) = client.describe_stacks(StackName=name)["Stacks"]
    keys = [parameter["ParameterKey"] for parameter in described.get("Parameters", ())]
    return change_set.created(
        client,
        name,
        "as deployed",
        interval,
        ChangeSetType="UPDATE",
        DeploymentMode="REVERT_DRIFT",
        UsePreviousTemplate=True,
        Parameters=[{"ParameterKey": key, "UsePreviousValue": True} for key in keys],
        Tags=described.get("Tags", []),
    )


def _client(settings: Settings, session: Session) -> Client:
    return session.client("cloudformation", region_name=settings.home_region)
