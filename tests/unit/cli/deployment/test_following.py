"""Progress by resource, and of a denial the statement that refused it."""

import io
from contextlib import redirect_stdout

import pytest

from tableguard.cli.deployment.following import Progress, Remedy
from tableguard.settings import example
from tableguard.stacks.events import ResourceEvent
from tests.unit.cli.test_output import Terminal

SETTINGS = example()
STACK = "AWS::CloudFormation::Stack"


def event(status: str, name: str = "Key", kind: str = "AWS::KMS::Key", reason: str = "") -> ResourceEvent:
    return ResourceEvent(status + name, None, name, kind, status, reason)


def printed(*events: ResourceEvent, terminal: bool = False) -> list[str]:
    progress = Progress()
    with redirect_stdout(out := Terminal() if terminal else io.StringIO()):
        for one in events:
            progress("s", one)
    return out.getvalue().splitlines()


def test_each_resource_that_is_done_is_counted_and_a_failure_has_its_reason() -> None:
    lines = printed(
        event("CREATE_IN_PROGRESS"),
        event("CREATE_COMPLETE"),
        event("CREATE_COMPLETE", "Table", "AWS::DynamoDB::Table"),
        event("CREATE_FAILED", "Topic", "AWS::SNS::Topic", "of today"),
    )
    assert [line.split() for line in lines] == [
        ["s", "1", "CREATE_COMPLETE", "AWS::KMS::Key", "Key"],
        ["s", "2", "CREATE_COMPLETE", "AWS::DynamoDB::Table", "Table"],
        ["s", "3", "CREATE_FAILED", "AWS::SNS::Topic", "Topic", "of", "today"],
    ]


@pytest.mark.parametrize(("terminal", "shown"), [(True, 1), (False, 0)])
def test_what_is_under_way_is_shown_on_a_terminal_alone(terminal: bool, shown: int) -> None:
    assert len(printed(event("CREATE_IN_PROGRESS"), terminal=terminal)) == shown


@pytest.mark.parametrize(("status", "shown"), [("UPDATE_COMPLETE", 0), ("UPDATE_ROLLBACK_IN_PROGRESS", 1)])
def test_of_the_stack_itself_only_its_rollback_is_shown(status: str, shown: int) -> None:
    assert len(printed(event(status, "s", STACK))) == shown


def denied(caller: str, action: str) -> str:
    table = f"arn:aws:dynamodb:{SETTINGS.home_region}:{SETTINGS.account_id}:table/{SETTINGS.table_name}"
    return (
        f"Messages (AWS::DynamoDB::Table): Resource handler returned message: User: {caller} is not authorized to "
        f"perform: {action} on resource: {table} with an explicit deny in a service control policy"
    )


def test_of_a_denial_the_statement_of_the_guardrail_is_named() -> None:
    caller = f"arn:aws:sts::{SETTINGS.account_id}:assumed-role/{SETTINGS.name}-deployer/me"
    remedy = Remedy(SETTINGS)(denied(caller, "dynamodb:DeleteTable"))
    assert "DenyTableDestruction" in remedy
    assert "tableguard preflight" in remedy


def test_of_a_denial_that_no_policy_here_explains_that_is_said() -> None:
    caller = f"arn:aws:sts::{SETTINGS.account_id}:assumed-role/{SETTINGS.name}-deployer/me"
    assert "; here: " in Remedy(SETTINGS)(denied(caller, "dynamodb:DescribeTable"))


def test_another_reason_has_the_remedy_of_its_words() -> None:
    assert Remedy(SETTINGS)("A: Rate exceeded") == "AWS was busy: run the same command again"
