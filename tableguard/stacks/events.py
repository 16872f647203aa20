"""Events of a stack: what becomes of each resource, why an operation failed, and what is amiss beforehand.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackEvent.html
"""

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

Client = Any  # a boto3 client; botocore makes their classes at run time
_ACROSS_RESOURCES = "the whole stack"


@dataclass(frozen=True)
class ResourceEvent:
    """A new status of a resource, or of the stack itself; `token` is that of the operation, if it has one."""

    id: str
    at: datetime | None
    logical_id: str
    resource_type: str
    status: str
    reason: str = ""
    token: str = ""

    @property
    def is_failure(self) -> bool:
        """Tell whether the resource failed, and not because another one had."""
        cancelled = "cancelled" in self.reason.lower()  # "Resource creation cancelled"
        return self.status.endswith("_FAILED") and not cancelled

    def __str__(self) -> str:
        """Return the resource with the reason of its status."""
        return f"{self.logical_id} ({self.resource_type}): {self.reason or 'no reason given'}"


@dataclass(frozen=True)
class Validation:
    """One finding: on which resource, by which check, where in the template, and why. `blocks` rules execution out."""

    resource: str
    name: str
    reason: str
    place: str = ""
    blocks: bool = False

    def __str__(self) -> str:
        """Return the finding as one line."""
        place = f", at {self.place}" if self.place else ""
        return f"{self.resource}: {self.reason} [{self.name}{place}]"


@dataclass
class EventFollower:
    """Passes on each event of one operation in a stack, once and in order, whenever it is called.

    Without a token it is the operation of the newest event: one that somebody began before.
    """

    client: Client
    stack: str
    show: Callable[[ResourceEvent], None]
    token: str = ""
    seen: set[str] = field(default_factory=set)

    def __call__(self) -> None:
        """Pass on what happened since the last call."""
        news = list[ResourceEvent]()
        for event in _newest_first(self.client, self.stack):
            self.token = self.token or event.token
            if event.id in self.seen or event.token != self.token:
                break
            news.append(event)
        for event in reversed(news):
            self.seen.add(event.id)
            self.show(event)


def new_token() -> str:
    """Return a new token, by which the events of one operation are told from those before it."""
    return f"tableguard-{uuid.uuid4()}"


def failures(client: Client, stack: str, token: str) -> tuple[str, ...]:
    """Return why an operation failed: the first failure, then all others that are no mere cancellations."""
    try:
        events = [event for event in _newest_first(client, stack) if event.token == token][::-1]
    except ClientError as error:
        return (f"failed, and its events cannot be read: {error}",)
    of_resources = [str(event) for event in events if event.is_failure and event.logical_id != stack]
    own = (event.reason for event in reversed(events) if event.logical_id == stack)
    of_stack = next((reason for reason in own if reason and reason != "User Initiated"), "no reason given")
    return tuple(dict.fromkeys(of_resources)) or (of_stack,)


def reasons(client: Client, stack: str, token: str) -> str:
    """Return the failures of an operation as one text."""
    return "; then ".join(failures(client, stack, token))


def validations(client: Any, arn: str) -> tuple[Validation, ...]:
    """Return what pre-deployment validation found about a change set, what blocks first.

    What blocks makes the change set fail; what only warns is told here alone. A question that failed is a finding too.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/validate-stack-deployments.html
    """
    try:
        pages = client.get_paginator("describe_events").paginate(ChangeSetName=arn)
        events = [event for page in pages for event in page["OperationEvents"]]
    except ClientError as error:
        reason = f"what CloudFormation validated beforehand cannot be read: {error}"
        return (Validation(_ACROSS_RESOURCES, "DescribeEvents", reason),)
    findings = (_validation(event) for event in events if event.get("EventType") == "VALIDATION_ERROR")
    return tuple(sorted(findings, key=lambda one: (not one.blocks, one.resource)))


def _newest_first(client: Client, stack: str) -> Iterator[ResourceEvent]:
    for page in client.get_paginator("describe_stack_events").paginate(StackName=stack):
        yield from map(_event, page["StackEvents"])


def _event(described: Mapping[str, Any]) -> ResourceEvent:
    return ResourceEvent(
        str(described.get("EventId", "")),
        described.get("Timestamp"),
        described["LogicalResourceId"],
        described["ResourceType"],
        described["ResourceStatus"],
        described.get("ResourceStatusReason", ""),
        described.get("ClientRequestToken", ""),
    )


def _validation(event: Mapping[str, Any]) -> Validation:
    name = event.get("LogicalResourceId")
    skipped = "not checked: " if event.get("ValidationStatus") == "SKIPPED" else ""
    return Validation(
        f"{name} ({event.get('ResourceType', 'of no type')})" if name else _ACROSS_RESOURCES,
        event.get("ValidationName", "validation"),
        f"{skipped}{event.get('ValidationStatusReason', 'no reason given')}",
        event.get("ValidationPath", ""),
        event.get("ValidationFailureMode") == "FAIL" and not skipped,
    )
