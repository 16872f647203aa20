"""What else AWS's page of a rule says: each fact that breaks it, beside one that does not."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from tableguard.compliance import managed
from tableguard.compliance.deployed_rule import DeployedRule, Reach
from tableguard.compliance.evaluator import Inventory
from tableguard.compliance.item import ConfigurationItem
from tests.cases.config_rules import (
    ACCOUNT_ITEM,
    ALARM_ITEM,
    BUCKET_ITEM,
    CASES,
    ENDPOINT_ITEM,
    FLOW_LOG_ITEM,
    FUNCTION_ITEM,
    GROUP_ITEM,
    KEY_ITEM,
    LOG_ITEM,
    NOW,
    PLAINTEXT,
    PLAN,
    POINT_ITEM,
    POLICY_ITEM,
    SELECTION_ITEM,
    TABLE_ITEM,
    TOPIC,
    TRAIL_ITEM,
    USER_ITEM,
    VAULT,
    VAULT_DENIAL,
    VPC_ITEM,
    changed,
    item,
    policy,
)

MANAGEMENT = {"field": "eventCategory", "equals": ["Management"]}
NO_KMS = {"field": "eventSource", "notEquals": ["kms.amazonaws.com"]}
DATA = {"field": "eventCategory", "equals": ["Data"]}


def complies(
    identifier: str,
    item: ConfigurationItem,
    others: Iterable[ConfigurationItem] = (),
    parameters: Mapping[str, str] | None = None,
) -> bool:
    case = next(case for case in CASES if case.identifier == identifier)
    judge = managed.evaluators()[identifier].judge
    given = case.parameters if parameters is None else parameters
    values = DeployedRule("rule", "AWS", identifier, given, Reach(), periodic=False).with_defaults()
    return judge(item, values, Inventory((item, *others), NOW)).compliance == "COMPLIANT"


def trail(advanced: list[Any], classic: list[Any]) -> ConfigurationItem:
    selected = changed(TRAIL_ITEM, ("supplementary", "AdvancedEventSelectors"), advanced)
    return changed(selected, ("supplementary", "EventSelectors"), classic)


def classic(**more: Any) -> dict[str, Any]:
    return {"includeManagementEvents": True, "readWriteType": "All", "excludeManagementEventSources": [], **more}


@pytest.mark.parametrize(
    ("advanced", "of_classic", "whole", "every_region"),
    [
        ([], [], True, True),
        ([{"fieldSelectors": [MANAGEMENT]}], [], True, True),
        ([{"fieldSelectors": [MANAGEMENT, NO_KMS]}], [], False, False),
        ([{"fieldSelectors": [DATA]}], [], False, False),
        ([], [classic()], True, True),
        ([], [classic(excludeManagementEventSources=["kms.amazonaws.com"])], False, False),
        ([], [classic(includeManagementEvents=False)], False, False),
        ([], [classic(readWriteType="WriteOnly")], False, True),
    ],
)
def test_a_trail_that_excludes_management_events_breaks_both_rules(
    advanced: list[Any], of_classic: list[Any], whole: bool, every_region: bool
) -> None:
    trails = (trail(advanced, of_classic),)
    assert complies("CLOUDTRAIL_SECURITY_TRAIL_ENABLED", ACCOUNT_ITEM, trails) is whole
    assert complies("MULTI_REGION_CLOUD_TRAIL_ENABLED", ACCOUNT_ITEM, trails) is every_region


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("isMultiRegionTrail",), False),
        (("s3BucketName",), "others"),
    ],
)
def test_a_trail_of_one_region_or_another_bucket_is_none(path: tuple[str, ...], value: Any) -> None:
    assert complies("MULTI_REGION_CLOUD_TRAIL_ENABLED", ACCOUNT_ITEM, [TRAIL_ITEM])
    assert not complies("MULTI_REGION_CLOUD_TRAIL_ENABLED", ACCOUNT_ITEM, [changed(TRAIL_ITEM, path, value)])


@pytest.mark.parametrize("path", [("includeGlobalServiceEvents",), ("isMultiRegionTrail",), ("kmsKeyId",)])
def test_each_practice_of_a_security_trail_counts(path: tuple[str, ...]) -> None:
    assert not complies("CLOUDTRAIL_SECURITY_TRAIL_ENABLED", ACCOUNT_ITEM, [changed(TRAIL_ITEM, path, None)])


@pytest.mark.parametrize("fixed", range(4))
def test_each_capacity_of_table_and_index_scales_or_none_is_asked(fixed: int) -> None:
    policies = [one for number, one in enumerate(TABLE_ITEM.supplementary["ScalingPolicies"]) if number != fixed]
    item = changed(TABLE_ITEM, ("supplementary", "ScalingPolicies"), policies)
    assert not complies("DYNAMODB_AUTOSCALING_ENABLED", item)
    on_demand = changed(item, ("billingModeSummary", "billingMode"), "PAY_PER_REQUEST")
    assert complies("DYNAMODB_AUTOSCALING_ENABLED", on_demand)


@pytest.mark.parametrize(
    ("selected", "left_out", "planned"),
    [
        (["arn:aws:dynamodb:*:*:table/*"], [], True),
        (["arn:aws:dynamodb:eu-central-1:111122223333:table/mess*"], [], True),
        (["*"], ["arn:aws:dynamodb:*:*:table/messages"], False),
        (["arn:aws:rds:*:*:*"], [], False),
    ],
)
def test_a_selection_names_tables_by_wildcards(selected: list[str], left_out: list[str], planned: bool) -> None:
    table = replace(TABLE_ITEM, arn="arn:aws:dynamodb:eu-central-1:111122223333:table/messages")
    body = {"Resources": selected, "NotResources": left_out}
    selection = changed(SELECTION_ITEM, ("BackupSelection",), body)
    assert complies("DYNAMODB_IN_BACKUP_PLAN", table, [selection]) is planned


def calls_function(principal: Any, effect: str = "Allow", **condition: Any) -> dict[str, Any]:
    statement = {"Sid": "S", "Effect": effect, "Principal": principal, "Action": "lambda:*", "Resource": "*"}
    return {"Statement": [{**statement, "Condition": condition}]}


@pytest.mark.parametrize(
    ("policy", "closed"),
    [
        (calls_function({"Service": "s3.amazonaws.com"}), False),
        (calls_function({"Service": ["sns.amazonaws.com", "s3.amazonaws.com"]}), False),
        (calls_function({"Service": "s3.amazonaws.com"}, StringEquals={"AWS:SourceAccount": "111122223333"}), True),
        (calls_function({"Service": "s3.amazonaws.com"}, effect="Deny"), True),
        (calls_function({"Service": "sns.amazonaws.com"}), True),
    ],
)
def test_a_bucket_of_any_account_may_not_call_a_function(policy: dict[str, Any], closed: bool) -> None:
    item = changed(FUNCTION_ITEM, ("supplementary", "Policy"), policy)
    assert complies("LAMBDA_FUNCTION_PUBLIC_ACCESS_PROHIBITED", item) is closed


@pytest.mark.parametrize("state", ["PendingDeletion", "PendingReplicaDeletion"])
def test_a_key_whose_replicas_must_go_first_is_scheduled_too(state: str) -> None:
    assert complies("KMS_CMK_NOT_SCHEDULED_FOR_DELETION", changed(KEY_ITEM, ("keyState",), "Disabled"))
    assert not complies("KMS_CMK_NOT_SCHEDULED_FOR_DELETION", changed(KEY_ITEM, ("keyState",), state))


@pytest.mark.parametrize("block", ["blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"])
def test_each_of_the_four_settings_blocks(block: str) -> None:
    item = changed(BUCKET_ITEM, ("supplementary", "PublicAccessBlockConfiguration", block), False)
    assert not complies("S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED", item)


def bucket_of(statement: Mapping[str, Any]) -> ConfigurationItem:
    return changed(BUCKET_ITEM, ("supplementary", "BucketPolicy", "policyText"), json.dumps(policy(statement)))


@pytest.mark.parametrize(
    "change",
    [
        {"Action": "s3:GetObject"},
        {"Principal": {"AWS": "111122223333"}},
        {"Effect": "Allow"},
        {
            "Condition": {
                "Bool": {"aws:SecureTransport": "false"},
                "StringEquals": {"aws:PrincipalAccount": "111122223333"},
            }
        },
        {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
    ],
)
def test_plain_requests_are_refused_whoever_asks_for_what(change: dict[str, Any]) -> None:
    assert complies("S3_BUCKET_SSL_REQUESTS_ONLY", bucket_of(PLAINTEXT))
    assert not complies("S3_BUCKET_SSL_REQUESTS_ONLY", bucket_of({**PLAINTEXT, **change}))


def test_a_bucket_is_public_by_its_policy_where_nothing_blocks_that() -> None:
    opened = bucket_of({**PLAINTEXT, "Effect": "Allow", "Condition": {}})
    unblocked = changed(opened, ("supplementary", "PublicAccessBlockConfiguration", "restrictPublicBuckets"), False)
    assert complies("CLOUDTRAIL_S3_BUCKET_PUBLIC_ACCESS_PROHIBITED", TRAIL_ITEM, [opened])
    assert not complies("CLOUDTRAIL_S3_BUCKET_PUBLIC_ACCESS_PROHIBITED", TRAIL_ITEM, [unblocked])


TOPIC_ITEM = item(TOPIC, "topic", {"KmsMasterKeyId": "key-1"})
# rule, item, a field that the rule looks at besides that of its case, the value that breaks it, its parameters
FIELDS: tuple[tuple[str, ConfigurationItem, tuple[str, ...], Any, dict[str, str]], ...] = (
    ("S3_BUCKET_DEFAULT_LOCK_ENABLED", BUCKET_ITEM, ("supplementary", "ObjectLockConfiguration", "rule"), None, {}),
    (
        "S3_DEFAULT_ENCRYPTION_KMS",
        BUCKET_ITEM,
        ("supplementary", "ServerSideEncryptionConfiguration", "rules"),
        [{"applyServerSideEncryptionByDefault": {"ssealgorithm": "aws:kms", "kmsmasterKeyID": "key-2"}}],
        {"kmsKeyArns": "key-1"},
    ),
    (
        "S3_BUCKET_LOGGING_ENABLED",
        BUCKET_ITEM,
        ("supplementary", "BucketLoggingConfiguration", "destinationBucketName"),
        "others",
        {"targetBucket": "archive"},
    ),
    (
        "S3_BUCKET_LOGGING_ENABLED",
        BUCKET_ITEM,
        ("supplementary", "BucketLoggingConfiguration", "logFilePrefix"),
        "others/",
        {"targetPrefix": "files/"},
    ),
    ("IAM_USER_NO_POLICIES_CHECK", USER_ITEM, ("attachedManagedPolicies",), [{"policyName": "all"}], {}),
    ("IAM_USER_NO_POLICIES_CHECK", USER_ITEM, ("userPolicyList",), [{"policyName": "all"}], {}),
    ("VPC_DEFAULT_SECURITY_GROUP_CLOSED", GROUP_ITEM, ("ipPermissions",), [{"ipProtocol": "-1"}], {}),
    ("VPC_DEFAULT_SECURITY_GROUP_CLOSED", GROUP_ITEM, ("ipPermissionsEgress",), [{"ipProtocol": "-1"}], {}),
    (
        "CLOUDWATCH_ALARM_ACTION_CHECK",
        ALARM_ITEM,
        ("alarmActions",),
        ["others"],
        {"insufficientDataActionRequired": "false", "action1": "topic"},
    ),
    ("DYNAMODB_TABLE_ENCRYPTED_KMS", TABLE_ITEM, ("ssedescription", "ssetype"), "AES256", {}),
    ("DYNAMODB_TABLE_ENCRYPTED_KMS", TABLE_ITEM, ("ssedescription", "status"), "DISABLED", {}),
    (
        "LAMBDA_CONCURRENCY_CHECK",
        FUNCTION_ITEM,
        ("supplementary", "Concurrency", "reservedConcurrentExecutions"),
        9,
        {"ConcurrencyLimitLow": "10"},
    ),
    (
        "LAMBDA_CONCURRENCY_CHECK",
        FUNCTION_ITEM,
        ("supplementary", "Concurrency", "reservedConcurrentExecutions"),
        11,
        {"ConcurrencyLimitHigh": "10"},
    ),
    ("SNS_ENCRYPTED_KMS", TOPIC_ITEM, ("KmsMasterKeyId",), "key-2", {"kmsKeyIds": "key-1"}),
    ("LAMBDA_DLQ_CHECK", FUNCTION_ITEM, ("deadLetterConfig", "targetArn"), "others", {"dlqArns": "queue"}),
    ("CLOUDWATCH_LOG_GROUP_ENCRYPTED", LOG_ITEM, ("kmsKeyId",), "key-2", {"KmsKeyId": "key-1"}),
)


@pytest.mark.parametrize(("identifier", "item", "path", "breaking", "parameters"), FIELDS)
def test_another_field_breaks_the_rule_as_well(
    identifier: str, item: ConfigurationItem, path: tuple[str, ...], breaking: Any, parameters: dict[str, str]
) -> None:
    assert complies(identifier, item, parameters=parameters)
    assert not complies(identifier, changed(item, path, breaking), parameters=parameters)


@pytest.mark.parametrize(
    ("identifier", "item", "other", "path", "breaking"),
    [
        ("VPC_ENDPOINT_ENABLED", VPC_ITEM, ENDPOINT_ITEM, ("state", "value"), "pending"),
        ("VPC_ENDPOINT_ENABLED", VPC_ITEM, ENDPOINT_ITEM, ("vpcId",), "vpc-2"),
        ("VPC_FLOW_LOGS_ENABLED", VPC_ITEM, FLOW_LOG_ITEM, ("flowLogStatus",), "INACTIVE"),
        ("VPC_FLOW_LOGS_ENABLED", VPC_ITEM, FLOW_LOG_ITEM, ("resourceId",), "vpc-2"),
        ("DYNAMODB_LAST_BACKUP_RECOVERY_POINT_CREATED", TABLE_ITEM, POINT_ITEM, ("Status",), "EXPIRED"),
        ("DYNAMODB_LAST_BACKUP_RECOVERY_POINT_CREATED", TABLE_ITEM, POINT_ITEM, ("ResourceArn",), "others"),
    ],
)
def test_another_field_of_what_stands_beside_breaks_the_rule(
    identifier: str, item: ConfigurationItem, other: ConfigurationItem, path: tuple[str, ...], breaking: Any
) -> None:
    assert complies(identifier, item, [other])
    assert not complies(identifier, item, [changed(other, path, breaking)])


@pytest.mark.parametrize("action", ["*", "s3:*"])
def test_everything_is_a_whole_service_too(action: str) -> None:
    statement = {"Effect": "Allow", "Action": ["sqs:SendMessage", action], "Resource": "files"}
    versions = [{"document": policy(statement), "isDefaultVersion": True}]
    item = changed(POLICY_ITEM, ("policyVersionList",), versions)
    assert not complies("IAM_POLICY_NO_STATEMENTS_WITH_FULL_ACCESS", item)


def test_a_boundary_is_judged_unless_the_parameter_leaves_it_out() -> None:
    bounding = changed(POLICY_ITEM, ("permissionsBoundaryUsageCount",), 1)
    assert complies("IAM_POLICY_NO_STATEMENTS_WITH_FULL_ACCESS", bounding, parameters={})
    assert not complies("IAM_POLICY_NO_STATEMENTS_WITH_FULL_ACCESS", bounding)


def test_throughput_that_reaches_the_threshold_breaks_the_rule() -> None:
    limits = {"accountMaxReadCapacityUnits": 1000, "accountMaxWriteCapacityUnits": 1000}
    account = changed(ACCOUNT_ITEM, ("dynamoDbLimits",), limits)
    # table and index together: 150 units of 1000
    for percent, fine in (("15", False), ("16", True)):
        thresholds = {"accountRCUThresholdPercentage": percent, "accountWCUThresholdPercentage": percent}
        assert complies("DYNAMODB_THROUGHPUT_LIMIT_CHECK", account, [TABLE_ITEM], thresholds) is fine


@pytest.mark.parametrize(("days", "fine"), [(35, True), (34, False), (None, True)])
def test_a_plan_keeps_as_long_as_the_rule_asks(days: int | None, fine: bool) -> None:
    lifecycle = {} if days is None else {"Lifecycle": {"DeleteAfterDays": days}}
    rules = [{"ScheduleExpression": "cron(0 3 * * ? *)", **lifecycle}]
    plan = item(PLAN, "plan", {"BackupPlan": {"BackupPlanRule": rules}})
    wanted = {"requiredFrequencyValue": "1", "requiredFrequencyUnit": "days", "requiredRetentionDays": "35"}
    assert complies("BACKUP_PLAN_MIN_FREQUENCY_AND_MIN_RETENTION_CHECK", plan, parameters=wanted) is fine


@pytest.mark.parametrize("change", [{"Resource": "arn:aws:backup:*"}, {"Principal": {"AWS": "111122223333"}}])
def test_a_vaults_denial_is_of_everything_to_everybody(change: dict[str, Any]) -> None:
    for statement, fine in ((VAULT_DENIAL, True), ({**VAULT_DENIAL, **change}, False)):
        vault = item(VAULT, "vault", {"AccessPolicy": policy(statement)})
        assert complies("BACKUP_RECOVERY_POINT_MANUAL_DELETION_DISABLED", vault) is fine
