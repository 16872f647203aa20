"""All documents at once: nobody whom they serve is stopped by another of them, and nobody else gets through."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest

from tableguard.policy import documents
from tableguard.policy.evaluate import Request, World, decide
from tableguard.policy.shorthand import ShortCall, Shorthand
from tableguard.policy.statements import Policy, policy
from tableguard.settings import Settings, example
from tests.worlds.settings_files import EXAMPLES

pytestmark = pytest.mark.slow
KEY = "key/1234abcd-12ab-34cd-56ef-1234567890ab"
STREAM = "table/<table-name>/stream/2026-01-01T00:00:00.000"
FUNCTION = "function:<name>-pattern-d"
THROUGH_ENDPOINT = {"aws:SourceVpce": "vpce-0a1b2c3d4e5f60718", "aws:VpceAccount": "<account-id>"}
THROUGH_ANOTHER = {"aws:SourceVpce": "vpce-0a1b2c3d4e5f60718", "aws:VpceAccount": "444455556666"}
EVERYTHING = {"Sid": "Everything", "Effect": "Allow", "Action": "*", "Resource": "*"}

# what a role is given, and whether it is under the boundary
ROLES = {
    "application": (("application",), True),
    "pattern-d": (("stream_function",), True),
    "dax": (("dax",), True),
    "identity-pool-user": (("identity_pool_user",), True),
    "auditor": (("auditor",), False),
    "operator": (("operator",), False),
    "break-glass": (tuple(name for name in documents.names("role") if name.startswith("break_glass")), False),
    "deployer": (tuple(name for name in documents.names("role") if name.startswith("deployer_")), False),
}


@dataclass(frozen=True)
class Try:
    """One call by a role of the workload."""

    role: str
    action: str
    resource: str = "*"
    context: dict[str, Any] = field(default_factory=dict)
    region: str = ""


@cache
def document(kind: str, name: str, settings: Settings) -> Policy:
    found = documents.load(kind, name)
    return policy(found.place, documents.fill(found, settings.policy_values()))


def every(kind: str, settings: Settings) -> tuple[Policy, ...]:
    return tuple(document(kind, name, settings) for name in documents.names(kind))


def request(attempt: Try, settings: Settings) -> Request:
    role = f"role/<name>-{attempt.role}"
    call = ShortCall(attempt.action, attempt.resource, role, attempt.region, "", attempt.context)
    (request,) = Shorthand(settings).requests(call, "together")
    return request


def world(attempt: Try, settings: Settings) -> World:
    """Everything that applies to the call: all SCPs and RCPs, the role's policies, boundary, endpoint and table."""
    full = policy("everything", {"Statement": [EVERYTHING]})
    given, bounded = ROLES.get(attempt.role, ((), False))
    of_table = attempt.action.startswith("dynamodb:") and attempt.resource.startswith("table/<table-name>")
    return World(
        management_account=settings.management_account_id,
        service_control=((full,), (full, *every("scp", settings))),
        resource_control=(every("rcp", settings),),
        identity=tuple(document("role", name, settings) for name in given) or (full,),
        boundary=document("role", "boundary", settings) if bounded else None,
        resource=document("resource", "messages_table", settings) if of_table else None,
        endpoint=document("endpoint", "messages_table_only", settings) if "aws:SourceVpce" in attempt.context else None,
    )


def said(attempt: Try, settings: Settings) -> tuple[bool, str]:
    decision = decide(world(attempt, settings), request(attempt, settings))
    return decision.allowed, "; ".join(map(str, decision.because))


def item(role: str, action: str, key: str, resource: str = "table/<table-name>", **more: Any) -> Try:
    context = {"dynamodb:LeadingKeys": (key,), **THROUGH_ENDPOINT, **more}
    return Try(role, f"dynamodb:{action}", resource, context)


def decrypt(role: str) -> Try:
    context = {"kms:ResourceAliases": ("alias/<name>-table",), "kms:ViaService": "dynamodb.<home-region>.amazonaws.com"}
    return Try(role, "kms:Decrypt", KEY, context)


