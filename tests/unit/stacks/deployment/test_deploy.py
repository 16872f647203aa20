"""Deploying one stack: kept or rolled back as AWS lets it, taken further from every state, and why it failed."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard.cloudformation.limits import TEMPLATE_BODY_BYTES
from tableguard.errors import DeployError
from tableguard.settings import example
from tableguard.stacks.change_set import PollInterval, PreparedChangeSet
from tableguard.stacks.deployment.deploy import deploy, plan
from tableguard.stacks.deployment.requests import ChangeSetRequests
from tableguard.stacks.deployment.stack_deployer import Deployment, PlannedStack, Reporting
from tableguard.stacks.registry import StackModule, find_stack
from tests.worlds.fake_cloudformation import TEMPLATE, FakeCloudFormation, change, event


def deployed(client: FakeCloudFormation, approved: bool = True) -> list[Deployment]:
    def approve(_: StackModule, __: PreparedChangeSet) -> bool:
        return approved

    return list(deploy(example(), lambda _: client, PollInterval(0, 3), Reporting(approve), (find_stack("table"),)))


def refused(client: FakeCloudFormation, approved: bool = True) -> str:
    with pytest.raises(DeployError) as refusal:
        deployed(client, approved)
    return str(refusal.value)


def executed(client: FakeCloudFormation) -> dict[str, Any]:
    (arguments,) = client.calls("execute_change_set")
    return arguments


@pytest.mark.parametrize(
    ("status", "changes", "kind", "kept"),
    [
        ("", [change("Add")], "CREATE", True),
        ("CREATE_COMPLETE", [change(Replacement="False")], "UPDATE", True),
        ("CREATE_COMPLETE", [change(Replacement="True")], "UPDATE", False),
        ("UPDATE_ROLLBACK_COMPLETE", [change(Replacement="Conditional")], "UPDATE", False),
        ("CREATE_FAILED", [change(Replacement="True")], "UPDATE", True),
        ("UPDATE_FAILED", [change("Add")], "UPDATE", True),
    ],
)
def test_what_succeeds_is_kept_unless_something_is_replaced(
    status: str, changes: list[dict[str, Any]], kind: str, kept: bool
) -> None:
    client = FakeCloudFormation([status, "UPDATE_COMPLETE"], changes)
    (deployment,) = deployed(client)
    assert client.calls("create_change_set")[0]["ChangeSetType"] == kind
    assert executed(client)["DisableRollback"] is kept
    assert "OnStackFailure" not in client.calls("create_change_set")[0]
    assert deployment.outcome == ("created" if kind == "CREATE" else "updated")


def test_the_error_names_what_failed_in_this_operation_and_what_to_do() -> None:
    events = [event("Backup", "UPDATE_FAILED", "of last month", "earlier"), event("Key", "UPDATE_FAILED", "of today")]
    client = FakeCloudFormation(["UPDATE_COMPLETE", "UPDATE_FAILED"], [change()], events)
    assert refused(client) == (
        "stack cruddur-table: Key (A::Key): of today; what succeeded is kept: mend this, and run the same command again"
    )


def test_a_failed_stack_that_needs_a_replacement_is_to_go_back_first() -> None:
    refusal = "Replacement type updates not supported on stack with disable-rollback."
    events = [event("Key", "UPDATE_FAILED", refusal)]
    client = FakeCloudFormation(["UPDATE_FAILED", "UPDATE_FAILED"], [change(Replacement="True")], events)
    assert "go back with `aws cloudformation rollback-stack --stack-name cruddur-table`" in refused(client)


def test_a_rolled_back_update_is_said_to_be_one() -> None:
    client = FakeCloudFormation(["UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"], [change(Replacement="True")])
    assert "the stack is UPDATE_ROLLBACK_COMPLETE: mend this" in refused(client)


@pytest.mark.parametrize(("code", "hint"), [("AccessDenied", True), ("ValidationError", False)])
def test_where_a_policy_refuses_the_changes_who_can_say_more_is_told(
    monkeypatch: pytest.MonkeyPatch, code: str, hint: bool
) -> None:
    def refuse(**_: Any) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "not you"}}, "ExecuteChangeSet")

    client = FakeCloudFormation(["CREATE_COMPLETE"], [change()])
    monkeypatch.setattr(client, "execute_change_set", refuse, raising=False)
    words = refused(client)
    assert words.startswith(f"stack cruddur-table: An error occurred ({code})")
    assert words.endswith("; deploy with --management-profile too: it then says beforehand who may, and how") is hint


def test_what_is_not_approved_is_not_done_and_leaves_no_change_set() -> None:
    client = FakeCloudFormation(["CREATE_COMPLETE"], [change()])
    assert "the changes were not approved; nothing was changed" in refused(client, approved=False)
    assert client.calls("execute_change_set") == []
    assert len(client.calls("delete_change_set")) == 1


def test_a_failed_rollback_is_continued_before_anything_else() -> None:
    client = FakeCloudFormation(["UPDATE_ROLLBACK_FAILED", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_COMPLETE"], [change()])
    deployed(client)
    assert [operation for operation, _ in client.asked][:2] == ["continue_update_rollback", "create_change_set"]


def test_a_rollback_that_fails_again_says_why_and_who_may_help() -> None:
    client = FakeCloudFormation(["UPDATE_ROLLBACK_FAILED"])
    assert "its rollback failed again" in refused(client)
    assert client.calls("create_change_set") == []


def test_a_dead_end_is_refused_before_a_change_set_is_made() -> None:
    client = FakeCloudFormation(["ROLLBACK_COMPLETE"])
    assert "aws cloudformation delete-stack --stack-name cruddur-table" in refused(client)
    assert client.asked == []


def planned(client: FakeCloudFormation) -> PlannedStack:
    (one,) = plan(example(), lambda _: client, PollInterval(0, 3), (find_stack("table"),))
    return one


@pytest.mark.parametrize(
    ("resources", "status"), [([], ""), ([{"LogicalResourceId": "Topic"}], "IMPORT_ROLLBACK_COMPLETE")]
)
def test_a_stack_whose_first_import_failed_counts_as_one_that_is_not_there(
    resources: list[dict[str, Any]], status: str
) -> None:
    client = FakeCloudFormation(["IMPORT_ROLLBACK_COMPLETE"], [change()], resources=resources)
    one = planned(client)
    assert (one.status, one.changes is None) == (status, not status)
    assert bool(client.calls("create_change_set")) is bool(status)


@pytest.mark.parametrize(("state", "told"), [("IMPORT_COMPLETE", True), ("UPDATE_COMPLETE", False)])
def test_what_was_adopted_and_differs_is_in_every_plan_until_the_stack_is_updated(state: str, told: bool) -> None:
    differing = {"PropertyPath": "/RetentionInDays", "ActualValue": "1", "ExpectedValue": "400"}
    drift = {
        "LogicalResourceId": "Group",
        "ResourceType": "AWS::Logs::LogGroup",
        "StackResourceDriftStatus": "MODIFIED",
        "PropertyDifferences": [differing],
    }
    line = "Group (AWS::Logs::LogGroup): RetentionInDays is 1, and the template says 400"
    client = FakeCloudFormation([state], [change()], drifts=[drift])
    assert planned(client).differences == ((line,) if told else ())
    assert bool(client.calls("detect_stack_drift")) is told


def test_a_template_that_is_too_long_as_yaml_and_not_as_json_goes_with_the_request() -> None:
    client = FakeCloudFormation([""], [change("Add")])
    requests = ChangeSetRequests(example(), client, PollInterval(0, 1))
    text = f"# {'x' * TEMPLATE_BODY_BYTES}\n{TEMPLATE}"
    short, long = (requests.template_argument("cruddur-oversight", one) for one in (TEMPLATE, text))
    assert short == {"TemplateBody": TEMPLATE}
    assert long == {"TemplateBody": '{"Resources":{"Topic":{"Type":"AWS::SNS::Topic"}}}'}


def test_the_run_after_an_interrupted_one_waits_for_what_goes_on_and_shows_it() -> None:
    events = [
        {**event("Old", "UPDATE_COMPLETE", operation="earlier"), "EventId": "1"},
        {**event("Key", "UPDATE_COMPLETE", operation="interrupted"), "EventId": "2"},
    ]
    client = FakeCloudFormation(["UPDATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"], [change()], events)
    shown = list[tuple[str, str]]()
    stacks = (find_stack("table"),)
    plan(
        example(), lambda _: client, PollInterval(0, 9), stacks, lambda name, one: shown.append((name, one.logical_id))
    )
    assert shown == [("cruddur-table", "Key")]


def test_a_denial_of_the_operation_itself_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    denial = (
        "User: me is not authorized to perform: cloudformation:ExecuteChangeSet on resource: s with an explicit deny"
    )

    def refuse(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": denial}}, "ExecuteChangeSet")

    client = FakeCloudFormation(["CREATE_COMPLETE"], [change()])
    monkeypatch.setattr(client, "execute_change_set", refuse, raising=False)
    assert "`tableguard why` with this message says which statement refused it" in refused(client)
