"""Delete the stacks of a plan, the last deployed first; an interrupted run is waited for, and the next goes on."""

from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from tableguard.errors import DeployError
from tableguard.settings import Settings
from tableguard.stacks import events, status, waiting
from tableguard.stacks.change_set import PollInterval
from tableguard.stacks.destruction.plan import PlannedDeletion, Session, client_of, principal_of
from tableguard.stacks.events import ResourceEvent
from tableguard.stacks.registry import Principal

Client = Any  # a boto3 client; botocore makes their classes at run time
_GONE = frozenset({status.ABSENT, "DELETE_COMPLETE"})


def destroy(
    settings: Settings,
    session: Callable[[Principal], Session],
    interval: PollInterval,
    planned: tuple[PlannedDeletion, ...],
    show: Callable[[str, ResourceEvent], None] = lambda _name, _event: None,
) -> Iterator[PlannedDeletion]:
    """Delete the stacks of a plan, and yield each when it is deleted; DeployError stops at the first failure."""
    for deletion in planned:
        client = client_of(settings, session(principal_of(deletion.stack)))
        _delete(client, deletion.stack_name, interval, show)
        yield deletion


def _delete(client: Client, name: str, interval: PollInterval, show: Callable[[str, ResourceEvent], None]) -> None:
    """Delete a stack, once nothing is under way in it; by its id, which tells of it when its name is free again."""
    token = events.new_token()
    if waiting.settled(client, name, interval) in _GONE and status.is_gone(client, name):
        return  # a deletion that an interrupted run began has ended well
    try:
        (described,) = client.describe_stacks(StackName=name)["Stacks"]
        _begin(client, described, token)
    except ClientError as error:
        raise DeployError(f"stack {name}: cannot be deleted: {error}") from error
    stack_id = described["StackId"]
    watch = events.EventFollower(client, stack_id, lambda event: show(name, event), token)
    if waiting.settled(client, stack_id, interval, watch) not in _GONE:
        reasons = events.reasons(client, name, token)
        raise DeployError(f"stack {name}: cannot be deleted: {reasons}; mend this, and destroy again")


def _begin(client: Client, described: Any, token: str) -> None:
    """Begin a deletion; a stack whose deletion is refused, as its exports are in use, is as protected as before."""
    name = described["StackName"]
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
