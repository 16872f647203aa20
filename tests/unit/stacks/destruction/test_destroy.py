"""Destroying: an interrupted run goes on, and every failure has AWS's reason."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard.errors import DeployError
from tableguard.settings import example
from tableguard.stacks.change_set import PollInterval
from tableguard.stacks.destruction.destroy import destroy
from tableguard.stacks.destruction.plan import PlannedDeletion
from tableguard.stacks.registry import Principal, find_stack

STACK_ID = "arn:aws:cloudformation:eu-central-1:111122223333:stack/cruddur-audit/1"
AUDIT = (find_stack("audit"),)


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

    token, began = "", False

    def client(self, service: str, region_name: str) -> "Undeletable":
        return self

    def describe_stacks(self, **_: Any) -> Any:
        status = "DELETE_FAILED" if self.began else "CREATE_COMPLETE"
        return {"Stacks": [{"StackName": "cruddur-audit", "StackId": STACK_ID, "StackStatus": status}]}

    def update_termination_protection(self, **_: Any) -> None: ...

    def delete_stack(self, **request: Any) -> None:
        self.token, self.began = request["ClientRequestToken"], True

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
        (stack,) = super().describe_stacks()["Stacks"]
        return {"Stacks": [{**stack, "EnableTerminationProtection": self.protected}]}

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


class Interrupted(Undeletable):
    """CloudFormation with a stack whose deletion another run began, and which ends by itself."""

    def __init__(self) -> None:
        self.statuses = ["DELETE_IN_PROGRESS", "DELETE_IN_PROGRESS", ""]

    def describe_stacks(self, **_: Any) -> Any:
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        if not status:
            raise ClientError({"Error": {"Code": "ValidationError", "Message": "does not exist"}}, "DescribeStacks")
        return {"Stacks": [{"StackStatus": status}]}

    def delete_stack(self, **_: Any) -> None:
        raise AssertionError("nothing is left to delete")


def test_a_deletion_that_an_interrupted_run_began_is_waited_for() -> None:
    planned, stack = (PlannedDeletion(AUDIT[0], "cruddur-audit", (), ()),), Interrupted()
    (gone,) = destroy(example(), lambda _: stack, PollInterval(0, 5), planned)
    assert gone.stack_name == "cruddur-audit"
