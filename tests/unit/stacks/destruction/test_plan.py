"""What a destruction takes and keeps: every resource named, by those who may, and nothing begun to end half-way."""

import json
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from tableguard.errors import DeployError
from tableguard.settings import example
from tableguard.stacks.destruction.plan import plan, principals
from tableguard.stacks.registry import STACKS, find_stack

PAGE = 100  # as many as a page of ListStackResources has
BREAK_GLASS = "arn:aws:sts::111122223333:assumed-role/cruddur-break-glass/me"
AUDIT = (find_stack("audit"),)
GUARDRAILS = (find_stack("guardrails"),)


class LargeStack:
    """A session of this ARN, and CloudFormation with one stack of so many resources, of which the last is retained."""

    def __init__(self, count: int, caller: str = BREAK_GLASS, resource_type: str = "AWS::SQS::Queue") -> None:
        self.names = [f"Q{number}" for number in range(count)]
        self.caller, self.type = caller, resource_type
        self.tags: Any = []
        self.status_of_first = "CREATE_COMPLETE"
        self.importers: list[str] = []

    def client(self, service: str, region_name: str) -> "LargeStack":
        return self

    def get_caller_identity(self) -> Any:
        return {"Arn": self.caller}

    def get_template(self, **_: Any) -> Any:
        resources = {name: {"Type": self.type, "Properties": {"Tags": self.tags}} for name in self.names}
        last = {**resources[self.names[-1]], "DeletionPolicy": "Retain"}
        return {"TemplateBody": json.dumps({"Resources": {**resources, self.names[-1]: last}})}

    def describe_stacks(self, **_: Any) -> Any:
        outputs = [{"OutputKey": "A", "OutputValue": "a"}, {"OutputKey": "B", "OutputValue": "b", "ExportName": "b"}]
        return {"Stacks": [{"Outputs": outputs}]}

    def get_paginator(self, name: str) -> Any:
        if name == "list_imports":
            return SimpleNamespace(paginate=lambda ExportName: [{"Imports": [user]} for user in self.importers])
        assert name == "list_stack_resources"
        return self

    def paginate(self, **_: Any) -> Iterator[Any]:
        summaries = [
            {
                "LogicalResourceId": name,
                "ResourceType": self.type,
                "PhysicalResourceId": name.lower(),
                "ResourceStatus": "CREATE_COMPLETE" if number else self.status_of_first,
            }
            for number, name in enumerate(self.names)
        ]
        for start in range(0, len(summaries), PAGE):
            yield {"StackResourceSummaries": summaries[start : start + PAGE]}


@pytest.mark.parametrize("count", [1, PAGE, PAGE + 1])
def test_every_resource_is_named_as_deleted_or_as_kept(count: int) -> None:
    (deletion,) = plan(example(), lambda _: LargeStack(count), AUDIT)
    assert len(deletion.deleted) == count - 1
    assert deletion.retained == (("AWS::SQS::Queue", f"q{count - 1}"),)
    assert (deletion.by, deletion.removal) == (BREAK_GLASS, ())


def test_what_holds_data_and_goes_is_a_loss_and_what_is_kept_is_none() -> None:
    (deletion,) = plan(example(), lambda _: LargeStack(3), AUDIT)
    assert deletion.losses == (("AWS::SQS::Queue", "q0"), ("AWS::SQS::Queue", "q1"))
    (harmless,) = plan(example(), lambda _: LargeStack(3, resource_type="AWS::CloudWatch::Alarm"), AUDIT)
    assert (len(harmless.deleted), harmless.losses) == (2, ())


@pytest.mark.parametrize(("importers", "refused"), [(["others"], True), (["cruddur-audit"], False), ([], False)])
def test_an_export_that_a_staying_stack_uses_is_in_the_way_before_anything_goes(
    importers: list[str], refused: bool
) -> None:
    stack = LargeStack(1)
    stack.importers = importers
    if not refused:
        assert plan(example(), lambda _: stack, AUDIT)
        return
    with pytest.raises(DeployError, match="its export b is used by others; delete those stacks first; nothing was"):
        plan(example(), lambda _: stack, AUDIT)


@pytest.mark.parametrize(("state", "count"), [("DELETE_COMPLETE", 1), ("DELETE_FAILED", 2)])
def test_what_an_earlier_deletion_took_away_is_not_named_again(state: str, count: int) -> None:
    half_deleted = LargeStack(3)
    half_deleted.status_of_first = state
    (deletion,) = plan(example(), lambda _: half_deleted, AUDIT)
    assert len(deletion.deleted) == count


@pytest.mark.parametrize("tags", [[{"Key": "Environment", "Value": "staging"}], {"Environment": "staging"}])
def test_the_environment_is_the_deployed_one_and_not_that_of_the_settings(tags: Any) -> None:
    stack = LargeStack(1)
    stack.tags = tags
    (deletion,) = plan(example(), lambda _: stack, AUDIT)
    assert deletion.environments == {"staging"}
    assert example().environment == "production"


def test_break_glass_deletes_what_is_the_workload_s_and_management_the_guardrails() -> None:
    assert principals(AUDIT) == {"break-glass"}
    assert principals(GUARDRAILS) == {"management"}
    assert principals((find_stack("archive"),)) == {"archive"}
    assert principals(STACKS) == {"archive", "break-glass", "management"}


@pytest.mark.parametrize(
    "caller",
    [
        "arn:aws:sts::111122223333:assumed-role/cruddur-deployer/me",
        "arn:aws:sts::111122223333:assumed-role/break-glass/me",
        "arn:aws:iam::111122223333:user/cruddur-break-glass",
        "arn:aws:iam::111122223333:root",
    ],
)
def test_another_than_break_glass_is_refused_before_anything_goes(caller: str) -> None:
    with pytest.raises(DeployError, match=r"is not break-glass.*nothing was deleted.*role/cruddur-break-glass with"):
        plan(example(), lambda _: LargeStack(1, caller), AUDIT)


def test_a_break_glass_role_of_the_settings_may_lie_under_a_path() -> None:
    mine = replace(example(), break_glass_roles=("arn:aws:iam::111122223333:role/people/on-call",))
    caller = "arn:aws:sts::111122223333:assumed-role/on-call/me"
    (deletion,) = plan(mine, lambda _: LargeStack(1, caller), AUDIT)
    assert deletion.by == caller


def test_management_needs_no_particular_role_and_kept_policies_come_with_the_commands_that_remove_them() -> None:
    management = LargeStack(2, "arn:aws:sts::123456789012:assumed-role/Administrator/me", "AWS::Organizations::Policy")
    (deletion,) = plan(example(), lambda _: management, GUARDRAILS)
    assert deletion.removal == (
        "aws organizations detach-policy --policy-id q1 --target-id ou-exam-workload",
        "aws organizations delete-policy --policy-id q1",
    )
