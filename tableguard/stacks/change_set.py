"""Change sets: what CloudFormation would do to each resource of a stack; none stays behind that is not executed."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from botocore.exceptions import ClientError, WaiterError

from tableguard.errors import DeployError

Client = Any  # a boto3 client; botocore makes their classes at run time
Replacement = Literal["never", "conditional", "always"]

_CAPABILITIES = ["CAPABILITY_NAMED_IAM"]
# AWS's own words for a change set without changes; there is no error code for it
_NO_CHANGES = ("didn't contain changes", "No updates are to be performed")
_REPLACEMENTS: Mapping[str, Replacement] = {"True": "always", "Conditional": "conditional"}


@dataclass(frozen=True)
class ResourceChange:
    """One line of a change set: an action of CloudFormation on one resource.

    `properties` are those that change, of the top level; none where AWS does not tell. `kept` is True of a resource
    that leaves the stack and stays in the account. `certain` is False where the resource only refers to an attribute of
    another that changes: it is left alone unless that attribute changes too, which AWS finds out when it gets there.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChangeDetail.html
    """

    action: str
    logical_id: str
    resource_type: str
    replacement: Replacement = "never"
    properties: tuple[str, ...] = ()
    kept: bool = False
    certain: bool = True

    @property
    def replaces(self) -> bool:
        """Return True if the resource is replaced, or its new values may ask for that."""
        return self.certain and self.replacement != "never"


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
    pages = client.get_paginator("describe_change_set").paginate(ChangeSetName=arn)
    return tuple(_change(change["ResourceChange"]) for page in pages for change in page["Changes"])


def _change(described: Mapping[str, Any]) -> ResourceChange:
    details = described.get("Details", ())
    targets = (detail.get("Target", {}) for detail in details)
    names = {target.get("Name", "") for target in targets if target.get("Attribute") == "Properties"}
    return ResourceChange(
        described["Action"],
        described["LogicalResourceId"],
        described["ResourceType"],
        _REPLACEMENTS.get(described.get("Replacement", ""), "never"),
        tuple(sorted(names - {""})),
        described.get("PolicyAction") == "Retain",
        not details or any(detail.get("Evaluation") != "Dynamic" for detail in details),
    )