MEMBER: dict[str, Any] = {"aws:PrincipalTag/user_uuid": "u"}
ROW: dict[str, Any] = {"dynamodb:Attributes": ("pk", "sk", "last_message_at", "last_message", "expires_at")}
KEYS_ONLY: dict[str, Any] = {
    "dynamodb:Attributes": ("pk", "sk", "expires_at"),
    "dynamodb:Select": "SPECIFIC_ATTRIBUTES",
}
BATCH = "<name>-failures-<account-id>-<home-region>/aws/lambda/1/x"
OF_FAILURES = {"kms:ResourceAliases": ("alias/<name>-failures",), "kms:ViaService": "s3.<home-region>.amazonaws.com"}
MARK: dict[str, Any] = {"dynamodb:Attributes": ("pk", "sk", "last_read_at")}
WORK = [
    item("application", "Query", "MSG#g"),
    item("application", "Query", "GRP#u", "table/<table-name>/index/conversations"),
    item("application", "Query", "GRP#u"),
    item("application", "PutItem", "META#g", **{"dynamodb:EnclosingOperation": "TransactWriteItems"}),
    item("application", "PutItem", "MSG#g"),
    item("application", "GetItem", "GRP#u"),
    item("application", "BatchGetItem", "META#g"),
    item("application", "UpdateItem", "MSG#g"),
    decrypt("application"),
    item("identity-pool-user", "Query", "GRP#u", "table/<table-name>/index/conversations", **MEMBER),
    item("identity-pool-user", "GetItem", "GRP#u", **MEMBER),
    decrypt("identity-pool-user"),
    Try("dax", "dynamodb:GetItem", "table/<table-name>", {"dynamodb:LeadingKeys": ("MSG#g",)}),
    decrypt("dax"),
    item("pattern-d", "BatchGetItem", "META#g"),
    item("pattern-d", "UpdateItem", "GRP#u", **ROW),
    decrypt("pattern-d"),
    Try("pattern-d", "dynamodb:DescribeStream", STREAM),
    Try("pattern-d", "dynamodb:GetRecords", STREAM),
    Try("pattern-d", "dynamodb:GetShardIterator", STREAM),
    Try("pattern-d", "dynamodb:ListStreams"),
    Try("pattern-d", "s3:PutObject", "<name>-failures-<account-id>-<home-region>/aws/lambda/1/x"),
    Try("pattern-d", "s3:ListBucket", "<name>-failures-<account-id>-<home-region>"),
    Try("pattern-d", "sqs:SendMessage", "<name>-dead-letters"),
    Try("pattern-d", "kms:GenerateDataKey", KEY, OF_FAILURES),
    Try("pattern-d", "logs:PutLogEvents", "log-group:/aws/lambda/<name>-pattern-d:log-stream:1"),
    Try("pattern-d", "xray:PutTraceSegments"),
    Try("pattern-d", "ec2:CreateNetworkInterface", "subnet/subnet-0a1b2c3d4e5f60711"),
    Try("pattern-d", "ec2:DescribeNetworkInterfaces"),
    item("operator", "BatchGetItem", "META#g"),
    item("operator", "BatchGetItem", "GRP#u"),
    item("operator", "BatchGetItem", "MSG#g"),
    item("operator", "Query", "MSG#g"),
    item("operator", "ConditionCheckItem", "META#g", **{"dynamodb:EnclosingOperation": "TransactWriteItems"}),
    item("operator", "UpdateItem", "GRP#u", **ROW),
    Try("operator", "dynamodb:Scan", "table/<table-name>", {**KEYS_ONLY, **THROUGH_ENDPOINT}),
    decrypt("operator"),
    Try("operator", "s3:ListBucket", "<name>-failures-<account-id>-<home-region>"),
    Try("operator", "s3:GetObject", BATCH),
    Try("operator", "s3:DeleteObject", BATCH),
    Try("operator", "kms:Decrypt", KEY, OF_FAILURES),
    Try("break-glass", "s3:GetObject", BATCH),
    Try("break-glass", "s3:DeleteObject", BATCH),
    Try("auditor", "dynamodb:DescribeTable", "table/<table-name>"),
    Try("auditor", "dynamodb:GetResourcePolicy", "table/<table-name>"),
    Try("auditor", "config:DescribeConfigRules"),
    Try("auditor", "s3:GetBucketPolicy", "<name>-trail-<account-id>-<home-region>"),
    Try("break-glass", "dynamodb:DeleteTable", "table/<table-name>"),
    Try("break-glass", "dynamodb:RestoreTableToPointInTime", "table/<table-name>"),
    Try("break-glass", "dynamodb:Query", "table/<table-name>", {"dynamodb:LeadingKeys": ("MSG#g",)}),
    Try("break-glass", "dynamodb:DeleteBackup", "table/<table-name>/backup/1"),
    Try("break-glass", "backup:DeleteRecoveryPoint", "recovery-point:1"),
    Try("break-glass", "backup:StartRestoreJob", "recovery-point:1"),
    Try("break-glass", "kms:CancelKeyDeletion", KEY, {"kms:ResourceAliases": ("alias/<name>-table",)}),
    Try("break-glass", "kms:ScheduleKeyDeletion", KEY, {"kms:ResourceAliases": ("alias/<name>-table",)}),
    Try("break-glass", "cloudformation:DeleteStack", "stack/<name>-table/1"),
    Try("break-glass", "cloudtrail:StopLogging", "trail/<name>-trail"),
    Try("break-glass", "config:StopConfigurationRecorder"),
    Try("break-glass", "iam:UpdateAssumeRolePolicy", "role/<name>-deployer"),
    Try("break-glass", "lambda:DeleteEventSourceMapping", "event-source-mapping:1"),
    Try("break-glass", "ec2:DeleteVpcEndpoints", "vpc-endpoint/vpce-0a1b2c3d4e5f60718"),
]

