"""Reverting drift: by the template that the stack has, approved, and with AWS's reason where it fails."""

from typing import Any

import pytest

from tableguard.errors import DeployError
from tableguard.settings import example
from tableguard.stacks.change_set import PollInterval
from tableguard.stacks.deployment import reversal
from tableguard.stacks.deployment.stack_deployer import PlannedStack, Reporting
from tableguard.stacks.registry import find_stack
from tests.worlds.fake_cloudformation import FakeCloudFormation, change, event

SETTINGS, SOON = example(), PollInterval(0, 1)
TABLE = find_stack("table")


def planned(client: FakeCloudFormation) -> PlannedStack:
    (plan,) = reversal.plan(SETTINGS, lambda _: client, SOON, (TABLE,))
    return plan


def revert(client: FakeCloudFormation, approved: bool = True) -> Any:
    return reversal.revert(SETTINGS, client, SOON, planned(client), Reporting(lambda *_: approved))


def test_a_plan_is_by_the_template_of_the_stack_and_leaves_no_change_set_behind() -> None:
    client = FakeCloudFormation(["UPDATE_COMPLETE"], [change()])
    plan = planned(client)
    assert ([one.logical_id for one in plan.changes or ()], plan.template) == (["Topic"], plan.deployed)
    (asked,) = client.calls("create_change_set")
    assert (asked["DeploymentMode"], asked["UsePreviousTemplate"]) == ("REVERT_DRIFT", True)
    assert "TemplateBody" not in asked
    assert len(client.calls("delete_change_set")) == 1
    assert client.calls("execute_change_set") == []


def test_what_was_reverted_is_compared_again() -> None:
    client = FakeCloudFormation(["UPDATE_COMPLETE"], [change()])
    assert revert(client).lines == ()
    (executed,) = client.calls("execute_change_set")
    assert executed["DisableRollback"] is False
    assert len(client.calls("detect_stack_drift")) == 1


def test_what_is_not_approved_is_not_changed() -> None:
    client = FakeCloudFormation(["UPDATE_COMPLETE"], [change()])
    with pytest.raises(DeployError, match="changes were not approved; nothing was changed"):
        revert(client, approved=False)
    assert client.calls("execute_change_set") == []
    assert len(client.calls("delete_change_set")) == len(client.calls("create_change_set"))


@pytest.mark.parametrize("ended", ["UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED"])
def test_a_failure_has_its_reason_and_what_to_do(ended: str) -> None:
    failed = [event("Topic", "UPDATE_FAILED", "not now")]
    client = FakeCloudFormation(["UPDATE_COMPLETE"] * 3 + [ended], [change()], failed)
    words = (
        rf"stack cruddur-table: Topic \(A::Topic\): not now; the stack is {ended}: mend this, and run the same command"
    )
    with pytest.raises(DeployError, match=words):
        revert(client)


@pytest.mark.parametrize("state", ["UPDATE_FAILED", "UPDATE_ROLLBACK_FAILED", "DELETE_FAILED"])
def test_a_stack_that_is_not_well_is_left_to_its_deployment(state: str) -> None:
    client = FakeCloudFormation([state], [change()])
    with pytest.raises(DeployError, match=f"is {state}, and its drift cannot be reverted before"):
        planned(client)
    assert client.calls("create_change_set") == []
