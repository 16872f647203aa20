"""The default example: deployed with failures and repaired, then changed by those whom `deploy` names."""

from collections.abc import Iterator

import pytest

from tableguard.local import estate
from tableguard.local.clients.factory import without_aws_configuration
from tests.worlds.rehearsals import Rehearsal, check_as_undisturbed, deploy_with_failures, facts, rehearsal

pytestmark = pytest.mark.slow
BREAK_GLASS = ("--break-glass-profile", "emergency")
MANAGEMENT = ("--management-profile", "organization")  # who can tell whether the guardrails are attached


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """The estate after a first deployment in which every third resource of each stack failed once."""
    with without_aws_configuration(), rehearsal("default", tmp_path_factory.mktemp("settings")) as here:
        deploy_with_failures(here, *MANAGEMENT)
        yield here


def test_a_deployment_that_failed_at_every_third_resource_ends_as_an_undisturbed_one(deployed: Rehearsal) -> None:
    check_as_undisturbed(deployed)


DAY = [
    ("log_days = 400", "log_days = 731"),
    ("audit_days = 2555", "audit_days = 3000"),
    ("backup_days = 35", "backup_days = 60"),
    ("reads = 10000 ", "reads = 20000 "),
    ("writes = 5000 ", "writes = 9000 "),
    ('allowed_regions = ["eu-central-1"]', 'allowed_regions = ["eu-central-1", "eu-west-1"]'),
]
PROVISIONED = [
    ('capacity = "on-demand"', 'capacity = "provisioned"'),
    ("max_read_units = 4000", ""),
    ("max_write_units = 4000", "[table.provisioned]\nread_units = [9, 99]\nwrite_units = [9, 99]\ntarget_percent = 70"),
]
NIGHT = [
    ("security@example.com", "others@example.com"),
    ("client_side_encryption = false", "client_side_encryption = true"),
    ('operator = ["permission-set/MessagesOperator"]', 'operator = ["permission-set/Others"]'),
]


def _changed(here: Rehearsal, *words: str) -> dict[str, str]:
    """Deploy, check that all is as declared, and return each stack's outcome."""
    result = here.deploy("--json", *words)
    assert result.code == 0, result.err
    assert estate._verify(here.zone.clients).different == ()
    return {stack["stack"]: stack["outcome"] for stack in facts(result)["stacks"]}


def test_retention_regions_and_capacity_change_by_day_and_back(deployed: Rehearsal) -> None:
    try:
        deployed.change(*DAY)
        outcomes = _changed(deployed)
        assert {stack for stack, outcome in outcomes.items() if outcome == "unchanged"} == {"access"}
        deployed.change(*PROVISIONED)
        assert _changed(deployed)["table"] == "updated"
    finally:
        deployed.change()
        back = deployed.deploy(*BREAK_GLASS)
    assert back.code == 0, back.err
    assert estate._verify(deployed.zone.clients).different == ()


def test_what_break_glass_changes_is_said_before_the_first_change_and_then_succeeds(deployed: Rehearsal) -> None:
    before = deployed.statuses()
    try:
        deployed.change(*NIGHT)
        refused = deployed.deploy()
        assert refused.code == 2
        assert "cruddur-access, cruddur-audit: break-glass must deploy this, nothing was changed; " in refused.err
        assert f"run: tableguard deploy --settings {deployed.file} --break-glass-profile BREAK_GLASS" in refused.err
        assert deployed.statuses() == before
        deployed.failing.add(("cruddur-table", "MessageKey"))
        failed = deployed.deploy(*BREAK_GLASS)
        assert failed.err.startswith("tableguard deploy: stack cruddur-table: MessageKey (AWS::KMS::Key): ")
        assert deployed.statuses()["cruddur-table"] == "UPDATE_FAILED"
        assert _changed(deployed, *BREAK_GLASS)["table"] == "updated"
    finally:
        deployed.change()
        plan = facts(deployed.run("deploy", "--dry-run", "--json"))["stacks"]
        back = deployed.deploy(*BREAK_GLASS)
    assert {stack["stack"] for stack in plan if stack["by"] == "break-glass"} >= {"access", "audit"}
    assert back.code == 0, back.err


def test_the_former_index_is_added_and_deleted_with_the_permission_to_move_rows(deployed: Rehearsal) -> None:
    try:
        deployed.change(("former_index = false", "former_index = true"))
        outcomes = _changed(deployed, *BREAK_GLASS)
    finally:
        deployed.change()
        back = deployed.deploy(*BREAK_GLASS)
    assert {stack for stack, outcome in outcomes.items() if outcome == "updated"} >= {"access", "table"}
    assert back.code == 0, back.err
    assert estate._verify(deployed.zone.clients).different == ()


@pytest.mark.parametrize(
    ("replacement", "export"),
    [
        (('name = "cruddur-messages"', 'name = "cruddur-others"'), "TableName"),
        (("zones = 2", "zones = 3"), "SubnetIds"),
    ],
)
def test_what_cloudformation_cannot_change_is_refused_before_the_first_change(
    deployed: Rehearsal, replacement: tuple[str, str], export: str
) -> None:
    before = deployed.statuses()
    deployed.change(replacement)
    try:
        refused = deployed.deploy(*BREAK_GLASS)
    finally:
        deployed.change()
    assert refused.code == 2
    assert f"export cruddur-{export} would change, and is used by cruddur-config, cruddur-stream" in refused.err
    assert (deployed.statuses(), deployed.change_sets()) == (before, [])


def test_a_stack_that_the_settings_enable_no_more_is_named_and_stays(deployed: Rehearsal) -> None:
    deployed.change(('optional = ["guardrails", "oversight", "config"]', 'optional = ["guardrails", "oversight"]'))
    try:
        result = deployed.deploy()
    finally:
        deployed.change()
    assert result.code == 0, result.err
    assert result.err.startswith("cruddur-config: is deployed, and no longer in stacks.optional")
    assert deployed.statuses()["cruddur-config"].endswith("_COMPLETE")


def test_a_missing_prerequisite_is_said_before_anything_is_changed(deployed: Rehearsal) -> None:
    deployed.change(("example-log-archive-eu-central-1", "no-such-bucket"), ("o-exampleorgid", "o-another01234"))
    before = deployed.statuses()
    try:
        result = deployed.deploy()
    finally:
        deployed.change()
    assert result.code == 2
    assert "buckets.access_logs: bucket no-such-bucket does not exist" in result.err
    assert "organization.id: the management account's is o-exampleorgid, not o-another01234" in result.err
    assert deployed.statuses() == before


def test_a_dry_run_and_an_answer_that_nobody_can_give_change_nothing_and_leave_nothing(deployed: Rehearsal) -> None:
    deployed.change(*DAY[:1])
    try:
        result = deployed.run("deploy", "--dry-run")
    finally:
        deployed.change()
    assert result.code == 0
    assert "  TrailLogs\n            RetentionInDays: 400 → 731\n" in result.out
    assert deployed.change_sets() == []
    deployed.change(*DAY[:1])
    try:
        unanswered = deployed.run("deploy")
    finally:
        deployed.change()
    assert (unanswered.code, "standard input is not a terminal" in unanswered.err) == (2, True)
    assert deployed.change_sets() == []
    again = facts(deployed.deploy("--json"))
    assert {stack["outcome"] for stack in again["stacks"]} == {"unchanged"}
