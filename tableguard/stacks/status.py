"""The status of a stack: what can be done next, what must be waited for, and what only a person can mend."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from tableguard.errors import DeployError

Client = Any  # a boto3 client; botocore makes their classes at run time

ABSENT = ""  # the status of a stack that does not exist, or that only ever had a change set
ROLLBACK_STUCK = "UPDATE_ROLLBACK_FAILED"
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html
FAILED = frozenset({"CREATE_FAILED", "UPDATE_FAILED"})  # the next update, without rollback, takes these further
ADOPTED = "IMPORT_COMPLETE"
NOTHING_ADOPTED = "IMPORT_ROLLBACK_COMPLETE"  # an import that failed; a first one leaves a stack without resources
SUCCEEDED = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", ADOPTED})
_UPDATABLE = SUCCEEDED | FAILED | {"UPDATE_ROLLBACK_COMPLETE", NOTHING_ADOPTED, ROLLBACK_STUCK, ABSENT}


_REMEDIES: Mapping[str, str] = {
    **dict.fromkeys(FAILED, "what succeeded was kept; `tableguard deploy` takes it further"),
    ROLLBACK_STUCK: "`tableguard deploy` continues the rollback, then makes the change",
    "UPDATE_ROLLBACK_COMPLETE": "its last change failed and was taken back; `tableguard deploy` tries it again",
    NOTHING_ADOPTED: "its import failed; `tableguard deploy` adopts what is there",
}


@dataclass(frozen=True)
class StackStatus:
    """A stack as CloudFormation describes it; `drift` is what the last detection said, and NOT_CHECKED before any."""

    name: str
    status: str = ABSENT
    reason: str = ""
    protected: bool = False
    drift: str = "NOT_CHECKED"
    drift_checked_at: datetime | None = None
    updated_at: datetime | None = None
    outputs: Mapping[str, str] = field(default_factory=dict)

    @property
    def problems(self) -> Iterator[str]:
        """Yield what is not well about a stack that is there, each with what to do."""
        if self.status.endswith("_IN_PROGRESS"):
            yield f"is {self.status}: an operation is under way; ask again when it has ended"
        elif self.status not in SUCCEEDED:
            yield f"is {self.status}: {_REMEDIES.get(self.status, 'no update takes it further; it has to be deleted')}"
        if not self.protected:
            yield "its termination protection is off; `tableguard deploy` turns it on"
        if self.drift == "DRIFTED":
            yield "drifted from its template when last compared; `tableguard drift` shows where"


def described(stack: Mapping[str, Any]) -> StackStatus:
    """Return a stack of DescribeStacks' answer; ABSENT is the status of one that only ever had a change set."""
    status, drift = str(stack["StackStatus"]), stack.get("DriftInformation", {})
    return StackStatus(
        str(stack.get("StackName", "")),
        ABSENT if status == "REVIEW_IN_PROGRESS" else status,
        str(stack.get("StackStatusReason", "")),
        bool(stack.get("EnableTerminationProtection")),
        str(drift.get("StackDriftStatus", "NOT_CHECKED")),
        drift.get("LastCheckTimestamp"),
        stack.get("LastUpdatedTime") or stack.get("CreationTime"),
        {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", ())},
    )


def status_of(client: Client, stack: str) -> str:
    """Return a stack's status, ABSENT where it has none of its own yet; DeployError if CloudFormation does not say."""
    named = stack_named(client, stack)
    return named.status if named else ABSENT


def stack_named(client: Client, stack: str) -> StackStatus | None:
    """Return a stack, None where there is none of that name; DeployError if CloudFormation does not say."""
    try:
        (answer,) = client.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if "does not exist" in error.response["Error"]["Message"]:
            return None
        raise DeployError(f"stack {stack}: {error}") from error
    return described(answer)


def is_gone(client: Client, stack: str) -> bool:
    """Tell whether there is no stack of a name, not even one that only ever had a change set."""
    return stack_named(client, stack) is None


def all_stacks(client: Client) -> dict[str, StackStatus]:
    """Return every stack of an account and Region by its name; DeployError if CloudFormation does not say."""
    try:
        pages = client.get_paginator("describe_stacks").paginate()
        return {one.name: one for page in pages for one in map(described, page["Stacks"])}
    except ClientError as error:
        raise DeployError(f"stacks cannot be listed: {error}") from error


def check_deployable(stack: str, status: str, deleter: str) -> None:
    """Refuse a stack that no update takes further; DeployError names who removes it, and how."""
    if status not in _UPDATABLE:
        raise DeployError(
            f"stack {stack}: is {status}, which no update takes further. It has to be deleted, by {deleter}: aws "
            f"cloudformation delete-stack --stack-name {stack}. What its template retains stays, and is adopted when "
            "you deploy again"
        )