_OURS = {"aws:ResourceTag/Application": "<name>"}
_TAGGED = {"aws:RequestTag/Application": "<name>"}
# What CloudFormation calls, as the deployer, to make and to change the resources of the five stacks:
# the create, read and update handlers of each type, https://docs.aws.amazon.com/cloudcontrolapi/latest/userguide/
DEPLOYMENT: list[tuple[str, str, dict[str, Any]]] = [
    (
        "cloudformation: CreateChangeSet DescribeChangeSet ExecuteChangeSet DescribeStacks DescribeStackEvents "
        "UpdateTerminationProtection GetTemplate DescribeStackResources",
        "stack/<name>-table/1",
        {},
    ),
    ("cloudformation: ListExports", "*", {}),
    ("s3: PutObject GetObject", "<artifact-bucket>/pattern-d/x.zip", {}),
    ("kms: CreateKey TagResource", "*", _TAGGED),
    ("kms: DescribeKey EnableKeyRotation GetKeyPolicy GetKeyRotationStatus ListResourceTags", KEY, _OURS),
    ("kms: CreateAlias", KEY, _OURS),
    ("kms: CreateAlias", "alias/<name>-table", {}),
    (
        "kms: CreateGrant Decrypt Encrypt GenerateDataKey",
        KEY,
        {**_OURS, "kms:ViaService": "dynamodb.<home-region>.amazonaws.com"},
    ),
    ("kms: CreateGrant RetireGrant", KEY, {**_OURS, "kms:ViaService": "backup.<home-region>.amazonaws.com"}),
    (
        "dynamodb: CreateTable DescribeTable UpdateTable UpdateContinuousBackups DescribeContinuousBackups "
        "UpdateTimeToLive DescribeTimeToLive UpdateContributorInsights DescribeContributorInsights TagResource "
        "GetResourcePolicy ListTagsOfResource DescribeKinesisStreamingDestination",
        "table/<table-name>",
        {},
    ),
    ("backup: CreateBackupVault DescribeBackupVault PutBackupVaultAccessPolicy", "backup-vault:<name>-vault", {}),
    ("backup: PutBackupVaultLockConfiguration GetBackupVaultAccessPolicy ListTags", "backup-vault:<name>-vault", {}),
    (
        "backup: CreateBackupPlan GetBackupPlan UpdateBackupPlan CreateBackupSelection GetBackupSelection",
        "backup-plan:1",
        {},
    ),
    ("backup-storage: MountCapsule", "*", {}),
    ("application-autoscaling: RegisterScalableTarget PutScalingPolicy", "scalable-target/1", {}),
    ("application-autoscaling: DescribeScalableTargets DescribeScalingPolicies", "*", {}),
    ("iam: CreateServiceLinkedRole", "role/aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup", {}),
    ("iam: GetRole", "role/<name>-pattern-d", {}),
    ("iam: PassRole", "role/<name>-pattern-d", {"iam:PassedToService": "lambda.amazonaws.com"}),
    ("iam: PassRole", "role/<name>-backup", {"iam:PassedToService": "backup.amazonaws.com"}),
    ("iam: PassRole", "role/<name>-trail", {"iam:PassedToService": "cloudtrail.amazonaws.com"}),
    ("iam: PassRole", "role/<name>-flow", {"iam:PassedToService": "vpc-flow-logs.amazonaws.com"}),
    ("ec2: CreateVpc CreateSubnet CreateRouteTable CreateSecurityGroup ModifyVpcAttribute", "vpc/vpc-1", {}),
    ("ec2: CreateTags ModifyVpcEndpoint", "vpc-endpoint/vpce-1", {}),
    (
        "ec2: CreateVpcEndpoint",
        "vpc-endpoint/vpce-1",
        {"ec2:VpceServiceName": "com.amazonaws.<home-region>.dynamodb"},
    ),
    ("ec2: CreateVpcEndpoint CreateFlowLogs", "vpc/vpc-1", {}),
    ("ec2: CreateVpcEndpoint AssociateRouteTable", "route-table/rtb-1", {}),
    ("ec2: AuthorizeSecurityGroupEgress RevokeSecurityGroupEgress", "security-group/sg-1", {}),
    ("ec2: CreateFlowLogs", "vpc-flow-log/fl-1", {}),
    ("ec2: DescribeVpcs DescribeSubnets DescribeVpcEndpoints DescribeManagedPrefixLists DescribeFlowLogs", "*", {}),
    (
        "lambda: CreateFunction GetFunction UpdateFunctionCode UpdateFunctionConfiguration PutFunctionConcurrency "
        "PutFunctionRecursionConfig TagResource",
        FUNCTION,
        {},
    ),
    (
        "lambda: CreateEventSourceMapping",
        "*",
        {"lambda:FunctionArn": "arn:aws:lambda:<home-region>:<account-id>:function:<name>-pattern-d"},
    ),
    (
        "lambda: UpdateEventSourceMapping",
        "event-source-mapping:1",
        {"lambda:FunctionArn": "arn:aws:lambda:<home-region>:<account-id>:function:<name>-pattern-d"},
    ),
    ("sqs: CreateQueue SetQueueAttributes GetQueueAttributes TagQueue", "<name>-dead-letters", {}),
    (
        "s3: CreateBucket PutBucketVersioning PutEncryptionConfiguration PutBucketPublicAccessBlock "
        "PutLifecycleConfiguration PutBucketLogging PutBucketOwnershipControls PutBucketObjectLockConfiguration "
        "PutBucketTagging GetBucketPolicy ListBucket",
        "<name>-trail-<account-id>-<home-region>",
        {},
    ),
    (
        "cloudtrail: CreateTrail StartLogging UpdateTrail PutEventSelectors PutInsightSelectors AddTags GetTrail",
        "trail/<name>-trail",
        {},
    ),
    (
        "logs: CreateLogGroup PutRetentionPolicy AssociateKmsKey PutMetricFilter TagResource "
        "PutLogGroupDeletionProtection",
        "log-group:/<name>/trail",
        {},
    ),
    ("logs: CreateLogGroup", "log-group:/aws/lambda/<name>-pattern-d", {}),
    ("logs: DescribeLogGroups", "*", {}),
    ("cloudwatch: PutMetricAlarm TagResource", "alarm:<name>-destroyed", {}),
    ("sns: CreateTopic SetTopicAttributes Subscribe GetTopicAttributes TagResource", "<name>-alerts", {}),
    ("events: PutRule PutTargets DescribeRule TagResource", "rule/<name>-destroyed", {}),
    ("config: PutConfigRule TagResource", "config-rule/config-rule-1", {}),
    ("config: PutConfigurationRecorder PutDeliveryChannel StartConfigurationRecorder DescribeConfigRules", "*", {}),
]


