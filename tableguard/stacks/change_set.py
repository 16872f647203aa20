"""Change sets: what CloudFormation would do to each resource of a stack; none stays behind that is not executed."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from tableguard.errors import DeployError
from tableguard.stacks import changes, events
from tableguard.stacks.changes import ResourceChange
from tableguard.stacks.events import Validation

Client = Any  # a boto3 client; botocore makes their classes at run time

_CAPABILITIES = ["CAPABILITY_NAMED_IAM"]
# AWS's own words for a change set without changes; there is no error code for it
_NO_CHANGES = ("didn't contain changes", "No updates are to be performed")
_VALIDATED = "validation failed"  # "The following hook(s)/validation failed: [AWS::EarlyValidation::…]"


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
    """A change set of a stack; `changes` is None where there is nothing to change.

    `warnings` are what CloudFormation found amiss beforehand, and would nevertheless execute.
    """

    client: Client
    arn: str
    changes: tuple[ResourceChange, ...] | None
    warnings: tuple[Validation, ...] = ()
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
    change_set = PreparedChangeSet(client, "", None)
    try:
        change_set.arn = _create(client, StackName=stack, ChangeSetName=name, Capabilities=_CAPABILITIES, **request)
        change_set.changes = _changes(client, stack, change_set.arn, interval)
        if change_set.changes is not None:
            change_set.warnings = events.validations(client, change_set.arn)
        yield change_set
    except BaseException as ending:
        _discard(change_set, stack, name, ending)
        raise
    _discard(change_set, stack, name)


def _discard(change_set: PreparedChangeSet, stack: str, name: str, ending: BaseException | None = None) -> None:
    """Delete a change set that was not executed; DeployError if it stays behind, with why it was to go.

    Its name is asked for where it was interrupted before AWS told its ARN. A refused template has left none.
    """
    if change_set.executed or (not change_set.arn and isinstance(ending, DeployError)):
        return
    named = {"ChangeSetName": change_set.arn} if change_set.arn else {"ChangeSetName": name, "StackName": stack}
    try:
        change_set.client.delete_change_set(**named)
    except (BotoCoreError, ClientError) as error:
        if isinstance(ending, KeyboardInterrupt):
            return  # which ends the run all the same; the next one deletes what it finds of this name
        why = f"{ending}; and " if ending else ""
        raise DeployError(
            f"{why}stack {stack}: change set {name} stays behind, and the next run deletes it: {error}"
        ) from error


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
        amiss = "; ".join(map(str, events.validations(client, arn))) if _VALIDATED in reason else ""
        raise DeployError(f"stack {stack}: change set {arn}: {amiss or reason}; nothing was changed") from error
    pages = client.get_paginator("describe_change_set").paginate(ChangeSetName=arn, IncludePropertyValues=True)
    return tuple(changes.read(change["ResourceChange"]) for page in pages for change in page["Changes"])
