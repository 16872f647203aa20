"""The table stack: what protects the messages, and what the model of the data needs."""

from dataclasses import replace
from typing import Any

import pytest

from stream_lambda.items import INDEX
from tableguard.settings import Provisioned, example
from templates import table as table_stack
from templates.builder import StackBuilder
from tests.worlds.requirements import (
    REMOVED,
    Requirement,
    Template,
    at,
    holds_and_breaks,
    is_set,
    of_type,
    retained,
    stack,
    statement,
    with_capacity_of,
)

TABLE = "Resources/Messages/Properties"
VAULT = "Resources/BackupVault/Properties"
PLAN = "Resources/BackupPlan/Properties/BackupPlan/BackupPlanRule/0"
DESTROYING_BACKUPS = {
    "backup:DeleteBackupVault",
    "backup:DeleteBackupVaultAccessPolicy",
    "backup:DeleteRecoveryPoint",
    "backup:PutBackupVaultAccessPolicy",
    "backup:UpdateRecoveryPointLifecycle",
}


def _encrypted_with_the_stacks_own_key(template: Template) -> bool:
    return bool(
        at(template, f"{TABLE}/SSESpecification")
        == {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": {"Fn::GetAtt": ["TableKey", "Arn"]}}
    )


def _keys_and_types(template: Template) -> bool:
    table = template["Resources"]["Messages"]["Properties"]
    schemas = [table["KeySchema"], *(index["KeySchema"] for index in table["GlobalSecondaryIndexes"])]
    used = {key["AttributeName"] for schema in schemas for key in schema}
    return used == {one["AttributeName"] for one in table["AttributeDefinitions"] if one["AttributeType"] == "S"}


def _only_break_glass_destroys_backups(template: Template) -> bool:
    kept = statement(at(template, f"{VAULT}/AccessPolicy"), "KeepRecoveryPoints")
    exempt = kept["Condition"]["ArnNotLike"]["aws:PrincipalArn"]
    return (
        kept["Effect"] == "Deny"
        and exempt == list(example().break_glass_roles)
        and {*kept["Action"]} == DESTROYING_BACKUPS
    )


def _keys_serve_their_services_only(template: Template) -> bool:
    return all(
        _is_administration(one) or "kms:ViaService" in one.get("Condition", {}).get("StringEquals", {})
        for key in of_type(template, "AWS::KMS::Key").values()
        for one in key["KeyPolicy"]["Statement"]
    )


def _is_administration(one: dict[str, Any]) -> bool:
    using = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncrypt", "kms:CreateGrant", "kms:*")
    return not any(action.startswith(using) for action in one["Action"])


REQUIREMENTS = [
    is_set("the table cannot be deleted while it is protected", f"{TABLE}/DeletionProtectionEnabled", True),
    is_set(
        "any second of the last 35 days can be restored",
        f"{TABLE}/PointInTimeRecoverySpecification",
        {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 35},
    ),
    Requirement(
        "messages are encrypted with the stack's own key",
        _encrypted_with_the_stacks_own_key,
        (
            (f"{TABLE}/SSESpecification/KMSMasterKeyId", REMOVED),  # AWS's key for DynamoDB instead
            (f"{TABLE}/SSESpecification/SSEEnabled", False),
            (f"{TABLE}/SSESpecification", REMOVED),
        ),
    ),
    is_set("the key is rotated", "Resources/TableKey/Properties/EnableKeyRotation", True),
    is_set("a deletion of the key can be stopped for a month", "Resources/TableKey/Properties/PendingWindowInDays", 30),
    Requirement(
        "the keys are used through the services they serve, and administered without being used",
        _keys_serve_their_services_only,
        (
            ("Resources/TableKey/Properties/KeyPolicy/Statement/1/Condition", REMOVED),
            ("Resources/TableKey/Properties/KeyPolicy/Statement/0/Action/0", "kms:Decrypt"),
            ("Resources/BackupKey/Properties/KeyPolicy/Statement/0/Action/0", "kms:*"),
        ),
    ),
    is_set(
        "the stream carries new images and no deleted text", f"{TABLE}/StreamSpecification/StreamViewType", "NEW_IMAGE"
    ),
    is_set(
        "messages expire when they say so",
        f"{TABLE}/TimeToLiveSpecification",
        {"AttributeName": "expires_at", "Enabled": True},
    ),
    is_set("capacity is on demand", f"{TABLE}/BillingMode", "PAY_PER_REQUEST"),
    is_set(
        "a flood of requests meets a ceiling at the table",
        f"{TABLE}/OnDemandThroughput",
        {"MaxReadRequestUnits": 4000, "MaxWriteRequestUnits": 4000},
    ),
    is_set(
        "a flood of requests meets the same ceiling at the index",
        f"{TABLE}/GlobalSecondaryIndexes/0/OnDemandThroughput",
        {"MaxReadRequestUnits": 4000, "MaxWriteRequestUnits": 4000},
    ),
    is_set(
        "throttled keys are known",
        f"{TABLE}/ContributorInsightsSpecification",
        {"Enabled": True, "Mode": "THROTTLED_KEYS"},
    ),
    Requirement(
        "exactly the attributes that are keys are defined, as strings",
        _keys_and_types,
        (
            (f"{TABLE}/AttributeDefinitions/0", REMOVED),
            (f"{TABLE}/AttributeDefinitions/0/AttributeType", "N"),
            (f"{TABLE}/KeySchema/1/AttributeName", "sort"),
        ),
    ),
    is_set(
        "a member's further conversations are listed newest first by the index",
        f"{TABLE}/GlobalSecondaryIndexes/0/KeySchema",
        [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "further_at", "KeyType": "RANGE"}],
    ),
    retained("table, backups and both keys outlive the stack", "Messages", "TableKey", "BackupVault", "BackupKey"),
    is_set("backups have a key of their own", f"{VAULT}/EncryptionKeyArn", {"Fn::GetAtt": ["BackupKey", "Arn"]}),
    is_set(
        "no backup goes before its time, in governance mode", f"{VAULT}/LockConfiguration", {"MinRetentionDays": 35}
    ),
    Requirement(
        "only break-glass may destroy backups",
        _only_break_glass_destroys_backups,
        (
            (f"{VAULT}/AccessPolicy/Statement/0/Effect", "Allow"),
            (f"{VAULT}/AccessPolicy/Statement/0/Action/1", "backup:ListTags"),
            (
                f"{VAULT}/AccessPolicy/Statement/0/Condition/ArnNotLike/aws:PrincipalArn/0",
                "arn:aws:iam::111122223333:role/*",
            ),
        ),
    ),
    is_set("the table is backed up every day", f"{PLAN}/ScheduleExpression", "cron(0 3 * * ? *)"),
    is_set("backups are kept as long as the settings say", f"{PLAN}/Lifecycle/DeleteAfterDays", 35),
    is_set(
        "the plan covers the messages table",
        "Resources/BackupSelection/Properties/BackupSelection/Resources",
        [{"Fn::GetAtt": ["Messages", "Arn"]}],
    ),
    is_set(
        "the backups are made with the role that the access stack made for them",
        "Resources/BackupSelection/Properties/BackupSelection/IamRoleArn",
        {"Fn::ImportValue": "cruddur-BackupRoleArn"},
    ),
]


