"""Deploying: the error names what failed first in this attempt, and in no attempt before."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import WaiterError

from tableguard.errors import DeployError
from tableguard.settings import example
from tableguard.stacks.deploy import PollInterval, deploy
from tableguard.stacks.registry import find_stack

STACK = "arn:aws:cloudformation:eu-central-1:111122223333:stack/cruddur-table/1"
EARLIER = [("Backup", "UPDATE_FAILED", "of last month"), ("Table", "UPDATE_FAILED", "a consequence of last month's")]
NOW = [("Key", "UPDATE_FAILED", "of today"), ("Table", "UPDATE_FAILED", "a consequence of today's")]


def event(name: str, status: str, reason: str) -> dict[str, str]:
    own = {"PhysicalResourceId": STACK if name == "stack" else f"{name}-1", "StackId": STACK}
    return {**own, "LogicalResourceId": name, "ResourceType": f"A::{name}", "ResourceStatus": status} | (
        {"ResourceStatusReason": reason} if reason else {}
    )


@dataclass
class Pages:
    """A paginator whose pages have one entry each."""

    key: str
    entries: list[Any]

    def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
        return ({self.key: [entry]} for entry in self.entries)


class FailingStack:
    """CloudFormation with one stack, whose update fails; `events` are oldest first."""

    def __init__(self, events: list[tuple[str, str, str]]) -> None:
        self.events = [event(*fields) for fields in reversed(events)]

    def client(self, service: str, region_name: str) -> "FailingStack":
        return self

    def describe_stacks(self, **_: Any) -> Any:
        return {"Stacks": [{"StackStatus": "UPDATE_ROLLBACK_COMPLETE"}]}

    def create_change_set(self, **_: Any) -> Any:
        return {"Id": "changes"}

    def execute_change_set(self, **_: Any) -> None:
        pass

    def get_paginator(self, name: str) -> Pages:
        return Pages("Changes", []) if name == "describe_change_set" else Pages("StackEvents", self.events)

    def get_waiter(self, name: str) -> "Waiter":
        return Waiter(name)


@dataclass
class Waiter:
    """Waits for nothing, and fails for the update of a stack."""

    name: str

    def wait(self, **_: Any) -> None:
        if self.name == "stack_update_complete":
            raise WaiterError(self.name, "the stack is rolled back", {})


def refused(events: list[tuple[str, str, str]]) -> str:
    def approve(*_: Any) -> bool:
        return True

    failing = FailingStack(events)
    with pytest.raises(DeployError) as refusal:
        list(deploy(example(), lambda _: failing, PollInterval(), approve, (find_stack("table"),)))
    return str(refusal.value)


BEGINNING = ("stack", "UPDATE_IN_PROGRESS", "User Initiated")


@pytest.mark.parametrize("before", [[], [BEGINNING, *EARLIER]], ids=["first update", "after one that failed"])
def test_the_error_names_what_failed_first_in_this_attempt(before: list[tuple[str, str, str]]) -> None:
    assert refused([*before, BEGINNING, *NOW]).endswith(": Key (A::Key): of today")


def test_where_nothing_failed_in_this_attempt_the_error_of_cloudformation_stays() -> None:
    assert refused([BEGINNING, *EARLIER, BEGINNING]).endswith("the stack is rolled back")


def test_a_failure_without_a_reason_is_named_all_the_same() -> None:
    assert refused([BEGINNING, ("Key", "UPDATE_FAILED", "")]).endswith(": Key (A::Key): no reason given")