def deployment() -> Iterator[Try]:
    for calls, resource, context in DEPLOYMENT:
        service, _, actions = calls.partition(": ")
        for action in actions.split():
            yield Try("deployer", f"{service}:{action}", resource, context)


@pytest.mark.parametrize("settings", EXAMPLES)
def test_whoever_the_documents_serve_can_do_their_work(settings: str) -> None:
    chosen = example(settings)
    stopped = [(attempt, reason) for attempt in WORK for allowed, reason in [said(attempt, chosen)] if not allowed]
    assert stopped == []


@pytest.mark.parametrize("settings", EXAMPLES)
def test_the_deployer_can_make_and_change_every_stack(settings: str) -> None:
    chosen = example(settings)
    stopped = [(attempt, why) for attempt in deployment() for allowed, why in [said(attempt, chosen)] if not allowed]
    assert stopped == []


@pytest.mark.parametrize(
    ("attempt", "why"),
    [
        # an administrator, whose own policies allow everything
        (Try("Admin", "dynamodb:DeleteTable", "table/<table-name>"), "DenyStrangersAtTheTable"),
        (Try("Admin", "sts:AssumeRole", "arn:aws:iam::<account-id>:role/<name>-deployer"), "DenyTakingDeployers"),
        (Try("Admin", "dynamodb:DescribeTable", "table/<table-name>", THROUGH_ENDPOINT), "not allowed by any endpoint"),
        (Try("Admin", "dynamodb:Scan", "table/<table-name>"), "DenyStrangers"),
        (Try("Admin", "cloudtrail:StopLogging", "trail/<name>-trail"), "DenyStoppingTrail"),
        (Try("Admin", "iam:AttachRolePolicy", "role/<name>-break-glass"), "DenyRoleChanges"),
        (Try("Admin", "organizations:LeaveOrganization"), "DenyLeavingTheOrganization"),
        # the deployer: first by what it is not given, and were it given, by the guardrails
        (Try("deployer", "dynamodb:DeleteTable", "table/<table-name>"), "DenyTableDestruction"),
        (Try("deployer", "dynamodb:PutResourcePolicy", "table/<table-name>"), "DenyTableDestruction"),
        (
            Try("deployer", "s3:PutBucketPolicy", "<name>-failures-<account-id>-<home-region>"),
            "DenyDestroyingEvidence",
        ),
        (Try("deployer", "sqs:ReceiveMessage", "<name>-dead-letters"), "DenyTakingDeadLetters"),
        (
            Try("deployer", "kms:PutKeyPolicy", KEY, {"kms:ResourceAliases": ["alias/<name>-table"]}),
            "DenyKeyDestruction",
        ),
        (Try("deployer", "dynamodb:GetItem", "table/<table-name>"), "DenyStrangers"),
        (Try("deployer", "cloudformation:DeleteStack", "stack/<name>-table/1"), "DenyStackDestruction"),
        (Try("deployer", "iam:UpdateAssumeRolePolicy", "role/<name>-deployer"), "DenyRoleChanges"),
        (Try("deployer", "iam:UpdateAssumeRolePolicy", "role/<name>-pattern-d"), "DenyRoleChanges"),
        (Try("deployer", "iam:CreateRole", "role/<name>-dax"), "DenyRoleChanges"),
        (Try("deployer", "lambda:InvokeFunction", FUNCTION), "not allowed by any identity policy"),
        (Try("deployer", "dynamodb:CreateTable", "table/<table-name>", {}, "elsewhere"), "DenyOffRegionCalls"),
        # the application and the function past their own limits
        (item("application", "DeleteItem", "MSG#g"), "not allowed by any endpoint policy"),
        (
            Try("application", "dynamodb:Query", "table/<table-name>", {"dynamodb:LeadingKeys": ("MSG#g",)}),
            "OtherNetworks",
        ),
        (item("pattern-d", "UpdateItem", "MSG#g", **ROW), "not allowed by any identity policy"),
        (item("identity-pool-user", "Query", "GRP#other", **MEMBER), "not allowed by any identity policy"),
        (Try("auditor", "dynamodb:GetItem", "table/<table-name>"), "DenyStrangers"),
        # failed batches, which hold messages
        (Try("Admin", "s3:GetObject", BATCH), "DenyTakingFailedBatches"),
        (Try("Admin", "s3:GetObjectVersion", BATCH), "DenyTakingFailedBatches"),
        (Try("Admin", "s3:DeleteObject", BATCH), "DenyTakingFailedBatches"),
        (Try("Admin", "iam:PassRole", "role/<name>-operator"), "DenyPassing"),
        (Try("deployer", "s3:GetObject", BATCH), "DenyTakingFailedBatches"),
        (Try("pattern-d", "s3:GetObject", BATCH), "DenyTakingFailedBatches"),
        # the operator past its own work
        (item("operator", "PutItem", "MSG#g"), "not allowed by any endpoint policy"),
        (item("operator", "DeleteItem", "MSG#g"), "not allowed by any endpoint policy"),
        (item("operator", "UpdateItem", "MSG#g", **ROW), "not allowed by any identity policy"),
        (item("operator", "UpdateItem", "GRP#u", **{**ROW, **MARK}), "not allowed by any identity policy"),
        (item("operator", "Query", "GRP#u"), "not allowed by any identity policy"),
        (item("operator", "Query", "MSG#g", "table/other"), "not allowed by any endpoint policy"),
        (Try("operator", "dynamodb:Scan", "table/<table-name>", THROUGH_ENDPOINT), "not allowed by any identity"),
        (Try("operator", "dynamodb:Scan", "table/<table-name>", KEYS_ONLY), "DenyOtherNetworks"),
        (
            Try("operator", "dynamodb:Scan", "table/<table-name>", {**KEYS_ONLY, **THROUGH_ANOTHER}),
            "DenyOtherNetworks",
        ),
        (Try("operator", "dynamodb:GetRecords", STREAM), "DenyStreamReaders"),
        (Try("operator", "s3:DeleteObjectVersion", BATCH), "DenyDestroyingEvidence"),
        (Try("operator", "s3:GetObject", "<name>-trail-<account-id>-<home-region>/x"), "any identity policy"),
        # break-glass, for whom some things stay closed
        (Try("break-glass", "dynamodb:ExportTableToPointInTime", "table/<table-name>"), "DenyCopies"),
        (Try("break-glass", "dynamodb:CreateTableReplica", "table/<table-name>"), "DenyReplication"),
        (Try("break-glass", "account:CloseAccount", "account"), "DenyLeavingTheOrganization"),
    ],
)
def test_whoever_they_do_not_serve_is_stopped(attempt: Try, why: str) -> None:
    allowed, reason = said(attempt, example())
    assert not allowed
    assert why in reason