@pytest.fixture(scope="module")
def table() -> Template:
    return stack("table")


@pytest.fixture(scope="module")
def provisioned() -> Template:
    return stack("table", with_capacity_of("existing-vpc"))


test_the_stack_holds, test_a_spoilt_stack_does_not_hold = holds_and_breaks(REQUIREMENTS, "table")


def test_the_index_is_the_one_that_the_code_asks(table: Template) -> None:
    assert [index["IndexName"] for index in at(table, f"{TABLE}/GlobalSecondaryIndexes")] == [INDEX]


def test_the_table_carries_the_policy_of_the_policies_folder(table: Template) -> None:
    expected = StackBuilder(example(), "a test").policy_with_pseudo_parameters("resource", "messages_table")
    document = at(table, f"{TABLE}/ResourcePolicy/PolicyDocument")
    assert [one["Sid"] for one in document["Statement"]] == [one["Sid"] for one in expected["Statement"]]


def test_messages_have_no_other_way_in_or_out(table: Template) -> None:
    other_ways = {"KinesisStreamSpecification", "ImportSourceSpecification", "Replicas"}
    assert not other_ways & at(table, TABLE).keys()
    assert "CopyActions" not in at(table, PLAN)


def test_on_demand_capacity_is_not_scaled(table: Template) -> None:
    assert not of_type(table, "AWS::ApplicationAutoScaling::ScalableTarget")
    assert "ProvisionedThroughput" not in at(table, TABLE)


