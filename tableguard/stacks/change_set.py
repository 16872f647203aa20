"""Change sets: what CloudFormation would do to each resource of a stack; none stays behind that is not executed."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from tableguard.errors import DeployError
from tableguard.stacks import changes
from tableguard.stacks.changes import ResourceChange

Client = Any  # a boto3 client; botocore makes their classes at run time

_CAPABILITIES = ["CAPABILITY_NAMED_IAM"]
# AWS's own words for a change set without changes; there is no error code for it
_NO_CHANGES = ("didn't contain changes", "No updates are to be performed")


@dataclass(frozen=True)
class PollInterval:
    """Seconds between two questions to CloudFormation, and how many to ask."""

    delay: float = 5.0
    attempts: int = 720

    @property
    def config(self) -> dict[str, float]:
        """Return the WaiterConfig for botocore."""
        return {"Delay": self.delay, "MaxAttempts": self.attempts}


@dataclass
class PreparedChangeSet:
    """A change set of a stack; `changes` is None where there is nothing to change."""

    client: Client
    arn: str
    changes: tuple[ResourceChange, ...] | None
    executed: bool = False

    def execute(self, token: str, disable_rollback: bool) -> None:
        """Begin to make the changes; every event of it carries the token."""
        # OnStackFailure=DO_NOTHING of a change set is no substitute: CloudFormation refuses to update such a stack
        # later ("cannot be updated from [CREATE_FAILED] state because it contains [on-failure: DO_NOTHING]")
        self.client.execute_change_set(
            ChangeSetName=self.arn, ClientRequestToken=token, DisableRollback=disable_rollback
        )
        self.executed = True


@contextmanager
def created(
    client: Client, stack: str, template: str, interval: PollInterval, **request: Any
) -> Iterator[PreparedChangeSet]:
    """Make the change set of a template for a stack; after the block it is gone, executed or not."""
    name = f"tableguard-{hashlib.sha256(template.encode()).hexdigest()[:16]}"
    arn = _create(client, StackName=stack, ChangeSetName=name, Capabilities=_CAPABILITIES, **request)
    change_set = PreparedChangeSet(client, arn, None)
    try:
        change_set.changes = _changes(client, stack, arn, interval)
        yield change_set
    finally:
        if not change_set.executed:
            client.delete_change_set(ChangeSetName=arn)


def _create(client: Client, **request: Any) -> str:
    """Create a change set, in place of one of its name that an earlier run left behind."""
    try:
        try:
            return str(client.create_change_set(**request)["Id"])
        except client.exceptions.AlreadyExistsException:
            client.delete_change_set(StackName=request["StackName"], ChangeSetName=request["ChangeSetName"])
            return str(client.create_change_set(**request)["Id"])
    except ClientError as error:
        raise DeployError(f"stack {request['StackName']}: CloudFormation refused the template: {error}") from error


def _changes(client: Client, stack: str, arn: str, interval: PollInterval) -> tuple[ResourceChange, ...] | None:
    try:
        client.get_waiter("change_set_create_complete").wait(ChangeSetName=arn, WaiterConfig=interval.config)
    except WaiterError as error:
        reason = str(error.last_response.get("StatusReason", error))
        if any(words in reason for words in _NO_CHANGES):
            return None
        raise DeployError(f"stack {stack}: change set {arn}: {reason}") from error
    pages = client.get_paginator("describe_change_set").paginate(ChangeSetName=arn, IncludePropertyValues=True)
    return tuple(changes.read(change["ResourceChange"]) for page in pages for change in page["Changes"])
