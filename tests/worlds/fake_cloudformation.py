"""CloudFormation with one stack, which answers as it is told, and keeps what it was asked."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

STACK = "arn:aws:cloudformation:eu-central-1:111122223333:stack/cruddur-table/1"
TEMPLATE = "Resources: {Topic: {Type: 'AWS::SNS::Topic'}}"


class AlreadyExists(ClientError):
    """AWS's refusal of a name that is taken."""

    def __init__(self) -> None:
        super().__init__({"Error": {"Code": "AlreadyExistsException", "Message": "taken"}}, "CreateChangeSet")


class NothingThere:
    """A service that has none of what it is asked for."""

    def __getattr__(self, operation: str) -> Any:
        def answer(**_: Any) -> Any:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": "not there"}}, operation)

        return answer

    def get_paginator(self, _: str) -> Any:
        """Return a paginator without pages."""
        return SimpleNamespace(paginate=lambda **_: [])


@dataclass
class FakeCloudFormation:
    """One stack: its statuses one after another, the last for good; its changes; events, oldest first."""

    statuses: list[str]
    changes: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    names_taken: set[str] = field(default_factory=set)
    resources: list[dict[str, Any]] = field(default_factory=list)
    drifts: list[dict[str, Any]] = field(default_factory=list)
    validation: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    meta: Any = None
    exceptions: Any = field(default_factory=lambda: SimpleNamespace(AlreadyExistsException=AlreadyExists))

    def client(self, service: str, region_name: str = "") -> Any:
        return self if service == "cloudformation" else NothingThere()

    def calls(self, operation: str) -> list[dict[str, Any]]:
        """Return the arguments of each call of an operation."""
        return [arguments for name, arguments in self.asked if name == operation]

    def describe_stacks(self, **_: Any) -> Any:
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        if not status:
            raise ClientError({"Error": {"Code": "ValidationError", "Message": "does not exist"}}, "DescribeStacks")
        return {"Stacks": [{"StackStatus": status}]}

    def create_change_set(self, **arguments: Any) -> Any:
        self.asked.append(("create_change_set", arguments))
        if arguments["ChangeSetName"] in self.names_taken:
            raise AlreadyExists
        return {"Id": f"arn:{arguments['ChangeSetName']}"}

    def delete_change_set(self, **arguments: Any) -> None:
        self.asked.append(("delete_change_set", arguments))
        self.names_taken.discard(arguments["ChangeSetName"])

    def execute_change_set(self, **arguments: Any) -> None:
        self.asked.append(("execute_change_set", arguments))
        for event in self.events:
            if event["ClientRequestToken"] == "now":
                event["ClientRequestToken"] = arguments["ClientRequestToken"]

    def continue_update_rollback(self, **arguments: Any) -> None:
        self.asked.append(("continue_update_rollback", arguments))

    def update_termination_protection(self, **arguments: Any) -> None:
        self.asked.append(("update_termination_protection", arguments))

    def get_template(self, **_: Any) -> Any:
        return {"TemplateBody": TEMPLATE}

    def detect_stack_drift(self, **arguments: Any) -> Any:
        self.asked.append(("detect_stack_drift", arguments))
        return {"StackDriftDetectionId": "1"}

    def describe_stack_drift_detection_status(self, **_: Any) -> Any:
        return {"DetectionStatus": "DETECTION_COMPLETE"}

    def describe_stack_resource_drifts(self, **_: Any) -> Any:
        return {"StackResourceDrifts": self.drifts}

    def get_paginator(self, name: str) -> "Pages":
        if name == "list_stack_resources":
            return Pages("StackResourceSummaries", self.resources)
        if name == "describe_change_set":
            return Pages("Changes", [{"ResourceChange": change} for change in self.changes])
        if name == "describe_events":
            return Pages("OperationEvents", self.validation)
        return Pages("StackEvents", self.events[::-1])

    def get_waiter(self, name: str) -> "FakeCloudFormation":
        return self

    def wait(self, **_: Any) -> None:
        """Wait for a change set, which is ready at once."""


@dataclass
class Pages:
    """A paginator whose pages have one entry each."""

    key: str
    entries: list[Any]

    def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
        return ({self.key: [entry]} for entry in self.entries)


def change(action: str = "Modify", name: str = "Topic", kind: str = "AWS::SNS::Topic", **more: Any) -> dict[str, Any]:
    """Return a change in DescribeChangeSet's words."""
    return {"Action": action, "LogicalResourceId": name, "ResourceType": kind, **more}


def event(name: str, status: str, reason: str = "", operation: str = "now") -> dict[str, Any]:
    """Return an event of a resource, or of the stack itself if the name is the stack's."""
    return {
        "LogicalResourceId": name,
        "PhysicalResourceId": f"{name}-1",
        "ResourceType": f"A::{name}",
        "ResourceStatus": status,
        "ClientRequestToken": operation,
    } | ({"ResourceStatusReason": reason} if reason else {})