def test_provisioned_capacity_starts_at_its_lowest_for_table_and_index(provisioned: Template) -> None:
    lowest = {"ReadCapacityUnits": 10, "WriteCapacityUnits": 10}
    assert at(provisioned, f"{TABLE}/BillingMode") == "PROVISIONED"
    assert at(provisioned, f"{TABLE}/ProvisionedThroughput") == lowest
    assert at(provisioned, f"{TABLE}/GlobalSecondaryIndexes/0/ProvisionedThroughput") == lowest
    assert "OnDemandThroughput" not in at(provisioned, TABLE)


def test_reads_and_writes_of_table_and_index_are_scaled_between_the_bounds(provisioned: Template) -> None:
    capacity = example("existing-vpc").capacity
    assert isinstance(capacity, Provisioned)
    targets = of_type(provisioned, "AWS::ApplicationAutoScaling::ScalableTarget")
    scaled = {
        (at(target, "ResourceId/Fn::Sub"), target["ScalableDimension"], target["MinCapacity"], target["MaxCapacity"])
        for target in targets.values()
    }
    path = {"table": "table/${Messages}", "index": "table/${Messages}/index/further-conversations"}
    assert scaled == {
        (path[scaled], f"dynamodb:{scaled}:{unit}CapacityUnits", *bounds)
        for scaled in path
        for unit, bounds in (("Read", capacity.read_units), ("Write", capacity.write_units))
    }


def test_the_former_index_is_kept_while_the_settings_say_so() -> None:
    kept = table_stack.template(replace(example("existing-vpc"), former_index=True)).to_dict()
    indexes = at(kept, f"{TABLE}/GlobalSecondaryIndexes")
    assert {index["IndexName"]: index["KeySchema"][1]["AttributeName"] for index in indexes} == {
        "conversations": "last_message_at",
        "further-conversations": "further_at",
    }
    defined = {definition["AttributeName"] for definition in at(kept, f"{TABLE}/AttributeDefinitions")}
    assert defined == {"pk", "sk", "last_message_at", "further_at"}
    targets = of_type(kept, "AWS::ApplicationAutoScaling::ScalableTarget").values()
    scaled = {at(target, "ResourceId/Fn::Sub").partition("/index/")[2] for target in targets}
    assert scaled == {"", "conversations", "further-conversations"}


def test_each_scaled_capacity_follows_its_own_use(provisioned: Template) -> None:
    policies = of_type(provisioned, "AWS::ApplicationAutoScaling::ScalingPolicy")
    targets = of_type(provisioned, "AWS::ApplicationAutoScaling::ScalableTarget")
    assert {policy["ScalingTargetId"]["Ref"] for policy in policies.values()} == targets.keys()
    for policy in policies.values():
        tracking = policy["TargetTrackingScalingPolicyConfiguration"]
        unit = "Read" if "Read" in policy["ScalingTargetId"]["Ref"] else "Write"
        metric = tracking["PredefinedMetricSpecification"]["PredefinedMetricType"]
        assert (metric, tracking["TargetValue"]) == (f"DynamoDB{unit}CapacityUtilization", 70)


def test_the_stack_exports_what_the_stream_needs(table: Template) -> None:
    exports = {output["Export"]["Name"]: output["Value"] for output in table["Outputs"].values()}
    assert exports == {
        "cruddur-TableName": {"Ref": "Messages"},
        "cruddur-TableArn": {"Fn::GetAtt": ["Messages", "Arn"]},
        "cruddur-StreamArn": {"Fn::GetAtt": ["Messages", "StreamArn"]},
        "cruddur-TableKeyArn": {"Fn::GetAtt": ["TableKey", "Arn"]},
    }
