"""What CloudFormation says of a stack's drift, place by place, and what it could not compare."""

import json
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard.errors import DeployError
from tableguard.stacks import drift
from tableguard.stacks.change_set import PollInterval
from tableguard.stacks.drift import DriftedProperty

MODIFIED = {
    "LogicalResourceId": "Table",
    "ResourceType": "A::Table",
    "PhysicalResourceId": "messages",
    "StackResourceDriftStatus": "MODIFIED",
    "PropertyDifferences": [{"PropertyPath": "/A/B", "ActualValue": "1", "ExpectedValue": "2"}],
}
GONE = {"LogicalResourceId": "Key", "ResourceType": "A::Key", "StackResourceDriftStatus": "DELETED"}
IN_SYNC = {"LogicalResourceId": "Role", "ResourceType": "A::Role", "StackResourceDriftStatus": "IN_SYNC"}


@dataclass
class Drifting:
    """CloudFormation whose detection goes through these statuses, with a page for each drift."""

    drifts: list[dict[str, Any]]
    statuses: list[str] = field(default_factory=lambda: ["DETECTION_IN_PROGRESS", "DETECTION_COMPLETE"])
    denied: bool = False

    def detect_stack_drift(self, **_: str) -> Any:
        if self.denied:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "not you"}}, "DetectStackDrift")
        return {"StackDriftDetectionId": "1"}

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_stack_resources"
        names = [*(one["LogicalResourceId"] for one in self.drifts), "Policy"]
        summaries = [{"LogicalResourceId": name, "ResourceType": f"A::{name}"} for name in names]
        return SimpleNamespace(paginate=lambda **_: [{"StackResourceSummaries": [one]} for one in summaries])

    def describe_stack_drift_detection_status(self, **_: str) -> Any:
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        return {"DetectionStatus": status, "DetectionStatusReason": "Key cannot be read"}

    def describe_stack_resource_drifts(self, **request: Any) -> Any:
        number = int(request.get("NextToken", 0))
        more = {"NextToken": str(number + 1)} if number + 1 < len(self.drifts) else {}
        return {"StackResourceDrifts": self.drifts[number : number + 1], **more}


def detected(cloudformation: Drifting) -> drift.StackDrift:
    return drift.detect(cloudformation, "s", PollInterval(5, 3), lambda _: None)


def test_what_differs_from_the_template_is_named_with_both_values() -> None:
    waits = list[float]()
    stack = drift.detect(Drifting([GONE, IN_SYNC, MODIFIED]), "s", PollInterval(5, 3), waits.append)
    assert stack.lines == ("Key (A::Key): is gone", "Table (A::Table): A/B is 1, and the template says 2")
    assert (waits, set(stack.in_sync), stack.unanswered) == ([5.0], {"Role"}, ())
    assert stack.uncompared == ("Policy (A::Policy)",)
    key, table = stack.resources
    assert (key.is_gone, key.physical_id, key.properties) == (True, "-", ())
    assert (table.is_gone, table.physical_id, table.properties) == (
        False,
        "messages",
        (DriftedProperty("A/B", "2", "1"),),
    )


@pytest.mark.parametrize(("status", "in_sync"), [("IN_SYNC", {"Role"}), ("UNSUPPORTED", set())])
def test_only_what_was_compared_counts_as_in_sync(status: str, in_sync: set[str]) -> None:
    stack = detected(Drifting([{**IN_SYNC, "StackResourceDriftStatus": status}]))
    assert (stack.lines, set(stack.in_sync)) == ((), in_sync)


def test_a_difference_that_is_not_told_is_still_a_difference() -> None:
    (line,) = detected(Drifting([{**MODIFIED, "PropertyDifferences": []}])).lines
    assert line == "Table (A::Table): differs, and CloudFormation does not say where"


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


ONE, TWO = {"Sid": "One", "Action": ["a:b"]}, {"Sid": "Two", "Action": ["c:d"]}


@pytest.mark.parametrize(
    ("actual", "lines"),
    [
        ((ONE, TWO), []),
        ((TWO, ONE), []),
        ((ONE, {**TWO, "Action": ["c:e"]}), ["Content/Statement/Two/Action is ['c:e'], and the template says ['c:d']"]),
        ((ONE,), [f"Content/Statement/Two is absent, and the template says {TWO}"]),
        (
            ({"Action": ["a:b"]}, TWO),
            [f"Content/Statement is {[{'Action': ['a:b']}, TWO]}, and the template says {[ONE, TWO]}"],
        ),
    ],
)
def test_of_a_policy_only_the_statements_that_differ_are_named(
    actual: tuple[dict[str, Any], ...], lines: list[str]
) -> None:
    difference = {"PropertyPath": "/Content", "ActualValue": document(*actual), "ExpectedValue": document(ONE, TWO)}
    stack = detected(Drifting([{**MODIFIED, "PropertyDifferences": [difference]}]))
    assert list(stack.lines) == [f"Table (A::Table): {line}" for line in lines]
    assert stack.in_sync == (set() if lines else {"Table"})


def test_what_could_not_be_compared_is_said_beside_what_could() -> None:
    stack = detected(Drifting([GONE], ["DETECTION_FAILED"]))
    assert stack.lines == ("Key (A::Key): is gone", "not all could be compared: Key cannot be read")
    unknown = {**IN_SYNC, "StackResourceDriftStatus": "UNKNOWN", "DriftStatusReason": "not you"}
    stack = detected(Drifting([unknown], ["DETECTION_FAILED"]))
    assert stack.lines == ("not all could be compared: Role (A::Role): not you",)
    assert not stack.in_sync


def test_a_detection_that_does_not_end_is_no_answer() -> None:
    with pytest.raises(DeployError, match="stack s: is still compared after 0 minutes; run the same command again"):
        detected(Drifting([GONE], ["DETECTION_IN_PROGRESS"]))


def test_who_may_not_ask_does_not_take_a_stack_for_in_sync() -> None:
    with pytest.raises(DeployError, match=r"stack s: cannot be compared with its template: .*not you"):
        detected(Drifting([IN_SYNC], denied=True))
