"""Who deploys a stack: its usual principal, or break-glass where an attached SCP denies that one a change."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tableguard.policy.policy_set import PolicySet
from tableguard.policy.statements import Policy, policy
from tableguard.prove.preflight.assignment import Assignment, assign, standing
from tableguard.prove.preflight.template import templates
from tableguard.settings import example
from tableguard.stacks.changes import ResourceChange
from tableguard.stacks.deployment.stack_deployer import PlannedStack
from tableguard.stacks.registry import find_stack

SETTINGS = example()
ADMINISTRATOR = f"arn:aws:iam::{SETTINGS.account_id}:role/OrganizationAccountAccessRole"
TEMPLATES = templates(SETTINGS)
ALARM, FILTER = "AWS::CloudWatch::Alarm", "AWS::Logs::MetricFilter"
SCPS = tuple(PolicySet.filled(SETTINGS).policies["scp"].values())
KEY, TOPIC = "AWS::KMS::Key", "AWS::SNS::Topic"


def planned(
    stack: str, *changes: ResourceChange, status: str = "CREATE_COMPLETE", template: Mapping[str, Any] | None = None
) -> PlannedStack:
    module = find_stack(stack)
    document = template or TEMPLATES.get(stack, {"Resources": {}})
    return PlannedStack(module, SETTINGS.stack_name(stack), status, changes or None, document, document)


ADDITION = ResourceChange("Add", "ApplicationRole", "AWS::IAM::Role")


def assigned(stack: PlannedStack, bound: bool = True) -> Assignment:
    (assignment,) = assign(SETTINGS, [stack], {"administrator": ADMINISTRATOR}, SCPS if bound else ())
    return assignment


def modified(name: str, kind: str, *properties: str) -> ResourceChange:
    return ResourceChange("Modify", name, kind, "never", properties)


@pytest.mark.parametrize(
    ("stack", "change", "principal"),
    [
        ("access", modified("ApplicationRole", "AWS::IAM::Role", "Description"), "break-glass"),
        ("audit", modified("AlertTopic", TOPIC, "DisplayName"), "deployer"),
        ("audit", modified("AlertTopic", TOPIC, "Subscription"), "break-glass"),
        ("audit", modified("AlertTopic", TOPIC), "break-glass"),
        ("audit", ResourceChange("Remove", "TableOpenedFilter", FILTER), "break-glass"),
        ("audit", ResourceChange("Remove", "TableOpenedFilter", FILTER, kept=True), "deployer"),
        ("audit", ResourceChange("Add", "TableOpenedFilter", FILTER), "deployer"),
        ("audit", ResourceChange("Modify", "TableOpenedFilter", FILTER, "always", ("FilterName",)), "break-glass"),
        ("table", modified("TableKey", KEY, "Description"), "deployer"),
        ("table", modified("BackupVault", "AWS::Backup::BackupVault", "LockConfiguration"), "deployer"),
        ("table", ResourceChange("Modify", "Messages", "AWS::DynamoDB::Table", "always", ("TableName",)), "deployer"),
    ],
)
def test_break_glass_deploys_what_an_attached_guardrail_denies_the_usual_principal(
    stack: str, change: ResourceChange, principal: str
) -> None:
    assert change.logical_id in TEMPLATES[stack]["Resources"]
    assignment = assigned(planned(stack, change))
    assert (assignment.principal, bool(assignment.reasons)) == (principal, principal == "break-glass")
    assert assignment.denied == ()
    assert assigned(planned(stack, change), bound=False).principal == find_stack(stack).principal


def test_the_reason_names_resource_action_policy_and_statement() -> None:
    assignment = assigned(planned("audit", ResourceChange("Remove", "TableOpenedFilter", FILTER)))
    assert assignment.reasons == (
        "TableOpenedFilter: logs:DeleteMetricFilter is denied by scp policy protect_audit_trail, statement "
        "DenySilencingAlerts",
    )


@pytest.mark.parametrize(("stack", "principal"), [("access", "break-glass"), ("table", "deployer")])
def test_a_failed_rollback_of_roles_is_continued_by_break_glass(stack: str, principal: str) -> None:
    assert assigned(planned(stack, status="UPDATE_ROLLBACK_FAILED")).principal == principal
    assert assigned(planned(stack, status="UPDATE_ROLLBACK_FAILED"), bound=False).principal != "break-glass"


def test_denials_by_one_statement_are_one_reason() -> None:
    (reason,) = assigned(planned("access", modified("ApplicationRole", "AWS::IAM::Role", "Description"))).reasons
    assert re.fullmatch(r"ApplicationRole: iam:\w+ and \d+ more are denied by scp policy .* DenyRoleChanges", reason)


def test_what_break_glass_may_not_do_either_is_told() -> None:
    change = modified("FailuresBucket", "AWS::S3::Bucket", "ReplicationConfiguration")
    assignment = assigned(planned("stream", change))
    assert [reason.partition(" is ")[0] for reason in assignment.denied] == [
        "FailuresBucket: s3:PutReplicationConfiguration"
    ]


def test_the_guardrails_that_are_attached_decide_not_those_of_the_settings() -> None:
    change = planned("audit", ResourceChange("Remove", "TableOpenedFilter", FILTER))
    statement = {"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}
    other = policy("other", {"Version": "2012-10-17", "Statement": [statement]})
    stacks = [change, planned("guardrails", modified("Other", "AWS::Organizations::Policy", "Content"))]
    assert [one.principal for one in assign(SETTINGS, stacks, {}, [other])] == ["deployer", "management"]


def test_roles_that_attached_scps_forbid_before_break_glass_exists_are_made_by_nobody() -> None:
    access = planned("access", status="")
    assert len(assigned(access).denied) == 1
    assert assigned(access).denied[0].endswith("have the organization detach the SCPs until it is there")
    adopting = replace(access, changes=(ResourceChange("Import", "BreakGlassRole", "AWS::IAM::Role"), ADDITION))
    assert (assigned(adopting).principal, assigned(adopting).denied) == ("break-glass", ())


@pytest.mark.parametrize("changes", [(), (ResourceChange("Import", "Bucket", "AWS::S3::Bucket"),)])
def test_whoever_may_execute_no_change_set_deploys_no_stack_that_has_one(changes: tuple[ResourceChange, ...]) -> None:
    assignment = assigned(planned("bootstrap", *changes))
    assert (assignment.principal, assignment.denied) == (("break-glass" if changes else "administrator"), ())
    assert [reason.partition(" is ")[0] for reason in assignment.reasons] == [
        "cruddur-bootstrap: cloudformation:ExecuteChangeSet" for _ in changes
    ]
    assert assigned(planned("bootstrap", *changes), bound=False).principal == "administrator"


@pytest.mark.parametrize(("stack", "principal"), [("network", "deployer"), ("config", "break-glass")])
def test_a_stack_that_is_new_under_guardrails_is_judged_by_all_that_it_adds(stack: str, principal: str) -> None:
    assert assigned(planned(stack, status="")).principal == principal
    assert assigned(planned(stack, status=""), bound=False).principal == "deployer"


@pytest.mark.parametrize("optional", [("guardrails", "config"), ("config",)])
@pytest.mark.parametrize(
    ("stack", "status", "changes", "bound"),
    [
        ("access", "", (), False),
        ("access", "CREATE_FAILED", (), False),
        ("access", "UPDATE_FAILED", (), True),
        ("access", "", (ResourceChange("Import", "BreakGlassRole", "AWS::IAM::Role"),), True),
        ("audit", "", (), False),
        ("audit", "CREATE_FAILED", (), False),
        ("audit", "UPDATE_COMPLETE", (), True),
        ("config", "", (), True),
    ],
)
def test_where_nobody_may_ask_guardrails_bind_once_the_first_deployment_is_done(
    optional: tuple[str, ...], stack: str, status: str, changes: tuple[ResourceChange, ...], bound: bool
) -> None:
    settings = replace(SETTINGS, optional_stacks=optional)
    assert standing(settings, [planned("table"), planned(stack, *changes, status=status)], None) == (
        SCPS if bound else ()
    )


@pytest.mark.parametrize(
    ("roles", "changes", "bound"),
    [
        ("", (), False),
        ("CREATE_FAILED", (), False),
        ("CREATE_COMPLETE", (), True),
        (None, (), True),
        ("", (ResourceChange("Import", "ArtifactBucket", "AWS::S3::Bucket"),), True),
    ],
)
def test_the_buckets_are_of_a_first_deployment_until_roles_are_made_or_something_is_adopted(
    roles: str | None, changes: tuple[ResourceChange, ...], bound: bool
) -> None:
    assert standing(SETTINGS, [planned("bootstrap", *changes, status="")], None, roles) == (SCPS if bound else ())


@pytest.mark.parametrize("scps", [(), SCPS[:1]])
def test_who_may_ask_finds_the_guardrails_that_bind(scps: tuple[Policy, ...]) -> None:
    assert standing(SETTINGS, [planned("access", status="")], lambda: scps) == scps


@pytest.mark.parametrize(
    ("status", "changes", "summary"),
    [
        ("", (), "new"),
        ("UPDATE_ROLLBACK_FAILED", (), "its failed rollback is continued"),
        ("CREATE_COMPLETE", (), "unchanged"),
        ("CREATE_FAILED", (modified("AlertTopic", TOPIC, "DisplayName"),), "1 change"),
    ],
)
def test_a_stack_s_plan_is_told_in_few_words(status: str, changes: tuple[ResourceChange, ...], summary: str) -> None:
    assert assigned(planned("audit", *changes, status=status)).summary == summary
