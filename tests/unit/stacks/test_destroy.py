"""Destroying: by those who may, with every resource of a stack named, and every failure with AWS's reason."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError

from tableguard.errors import DeployError
from tableguard.settings import example
from tableguard.stacks.change_set import PollInterval
from tableguard.stacks.destroy import PlannedDeletion, destroy, plan, principals
from tableguard.stacks.registry import STACKS, Principal, find_stack

PAGE = 100  # as many as a page of ListStackResources has
BREAK_GLASS = "arn:aws:sts::111122223333:assumed-role/cruddur-break-glass/me"
STACK_ID = "arn:aws:cloudformation:eu-central-1:111122223333:stack/cruddur-audit/1"
AUDIT = (find_stack("audit"),)
GUARDRAILS = (find_stack("guardrails"),)


class LargeStack:
    """A session of this ARN, and CloudFormation with one stack of so many resources, of which the last is retained."""

    def __init__(self, count: int, caller: str = BREAK_GLASS, resource_type: str = "AWS::SQS::Queue") -> None:
        self.names = [f"Q{number}" for number in range(count)]
        self.caller, self.type = caller, resource_type
        self.tags: Any = []
        self.status_of_first = "CREATE_COMPLETE"

    def client(self, service: str, region_name: str) -> "LargeStack":
        return self

    def get_caller_identity(self) -> Any:
        return {"Arn": self.caller}

    def get_template(self, **_: Any) -> Any:
        resources = {name: {"Type": self.type, "Properties": {"Tags": self.tags}} for name in self.names}
        last = {**resources[self.names[-1]], "DeletionPolicy": "Retain"}
        return {"TemplateBody": json.dumps({"Resources": {**resources, self.names[-1]: last}})}

    def get_paginator(self, name: str) -> "LargeStack":
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
    assert principals(STACKS) == {"break-glass", "management"}


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


def _event(name: str, status: str, reason: str = "", resource_type: str = "AWS::EC2::VPC") -> dict[str, str]:
    own = STACK_ID if name == "cruddur-audit" else f"{name.lower()}-1"
    return {
        "StackId": STACK_ID,
        "LogicalResourceId": name,
        "PhysicalResourceId": own,
        "ResourceType": resource_type,
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
    }


FAILING = [  # newest first, as CloudFormation gives them
    _event("cruddur-audit", "DELETE_FAILED", "The following resource(s) failed to delete: [Vpc]."),
    _event("Subnet", "DELETE_FAILED", "Resource deletion cancelled"),
    _event("Vpc", "DELETE_FAILED", "not authorized to perform: ec2:DeleteVpc"),
    _event("cruddur-audit", "DELETE_IN_PROGRESS", "User Initiated"),
]
OLD = [_event("Old", "DELETE_FAILED", "the attempt of last year")]


class Undeletable:
    """CloudFormation with a stack that cannot be deleted."""

    token = ""

    def client(self, service: str, region_name: str) -> "Undeletable":
        return self

    def describe_stacks(self, **_: Any) -> Any:
        return {"Stacks": [{}]}

    def update_termination_protection(self, **_: Any) -> None: ...

    def delete_stack(self, **request: Any) -> None:
        self.token = request["ClientRequestToken"]

    def get_waiter(self, _: str) -> "Undeletable":
        return self

    def wait(self, **_: Any) -> None:
        raise WaiterError("StackDeleteComplete", "Waiter encountered a terminal failure state", {})

    def get_paginator(self, _: str) -> "Undeletable":
        return self

    def paginate(self, **_: Any) -> list[Any]:
        events = [{**event, "ClientRequestToken": self.token} for event in FAILING]
        return [{"StackEvents": events[:2]}, {"StackEvents": [*events[2:], *OLD]}]


def test_a_failure_names_the_resource_and_aws_s_reason() -> None:
    planned, stack = (PlannedDeletion(AUDIT[0], "cruddur-audit", (), ()),), Undeletable()

    def undeletable(_: Principal) -> Undeletable:
        return stack

    with pytest.raises(DeployError) as failure:
        list(destroy(example(), undeletable, PollInterval(), planned))
    assert str(failure.value) == (
        "stack cruddur-audit: cannot be deleted: Vpc (AWS::EC2::VPC): not authorized to perform: ec2:DeleteVpc; "
        "mend this, and destroy again"
    )


class Refusing(Undeletable):
    """CloudFormation that refuses to begin a deletion, and, if told so, to protect the stack again."""

    def __init__(self, was_protected: bool, protects: bool = True) -> None:
        self.protected, self.protects = was_protected, protects

    def describe_stacks(self, **_: Any) -> Any:
        return {"Stacks": [{"EnableTerminationProtection": self.protected}]}

    def update_termination_protection(self, **request: Any) -> None:
        if request["EnableTerminationProtection"] and not self.protects:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "UpdateTerminationProtection")
        self.protected = request["EnableTerminationProtection"]

    def delete_stack(self, **_: Any) -> None:
        assert not self.protected
        raise ClientError({"Error": {"Code": "ValidationError", "Message": "in use"}}, "DeleteStack")


@pytest.mark.parametrize("was_protected", [True, False])
def test_a_stack_whose_deletion_is_refused_is_as_protected_as_before(was_protected: bool) -> None:
    planned, stack = (PlannedDeletion(AUDIT[0], "cruddur-audit", (), ()),), Refusing(was_protected)
    with pytest.raises(DeployError, match=r"stack cruddur-audit: cannot be deleted: .*in use$"):
        list(destroy(example(), lambda _: stack, PollInterval(), planned))
    assert stack.protected is was_protected


def test_a_stack_that_is_left_without_its_protection_is_said_to_be() -> None:
    planned, stack = (PlannedDeletion(AUDIT[0], "cruddur-audit", (), ()),), Refusing(True, protects=False)
    with pytest.raises(DeployError, match=r"in use; its termination protection was turned off for that, and cannot be"):
        list(destroy(example(), lambda _: stack, PollInterval(), planned))
