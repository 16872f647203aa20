"""What is deployed beside what the settings ask for: each thing amiss is said with what to do, and nothing else."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard.errors import DeployError
from tableguard.settings import example
from tableguard.stacks.overview import Overview, survey
from tableguard.stacks.registry import Principal, enabled_stacks

SETTINGS = example()
THERE = {
    "StackStatus": "UPDATE_COMPLETE",
    "EnableTerminationProtection": True,
    "CreationTime": datetime(2026, 12, 1, tzinfo=UTC),
    "Outputs": [{"OutputKey": "TableArn", "OutputValue": "arn"}],
}


class Account:
    """CloudFormation with these stacks, a page for each."""

    def __init__(self, **stacks: Mapping[str, Any]) -> None:
        self.stacks = [{"StackName": SETTINGS.stack_name(name), **stack} for name, stack in stacks.items()]

    def client(self, service: str, region_name: str) -> "Account":
        assert (service, region_name) == ("cloudformation", SETTINGS.home_region)
        return self

    def get_paginator(self, operation: str) -> "Account":
        assert operation == "describe_stacks"
        return self

    def paginate(self) -> Any:
        return ({"Stacks": [stack]} for stack in self.stacks)


class Refusing(Account):
    """CloudFormation that does not answer whoever asks."""

    def paginate(self) -> Any:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "not you"}}, "DescribeStacks")


WORKLOAD = {stack.name: THERE for stack in enabled_stacks(SETTINGS) if stack.principal != "management"}
MANAGEMENT = {stack.name: THERE for stack in enabled_stacks(SETTINGS) if stack.principal == "management"}


def surveyed(settings: Any = SETTINGS, *, asks_management: bool = True, **different: Mapping[str, Any]) -> Overview:
    sessions: dict[Principal, Any] = {"administrator": lambda: Account(**{**WORKLOAD, **different})}
    if asks_management:
        sessions["management"] = lambda: Account(**MANAGEMENT)
    return survey(settings, sessions)


def problems(overview: Overview) -> dict[str, list[str]]:
    return {one.stack.name: lines for one in overview.stacks if (lines := list(one.problems))}


def test_where_all_is_well_nothing_is_said_and_every_stack_is_there() -> None:
    overview = surveyed()
    assert (problems(overview), overview.strangers, overview.not_asked) == ({}, (), ())
    assert overview.is_well
    assert {one.stack.name for one in overview.stacks if one.deployed.status} == WORKLOAD.keys() | MANAGEMENT.keys()
    (table,) = (one for one in overview.stacks if one.stack.name == "table")
    assert (table.deployed.outputs, table.deployed.protected, table.deployed.drift) == (
        {"TableArn": "arn"},
        True,
        "NOT_CHECKED",
    )
    assert table.deployed.updated_at == THERE["CreationTime"]


@pytest.mark.parametrize(
    ("different", "words"),
    [
        ({"StackStatus": "REVIEW_IN_PROGRESS"}, "is not deployed; `tableguard deploy table` makes it"),
        ({"StackStatus": "UPDATE_IN_PROGRESS"}, "an operation is under way"),
        ({"StackStatus": "UPDATE_FAILED"}, "takes it further"),
        ({"StackStatus": "UPDATE_ROLLBACK_FAILED"}, "continues the rollback"),
        ({"StackStatus": "UPDATE_ROLLBACK_COMPLETE"}, "tries it again"),
        ({"StackStatus": "ROLLBACK_COMPLETE"}, "it has to be deleted"),
        ({"EnableTerminationProtection": False}, "termination protection is off"),
        ({"DriftInformation": {"StackDriftStatus": "DRIFTED"}}, "`tableguard drift` shows where"),
    ],
)
def test_what_is_amiss_is_said_with_what_to_do(different: dict[str, Any], words: str) -> None:
    overview = surveyed(table={**THERE, **different})
    ((stack, lines),) = problems(overview).items()
    assert (stack, len(lines), overview.is_well) == ("table", 1, False)
    assert words in lines[0]


@pytest.mark.parametrize("drift", ["IN_SYNC", "NOT_CHECKED", "UNKNOWN"])
def test_a_stack_that_is_not_known_to_have_drifted_is_not_said_to_have(drift: str) -> None:
    assert surveyed(table={**THERE, "DriftInformation": {"StackDriftStatus": drift}}).is_well


def test_a_stack_that_the_settings_enable_no_more_is_an_orphan() -> None:
    without = replace(SETTINGS, optional_stacks=tuple(set(SETTINGS.optional_stacks) - {"config"}))
    overview = surveyed(without)
    assert list(problems(overview)) == ["config"]
    assert "`tableguard destroy config` removes it" in problems(overview)["config"][0]
    assert [one.stack.name for one in overview.stacks if one.is_orphan] == ["config"]
    assert not [one for one in surveyed().stacks if one.is_orphan]


def test_a_stack_named_like_ours_is_named_and_is_no_problem() -> None:
    overview = surveyed(frontend=THERE)
    assert ([one.name for one in overview.strangers], overview.is_well) == (["cruddur-frontend"], True)


def test_an_account_that_nobody_asked_is_said_and_not_taken_for_empty() -> None:
    overview = surveyed(asks_management=False)
    assert {stack.name for stack in overview.not_asked} == MANAGEMENT.keys()
    assert (problems(overview), {one.stack.name for one in overview.stacks} & MANAGEMENT.keys()) == ({}, set())


def test_who_may_not_ask_does_not_take_stacks_for_absent() -> None:
    with pytest.raises(DeployError, match=r"stacks cannot be listed: .*not you"):
        survey(SETTINGS, {"administrator": Refusing})
