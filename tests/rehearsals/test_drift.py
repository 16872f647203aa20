"""What was changed behind CloudFormation's back is shown, and goes back by whom the guardrails let do it."""

from collections.abc import Iterator
from typing import Any

import pytest

from tableguard.local import estate
from tableguard.local.clients.factory import without_aws_configuration
from tests.worlds.rehearsals import AWS_WORDS, Rehearsal, Result, facts, rehearsal

pytestmark = pytest.mark.slow
PROFILES = ("--management-profile", "organization")
BREAK_GLASS = ("--break-glass-profile", "emergency")
ALARM = "cruddur-stream-throttles"


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """The default estate, as it was deployed."""
    with without_aws_configuration(), rehearsal("default", tmp_path_factory.mktemp("settings")) as here:
        result = here.deploy()
        assert result.code == 0, result.err
        yield here


def drifted(result: Result, key: str = "stacks") -> dict[str, list[str]]:
    """Return the logical ids of what drifted, by stack."""
    stacks = facts(result)[key]
    return {one["name"]: [each["logical_id"] for each in one["drifted"]] for one in stacks if one["drifted"]}


def meddle(here: Rehearsal) -> None:
    """Change a property of the table, and delete an alarm."""
    here.client("dynamodb").update_table(TableName=here.settings.table_name, DeletionProtectionEnabled=False)
    here.client("cloudwatch").delete_alarms(AlarmNames=[ALARM])


def protected(here: Rehearsal) -> bool:
    table: Any = here.client("dynamodb").describe_table(TableName=here.settings.table_name)["Table"]
    return bool(table["DeletionProtectionEnabled"])


def check_as_declared(here: Rehearsal) -> None:
    assert estate._verify(here.zone.clients).different == ()
    assert here.run("drift", *PROFILES).code == 0
    assert here.change_sets() == []


def test_of_a_fresh_deployment_every_stack_is_compared_and_none_drifted(deployed: Rehearsal) -> None:
    result = deployed.run("drift", "--json", *PROFILES)
    assert (result.code, drifted(result)) == (0, {}), result.err
    stacks = facts(result)["stacks"]
    assert {one["name"] for one in stacks} == deployed.statuses().keys()
    assert [one["unanswered"] for one in stacks] == [[]] * len(stacks)
    assert all(one["in_sync"] for one in stacks)
    without = deployed.run("drift", "--json")
    assert {one["name"] for one in stacks} - {one["name"] for one in facts(without)["stacks"]} == {
        "cruddur-guardrails",
        "cruddur-oversight",
    }


def test_what_drifted_is_shown_with_both_values_and_reverted_by_the_deployer(deployed: Rehearsal) -> None:
    meddle(deployed)
    shown = deployed.run("drift")
    assert shown.code == 1
    lines = [line.strip() for line in shown.out.splitlines()]
    assert "DeletionProtectionEnabled: true in the template, false in fact" in lines
    assert any(line.startswith("AWS::CloudWatch::Alarm") and line.endswith("is gone") for line in lines)
    dry = deployed.run("drift", "--revert", "--dry-run", "--json")
    assert (dry.code, protected(deployed)) == (1, False)
    assert {one["name"]: one["by"] for one in facts(dry)["plan"]} == {
        "cruddur-table": "deployer",
        "cruddur-stream": "deployer",
    }
    changes = [change for one in facts(dry)["plan"] for change in one["changes"] if change["certain"]]
    assert [(change["action"], change["logical_id"]) for change in changes] == [
        ("Modify", "Messages"),
        ("Add", "ThrottlesAlarm"),
    ]
    assert deployed.change_sets() == []
    assert deployed.run("status", "table").code == 1
    back = deployed.run("drift", "--revert", "--yes", "--json")
    assert (back.code, back.err, drifted(back, "after")) == (0, "", {})
    assert protected(deployed)
    check_as_declared(deployed)
    assert deployed.run("status", *PROFILES).code == 0


def test_a_deployment_reverts_no_drift(deployed: Rehearsal) -> None:
    deployed.client("dynamodb").update_table(TableName=deployed.settings.table_name, DeletionProtectionEnabled=False)
    again = deployed.deploy("--json")
    assert {one["outcome"] for one in facts(again)["stacks"]} == {"unchanged"}
    assert not protected(deployed)
    assert deployed.run("drift", "table", "--revert", "--yes").code == 0
    check_as_declared(deployed)


def test_nobody_is_asked_amid_json_and_what_is_not_approved_stays(deployed: Rehearsal) -> None:
    meddle(deployed)
    amid = deployed.run("drift", "--revert", "--json")
    assert (amid.code, "cannot ask before it begins" in amid.err) == (2, True)
    unasked = deployed.run("drift", "--revert")
    assert (unasked.code, "standard input is not a terminal" in unasked.err) == (2, True)
    assert not protected(deployed)
    assert deployed.run("drift", "--revert", "--yes").code == 0
    check_as_declared(deployed)


def test_a_revert_that_fails_says_why_and_leaves_the_drift(deployed: Rehearsal) -> None:
    meddle(deployed)
    deployed.stuck.add(("cruddur-table", "Messages"))
    failed = deployed.run("drift", "table", "--revert", "--yes")
    deployed.stuck.clear()
    assert failed.code == 2
    assert failed.err.startswith("tableguard drift: stack cruddur-table: Messages (AWS::DynamoDB::Table): ")
    assert AWS_WORDS in failed.err
    assert "the stack is UPDATE_ROLLBACK_FAILED: mend this" in failed.err
    assert drifted(deployed.run("drift", "table", "--json")) == {"cruddur-table": ["Messages"]}
    before = deployed.run("drift", "table", "--revert", "--yes")
    assert (before.code, "cannot be reverted before `tableguard deploy` ended well" in before.err) == (2, True)
    assert deployed.deploy("table").code == 0
    assert deployed.run("drift", "--revert", "--yes").code == 0
    check_as_declared(deployed)


def test_what_the_guardrails_leave_to_break_glass_is_reverted_by_break_glass(deployed: Rehearsal) -> None:
    iam = deployed.client("iam")
    iam.update_role(RoleName="cruddur-application", MaxSessionDuration=7200)
    refused = deployed.run("drift", "access", "--revert", "--yes")
    assert refused.code == 2
    assert "cruddur-access: break-glass must revert this; add --break-glass-profile NAME" in refused.err
    assert iam.get_role(RoleName="cruddur-application")["Role"]["MaxSessionDuration"] == 7200
    back = deployed.run("drift", "access", "--revert", "--yes", *BREAK_GLASS)
    assert back.code == 0, back.err
    check_as_declared(deployed)
