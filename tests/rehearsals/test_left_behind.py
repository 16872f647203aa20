"""What others left behind: stacks that no update takes further, and an alias of ours on a key of theirs."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tableguard.local.clients.factory import without_aws_configuration
from tableguard.stacks.registry import Principal, find_stack
from tableguard.stacks.render import render
from tests.worlds.estate import BY_SCP, refusal
from tests.worlds.rehearsals import AWS_WORDS, Rehearsal, Result, check_as_undisturbed, rehearsal

pytestmark = pytest.mark.slow
BREAK_GLASS = ("--break-glass-profile", "emergency")
MANAGEMENT = ("--management-profile", "organization")
DESTROY_CONFIG = ("destroy", "config", "--production", "--yes", *BREAK_GLASS)
CAPABILITIES = ["CAPABILITY_NAMED_IAM"]
LONGER = ("log_days = 400", "log_days = 731")
ROLES = ('operator = ["permission-set/MessagesOperator"]', 'operator = ["permission-set/Others"]')
ENCRYPTED = ("client_side_encryption = false", "client_side_encryption = true")


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """The default estate; its first deployment met an alias that was planted, and a stack made by hand."""
    with without_aws_configuration(), rehearsal("default", tmp_path_factory.mktemp("settings")) as zone:
        _check_planted_alias_is_named_before_the_first_stack(zone)
        for stack in ("access", "audit", "network"):
            _succeed(zone, "deploy", stack, "--yes", *MANAGEMENT)
        _check_what_was_rolled_back_is_deleted_as_printed(zone)
        _succeed(zone, "deploy", "--yes")
        yield zone


def _check_planted_alias_is_named_before_the_first_stack(zone: Rehearsal) -> None:
    _plant(zone, "alias/cruddur-table")
    for words in (("--dry-run",), ("--yes",)):
        refused = zone.run("deploy", *words)
        assert refused.code == 2
        assert "stack cruddur-table: TableKeyAlias (AWS::KMS::Alias) exists as alias/cruddur-table, of" in refused.err
        assert "its policy is not the template's" in refused.err
    assert zone.statuses() == {}
    _unplant(zone, refused)


def _check_what_was_rolled_back_is_deleted_as_printed(zone: Rehearsal) -> None:
    zone.failing.add(("cruddur-table", "BackupPlan"))
    _change(zone, "deployer", "table", "CREATE")
    assert _status(zone, "table") == "ROLLBACK_COMPLETE"
    refused = zone.deploy("table", *MANAGEMENT)
    assert "stack cruddur-table: is ROLLBACK_COMPLETE, which no update takes further" in refused.err
    _delete_as_printed(zone, refused)
    assert "cruddur-table: adopted in" in _succeed(zone, "deploy", "table", "--yes", *MANAGEMENT).out


def _succeed(here: Rehearsal, *words: str) -> Result:
    result = here.run(*words)
    assert result.code == 0, result.err
    return result


def _plant(here: Rehearsal, alias: str) -> None:
    kms = here.client("kms")
    kms.create_alias(AliasName=alias, TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])


def _unplant(here: Rehearsal, refused: Result) -> None:
    """Run the command that removes a planted alias."""
    match = re.search(r"aws kms delete-alias --alias-name (\S+)", refused.err)
    assert match, refused.err
    here.client("kms").delete_alias(AliasName=match[1])


def _client(here: Rehearsal, principal: Principal) -> Any:
    return here.zone.session(principal).client("cloudformation")


def _template(here: Rehearsal, stack: str) -> dict[str, Any]:
    """Return the template of a stack as CloudFormation takes it, with the settings of the file."""
    text = render(here.settings, (find_stack(stack),))[stack]
    bucket, key = here.settings.artifact_bucket, f"templates/by-hand/{stack}.yaml"
    here.client("s3").put_object(Bucket=bucket, Key=key, Body=text.encode())
    url = f"https://{bucket}.s3.{here.settings.home_region}.amazonaws.com/{key}"
    return {"StackName": here.settings.stack_name(stack), "TemplateURL": url, "Capabilities": CAPABILITIES}


def _change(here: Rehearsal, principal: Principal, stack: str, kind: str, *parameters: str) -> None:
    """Make a change set by hand and execute it, as `aws cloudformation deploy` does: a failure is rolled back."""
    client = _client(here, principal)
    same = [{"ParameterKey": name, "UsePreviousValue": True} for name in parameters]
    made = client.create_change_set(
        ChangeSetName="by-hand", ChangeSetType=kind, Parameters=same, **_template(here, stack)
    )
    client.execute_change_set(ChangeSetName=made["Id"])


def _status(here: Rehearsal, stack: str) -> str:
    return here.statuses()[here.settings.stack_name(stack)]


def _delete_as_printed(here: Rehearsal, result: Result) -> None:
    """Run the command with which break-glass is to delete a stack that no update takes further."""
    assert result.code == 2
    match = re.search(r"deleted, by break-glass: aws cloudformation delete-stack --stack-name (\S+)\. ", result.err)
    assert match, result.err
    _client(here, "break-glass").delete_stack(StackName=match[1])
    assert match[1] not in here.statuses()


def test_the_first_deployment_ended_as_an_undisturbed_one(here: Rehearsal) -> None:
    check_as_undisturbed(here)


def test_an_alias_planted_on_the_way_of_a_change_is_named_before_it(here: Rehearsal) -> None:
    _plant(here, "alias/cruddur-messages")
    here.change(ENCRYPTED)
    before = here.statuses()
    try:
        refused = here.run("deploy", "--dry-run")
        here.client("kms").delete_alias(AliasName="alias/cruddur-messages")
        plan = here.run("deploy", "--dry-run")
    finally:
        here.change()
    assert refused.code == 2
    assert "stack cruddur-table: MessageKeyAlias (AWS::KMS::Alias) exists as alias/cruddur-messages" in refused.err
    assert (plan.code, here.statuses()) == (0, before)


def test_a_stack_that_only_has_a_change_set_is_destroyed_or_deployed(here: Rehearsal) -> None:
    _succeed(here, *DESTROY_CONFIG)
    for follow in (DESTROY_CONFIG, ("deploy", "--yes")):
        _client(here, "deployer").create_change_set(
            ChangeSetName="by-hand", ChangeSetType="CREATE", **_template(here, "config")
        )
        assert _status(here, "config") == "REVIEW_IN_PROGRESS"
        _succeed(here, *follow)
        assert ("cruddur-config" in here.statuses()) is (follow[0] == "deploy")
    check_as_undisturbed(here)


@pytest.mark.parametrize(
    ("principal", "status"), [("break-glass", "ROLLBACK_COMPLETE"), ("deployer", "ROLLBACK_FAILED")]
)
def test_a_stack_made_by_hand_beside_what_was_kept_is_deleted_by_break_glass_as_printed(
    here: Rehearsal, principal: Principal, status: str
) -> None:
    _succeed(here, *DESTROY_CONFIG)
    _change(here, principal, "config", "CREATE")  # what was kept is in its way
    assert _status(here, "config") == status  # the guardrails deny the deployer to delete the rule that was made
    refused = here.deploy()
    assert f"stack cruddur-config: is {status}, which no update takes further" in refused.err
    others: list[Principal] = ["deployer", "administrator"]
    for other in others:
        assert BY_SCP in refusal(_client(here, other).delete_stack, StackName="cruddur-config")[1]
    _delete_as_printed(here, refused)
    assert "cruddur-config: adopted in" in _succeed(here, "deploy", "--yes").out
    check_as_undisturbed(here)


def test_a_deletion_that_failed_is_repeated_by_the_same_command(here: Rehearsal) -> None:
    here.stuck.add(("cruddur-config", "TableStays"))
    failed = here.run(*DESTROY_CONFIG)
    assert failed.code == 2
    assert "cruddur-config: cannot be deleted: TableStays (AWS::Config::ConfigRule): An error" in failed.err
    assert failed.err.endswith(f"{AWS_WORDS}; mend this, and destroy again\n")
    refused = here.deploy()
    assert "stack cruddur-config: is DELETE_FAILED, which no update takes further" in refused.err
    here.stuck.clear()
    _succeed(here, *DESTROY_CONFIG)
    assert "cruddur-config: adopted in" in _succeed(here, "deploy", "--yes").out
    check_as_undisturbed(here)


def test_a_rollback_that_failed_is_continued_as_soon_as_it_can_be(here: Rehearsal) -> None:
    here.change(LONGER)
    here.stuck.add(("cruddur-network", "FlowLogGroup"))
    _change(here, "deployer", "network", "UPDATE", "DynamoDbPrefixListId")
    assert _status(here, "network") == "UPDATE_ROLLBACK_FAILED"
    here.change()
    again = here.deploy()
    assert again.code == 2
    assert "its rollback failed again: FlowLogGroup (AWS::Logs::LogGroup): An error" in again.err
    here.stuck.clear()
    assert "its failed rollback is continued" in here.run("deploy", "--dry-run").out
    _succeed(here, "deploy", "--yes")
    check_as_undisturbed(here)


def test_a_rollback_of_roles_that_failed_is_continued_by_break_glass(here: Rehearsal) -> None:
    here.change(ROLES)
    here.stuck.add(("cruddur-access", "OperatorRole"))
    _change(here, "break-glass", "access", "UPDATE")
    here.stuck.clear()
    here.change()
    assert _status(here, "access") == "UPDATE_ROLLBACK_FAILED"
    refused = here.deploy()
    assert "cruddur-access: break-glass must deploy this, nothing was changed" in refused.err
    assert "the rollback changes roles, which guardrails leave to break-glass" in refused.out
    _succeed(here, "deploy", "--yes", *BREAK_GLASS)
    check_as_undisturbed(here)
