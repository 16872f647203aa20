"""A case of each managed rule: what complies, the one field that breaks it, and what the rule says nothing of."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tableguard.compliance.item import ACCOUNT, ConfigurationItem

NOW = datetime(2026, 12, 1, tzinfo=UTC)
ACCOUNT_ID, REGION = "111122223333", "eu-central-1"
TABLE, VAULT, PLAN = "AWS::DynamoDB::Table", "AWS::Backup::BackupVault", "AWS::Backup::BackupPlan"
SELECTION, POINT = "AWS::Backup::BackupSelection", "AWS::Backup::RecoveryPoint"
VPC, GROUP, SUBNET = "AWS::EC2::VPC", "AWS::EC2::SecurityGroup", "AWS::EC2::Subnet"
ENDPOINT, FLOW_LOG = "AWS::EC2::VPCEndpoint", "AWS::EC2::FlowLog"
FUNCTION, TRAIL, LOG_GROUP = "AWS::Lambda::Function", "AWS::CloudTrail::Trail", "AWS::Logs::LogGroup"
ALARM, KEY, BUCKET = "AWS::CloudWatch::Alarm", "AWS::KMS::Key", "AWS::S3::Bucket"
ACCOUNT_BLOCK, TOPIC, QUEUE = "AWS::S3::AccountPublicAccessBlock", "AWS::SNS::Topic", "AWS::SQS::Queue"
USER, ROLE, POLICY = "AWS::IAM::User", "AWS::IAM::Role", "AWS::IAM::Policy"
CLUSTER = "AWS::DAX::Cluster"
CLUSTER = "AWS::DAX::Cluster"
IDENTITY_POOL = "AWS::Cognito::IdentityPool"
OTHER = "AWS::EC2::Volume"  # a type of no rule here
EVERYBODY = {"Sid": "All", "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}

Path = tuple[str, ...]


def item(kind: str, identity: str, configuration: Mapping[str, Any], **supplementary: Any) -> ConfigurationItem:
    """Build an item; its ARN is its id."""
    return ConfigurationItem(kind, identity, identity, identity, REGION, ACCOUNT_ID, configuration, {}, supplementary)


def changed(source: ConfigurationItem, path: Path, value: Any) -> ConfigurationItem:
    """Return an item with one field changed; a path whose first name is supplementary lies there."""
    if path == ("resource_type",):
        return replace(source, resource_type=value)
    if path == ("resource_id",):
        return replace(source, resource_id=value)
    if path[0] == "supplementary":
        return replace(source, supplementary=_with(source.supplementary, path[1:], value))
    return replace(source, configuration=_with(source.configuration, path, value))


def _with(values: Mapping[str, Any], path: Path, value: Any) -> dict[str, Any]:
    first, rest = path[0], path[1:]
    return {**values, first: _with(values.get(first) or {}, rest, value) if rest else value}


@dataclass(frozen=True)
class Case:
    """One rule: an item that complies, beside others, and the field that breaks the rule, in it or in another."""

    identifier: str
    item: ConfigurationItem
    path: Path
    breaking: Any
    parameters: Mapping[str, str] = field(default_factory=dict)
    others: tuple[ConfigurationItem, ...] = ()
    of_other: bool = False  # the field lies in the first of the others
    apart: tuple[Path, Any] = (("resource_type",), OTHER)  # the field by which the rule says nothing of the item

    def broken(self) -> tuple[ConfigurationItem, tuple[ConfigurationItem, ...]]:
        """Return the item and the others with the one field broken."""
        if self.of_other:
            return self.item, (changed(self.others[0], self.path, self.breaking), *self.others[1:])
        return changed(self.item, self.path, self.breaking), self.others


def policy(*statements: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document of these statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: str, resource: str = "*") -> dict[str, Any]:
    """Return a statement of an identity policy."""
    return {"Effect": "Allow", "Action": action, "Resource": resource}


TABLE_ITEM = item(
    TABLE,
    "messages",
    {
        "deletionProtectionEnabled": True,
        "ssedescription": {"status": "ENABLED", "ssetype": "KMS", "kmsmasterKeyArn": "key-1"},
        "billingModeSummary": {"billingMode": "PROVISIONED"},
        "provisionedThroughput": {"readCapacityUnits": 100, "writeCapacityUnits": 100},
        "globalSecondaryIndexes": [
            {"indexName": "i", "provisionedThroughput": {"readCapacityUnits": 50, "writeCapacityUnits": 50}}
        ],
    },
    ContinuousBackupsDescription={"pointInTimeRecoveryDescription": {"pointInTimeRecoveryStatus": "ENABLED"}},
    ScalingPolicies=[
        {"resourceId": resource, "scalableDimension": f"dynamodb:{kind}:{capacity}CapacityUnits"}
        for resource, kind in (("table/messages", "table"), ("table/messages/index/i", "index"))
        for capacity in ("Read", "Write")
    ],
)
SELECTION_ITEM = item(SELECTION, "selection", {"BackupSelection": {"Resources": ["messages"]}})
POINT_ITEM = item(
    POINT,
    "point",
    {"ResourceArn": "messages", "Status": "COMPLETED", "CreationDate": NOW - timedelta(hours=47), "IsEncrypted": True},
)
VAULT_DENIAL = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": [
        "backup:DeleteRecoveryPoint",
        "backup:UpdateRecoveryPointLifecycle",
        "backup:PutBackupVaultAccessPolicy",
    ],
    "Resource": "*",
}
PLAN_RULE = {"ScheduleExpression": "cron(0 3 * * ? *)", "Lifecycle": {"DeleteAfterDays": 35}}
ACCOUNT_ITEM = item(
    ACCOUNT,
    ACCOUNT_ID,
    {
        "organization": {"masterAccountId": "999988887777"},
        "summaryMap": {"AccountAccessKeysPresent": 0, "AccountMFAEnabled": 1},
        "dynamoDbLimits": {"accountMaxReadCapacityUnits": 200, "accountMaxWriteCapacityUnits": 200},
    },
)
VPC_ITEM = item(VPC, "vpc-1", {"vpcId": "vpc-1"})
ENDPOINT_ITEM = item(
    ENDPOINT,
    "vpce-1",
    {"vpcId": "vpc-1", "serviceName": "com.amazonaws.eu-central-1.dynamodb", "state": {"value": "available"}},
)
FLOW_LOG_ITEM = item(FLOW_LOG, "fl-1", {"resourceId": "vpc-1", "trafficType": "ALL", "flowLogStatus": "ACTIVE"})
FUNCTION_ITEM = item(
    FUNCTION,
    "writes",
    {
        "runtime": "python3.13",
        "memorySize": 256,
        "timeout": 60,
        "vpcConfig": {"subnetIds": ["subnet-1", "subnet-2"]},
        "deadLetterConfig": {"targetArn": "queue"},
        "tracingConfig": {"mode": "Active"},
        "loggingConfig": {"logFormat": "JSON"},
    },
    Concurrency={"reservedConcurrentExecutions": 10},
    Policy=policy({**EVERYBODY, "Principal": {"AWS": "111122223333"}}),
)
SUBNETS = (
    item(SUBNET, "subnet-1", {"availabilityZone": "a", "mapPublicIpOnLaunch": False}),
    item(SUBNET, "subnet-2", {"availabilityZone": "b"}),
)
TRAIL_ITEM = item(
    TRAIL,
    "trail",
    {
        "s3BucketName": "files",
        "isMultiRegionTrail": True,
        "includeGlobalServiceEvents": True,
        "logFileValidationEnabled": True,
        "kmsKeyId": "key-1",
        "cloudWatchLogsLogGroupArn": "group",
    },
    AdvancedEventSelectors=[{"fieldSelectors": [{"field": "eventCategory", "equals": ["Management"]}]}],
    EventSelectors=[],
    Status={"isLogging": True},
)
BLOCK = dict.fromkeys(("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True)
PLAINTEXT = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": ["files", "files/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
BUCKET_ITEM = item(
    BUCKET,
    "files",
    {"name": "files"},
    PublicAccessBlockConfiguration=BLOCK,
    AccessControlList={"grantList": [{"grantee": {"type": "CanonicalUser"}, "permission": "FULL_CONTROL"}]},
    BucketPolicy={"policyText": json.dumps(policy(PLAINTEXT))},
    BucketVersioningConfiguration={"status": "Enabled", "isMfaDeleteEnabled": False},
    BucketLoggingConfiguration={"destinationBucketName": "archive", "logFilePrefix": "files/"},
    ServerSideEncryptionConfiguration={
        "rules": [{"applyServerSideEncryptionByDefault": {"ssealgorithm": "aws:kms", "kmsmasterKeyID": "key-1"}}]
    },
    ObjectLockConfiguration={
        "objectLockEnabled": "Enabled",
        "rule": {"defaultRetention": {"mode": "GOVERNANCE", "days": 365}},
    },
)
GROUP_ITEM = item(GROUP, "sg-1", {"groupName": "default", "ipPermissions": [], "ipPermissionsEgress": []})
LOG_ITEM = item(LOG_GROUP, "/chat/trail", {"kmsKeyId": "key-1", "retentionInDays": 400})
ALARM_ITEM = item(
    ALARM, "loud", {"actionsEnabled": True, "alarmActions": ["topic"], "okactions": [], "insufficientDataActions": []}
)
KEY_ITEM = item(
    KEY,
    "key-1",
    {"keyManager": "CUSTOMER", "keyState": "Enabled", "keySpec": "SYMMETRIC_DEFAULT", "origin": "AWS_KMS"},
    KeyRotationStatus=True,
    Policy=policy({**EVERYBODY, "Principal": {"AWS": "arn:aws:iam::111122223333:root"}}),
)
OWN = json.dumps(policy({**EVERYBODY, "Principal": {"AWS": "111122223333"}}))
OPEN = json.dumps(policy(EVERYBODY))
USER_ITEM = item(USER, "ada", {"mfaDevices": ["device"], "userPolicyList": [], "attachedManagedPolicies": []})
ROLE_ITEM = item(ROLE, "reader", {"rolePolicyList": []})
POLICY_ITEM = item(
    POLICY,
    "reads",
    {
        "permissionsBoundaryUsageCount": 0,
        "policyVersionList": [{"document": policy(allow("s3:Get*")), "isDefaultVersion": True}],
    },
)
FULL = [{"document": policy(allow("s3:*", "files")), "isDefaultVersion": True}]
ADMINISTRATOR = [{"document": policy(allow("*")), "isDefaultVersion": True}]
BOUNDARY = (("permissionsBoundaryUsageCount",), 1)
NOT_BOUNDARIES = {"excludePermissionBoundaryPolicy": "true"}
OF_AWS = (("keyManager",), "AWS")
SETTINGS = {"runtime": "python3.13", "memorySize": "256", "timeout": "60"}
ACTS = {"alarmActionRequired": "true", "insufficientDataActionRequired": "false", "okActionRequired": "false"}

CASES = (
    Case("DYNAMODB_TABLE_DELETION_PROTECTION_ENABLED", TABLE_ITEM, ("deletionProtectionEnabled",), False),
    Case(
        "DYNAMODB_PITR_ENABLED",
        TABLE_ITEM,
        (
            "supplementary",
            "ContinuousBackupsDescription",
            "pointInTimeRecoveryDescription",
            "pointInTimeRecoveryStatus",
        ),
        "DISABLED",
    ),
    Case(
        "DYNAMODB_TABLE_ENCRYPTED_KMS",
        TABLE_ITEM,
        ("ssedescription", "kmsmasterKeyArn"),
        "key-2",
        {"kmsKeyArns": "key-1"},
    ),
    Case("DYNAMODB_AUTOSCALING_ENABLED", TABLE_ITEM, ("supplementary", "ScalingPolicies"), []),
    Case(
        "DYNAMODB_IN_BACKUP_PLAN",
        TABLE_ITEM,
        ("BackupSelection", "Resources"),
        ["others"],
        others=(SELECTION_ITEM,),
        of_other=True,
    ),
    Case(
        "DYNAMODB_LAST_BACKUP_RECOVERY_POINT_CREATED",
        TABLE_ITEM,
        ("CreationDate",),
        NOW - timedelta(hours=49),
        {"recoveryPointAgeValue": "2"},
        (POINT_ITEM,),
        of_other=True,
    ),
    Case(
        "DYNAMODB_THROUGHPUT_LIMIT_CHECK",
        ACCOUNT_ITEM,
        ("provisionedThroughput", "readCapacityUnits"),
        110,
        others=(TABLE_ITEM,),
        of_other=True,
    ),
    Case("BACKUP_RECOVERY_POINT_ENCRYPTED", POINT_ITEM, ("IsEncrypted",), False),
    Case(
        "BACKUP_RECOVERY_POINT_MANUAL_DELETION_DISABLED",
        item(VAULT, "vault", {"AccessPolicy": policy(VAULT_DENIAL)}),
        ("AccessPolicy",),
        policy({**VAULT_DENIAL, "Principal": {"AWS": "111122223333"}}),
    ),
    Case(
        "BACKUP_PLAN_MIN_FREQUENCY_AND_MIN_RETENTION_CHECK",
        item(PLAN, "daily", {"BackupPlan": {"BackupPlanRule": [PLAN_RULE]}}),
        ("BackupPlan", "BackupPlanRule"),
        [{**PLAN_RULE, "Lifecycle": {"DeleteAfterDays": 34}}],
    ),
    Case(
        "VPC_ENDPOINT_ENABLED",
        VPC_ITEM,
        ("state", "value"),
        "deleting",
        {"serviceNames": "dynamodb", "vpcIds": "vpc-1"},
        (ENDPOINT_ITEM,),
        of_other=True,
        apart=(("resource_id",), "vpc-2"),
    ),
    Case(
        "VPC_FLOW_LOGS_ENABLED",
        VPC_ITEM,
        ("trafficType",),
        "REJECT",
        {"trafficType": "ALL"},
        (FLOW_LOG_ITEM,),
        of_other=True,
    ),
    Case(
        "VPC_DEFAULT_SECURITY_GROUP_CLOSED",
        GROUP_ITEM,
        ("ipPermissionsEgress",),
        [{"ipProtocol": "-1"}],
        apart=(("groupName",), "others"),
    ),
    Case("SUBNET_AUTO_ASSIGN_PUBLIC_IP_DISABLED", SUBNETS[0], ("mapPublicIpOnLaunch",), True),
    Case(
        "LAMBDA_FUNCTION_SETTINGS_CHECK",
        FUNCTION_ITEM,
        ("timeout",),
        61,
        SETTINGS,
        apart=(("packageType",), "Image"),
    ),
    Case(
        "LAMBDA_INSIDE_VPC",
        FUNCTION_ITEM,
        ("vpcConfig", "subnetIds"),
        ["subnet-1", "subnet-3"],
        {"subnetIds": "subnet-1,subnet-2"},
    ),
    Case(
        "LAMBDA_VPC_MULTI_AZ_CHECK",
        FUNCTION_ITEM,
        ("availabilityZone",),
        "b",
        others=SUBNETS,
        of_other=True,
        apart=(("vpcConfig", "subnetIds"), []),
    ),
    Case(
        "LAMBDA_CONCURRENCY_CHECK",
        FUNCTION_ITEM,
        ("supplementary", "Concurrency", "reservedConcurrentExecutions"),
        None,
    ),
    Case("LAMBDA_DLQ_CHECK", FUNCTION_ITEM, ("deadLetterConfig", "targetArn"), None),
    Case("LAMBDA_FUNCTION_PUBLIC_ACCESS_PROHIBITED", FUNCTION_ITEM, ("supplementary", "Policy"), policy(EVERYBODY)),
    Case("LAMBDA_FUNCTION_XRAY_ENABLED", FUNCTION_ITEM, ("tracingConfig", "mode"), "PassThrough"),
    Case("LAMBDA_FUNCTION_LOG_FORMAT_JSON", FUNCTION_ITEM, ("loggingConfig", "logFormat"), "Text"),
    Case("SQS_QUEUE_NO_PUBLIC_ACCESS", item(QUEUE, "queue", {"Policy": OWN}), ("Policy",), OPEN),
    Case(
        "MULTI_REGION_CLOUD_TRAIL_ENABLED",
        ACCOUNT_ITEM,
        ("supplementary", "Status", "isLogging"),
        False,
        {"s3BucketName": "files"},
        (TRAIL_ITEM,),
        of_other=True,
    ),
    Case(
        "CLOUDTRAIL_SECURITY_TRAIL_ENABLED",
        ACCOUNT_ITEM,
        ("logFileValidationEnabled",),
        False,
        others=(TRAIL_ITEM,),
        of_other=True,
    ),
    Case("CLOUD_TRAIL_ENCRYPTION_ENABLED", TRAIL_ITEM, ("kmsKeyId",), None),
    Case("CLOUD_TRAIL_LOG_FILE_VALIDATION_ENABLED", TRAIL_ITEM, ("logFileValidationEnabled",), False),
    Case("CLOUD_TRAIL_CLOUD_WATCH_LOGS_ENABLED", TRAIL_ITEM, ("cloudWatchLogsLogGroupArn",), None),
    Case(
        "CLOUDTRAIL_S3_BUCKET_PUBLIC_ACCESS_PROHIBITED",
        TRAIL_ITEM,
        ("supplementary", "AccessControlList"),
        {"grantList": [{"grantee": {"uri": "http://acs.amazonaws.com/groups/global/AllUsers"}, "permission": "READ"}]},
        others=(changed(BUCKET_ITEM, ("supplementary", "PublicAccessBlockConfiguration"), None),),
        of_other=True,
        apart=(("s3BucketName",), "of-another-account"),
    ),
    Case(
        "CLOUDTRAIL_S3_BUCKET_ACCESS_LOGGING",
        TRAIL_ITEM,
        ("supplementary", "BucketLoggingConfiguration", "destinationBucketName"),
        None,
        others=(BUCKET_ITEM,),
        of_other=True,
        apart=(("s3BucketName",), "of-another-account"),
    ),
    Case("CLOUDWATCH_LOG_GROUP_ENCRYPTED", LOG_ITEM, ("kmsKeyId",), None),
    Case(
        "CW_LOGGROUP_RETENTION_PERIOD_CHECK",
        LOG_ITEM,
        ("retentionInDays",),
        399,
        {"LogGroupNames": "/chat/trail,/chat/flow", "MinRetentionTime": "400"},
        apart=(("resource_id",), "/others"),
    ),
    Case("CLOUDWATCH_ALARM_ACTION_CHECK", ALARM_ITEM, ("alarmActions",), ["others"], {**ACTS, "action1": "topic"}),
    Case("CLOUDWATCH_ALARM_ACTION_ENABLED_CHECK", ALARM_ITEM, ("actionsEnabled",), False),
    Case("KMS_CMK_NOT_SCHEDULED_FOR_DELETION", KEY_ITEM, ("keyState",), "PendingDeletion", apart=OF_AWS),
    Case("CMK_BACKING_KEY_ROTATION_ENABLED", KEY_ITEM, ("supplementary", "KeyRotationStatus"), False, apart=OF_AWS),
    Case("KMS_KEY_POLICY_NO_PUBLIC_ACCESS", KEY_ITEM, ("supplementary", "Policy"), policy(EVERYBODY), apart=OF_AWS),
    Case("S3_ACCOUNT_LEVEL_PUBLIC_ACCESS_BLOCKS", item(ACCOUNT_BLOCK, ACCOUNT_ID, BLOCK), ("ignorePublicAcls",), False),
    Case(
        "S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED",
        BUCKET_ITEM,
        ("supplementary", "PublicAccessBlockConfiguration", "blockPublicPolicy"),
        False,
    ),
    Case(
        "S3_BUCKET_SSL_REQUESTS_ONLY",
        BUCKET_ITEM,
        ("supplementary", "BucketPolicy", "policyText"),
        json.dumps(policy({**PLAINTEXT, "Resource": ["files"]})),
    ),
    Case(
        "S3_BUCKET_VERSIONING_ENABLED",
        BUCKET_ITEM,
        ("supplementary", "BucketVersioningConfiguration", "status"),
        "Suspended",
    ),
    Case(
        "S3_DEFAULT_ENCRYPTION_KMS",
        BUCKET_ITEM,
        ("supplementary", "ServerSideEncryptionConfiguration", "rules"),
        [{"applyServerSideEncryptionByDefault": {"ssealgorithm": "AES256"}}],
    ),
    Case(
        "S3_BUCKET_LOGGING_ENABLED",
        BUCKET_ITEM,
        ("supplementary", "BucketLoggingConfiguration", "destinationBucketName"),
        None,
    ),
    Case(
        "S3_BUCKET_DEFAULT_LOCK_ENABLED",
        BUCKET_ITEM,
        ("supplementary", "ObjectLockConfiguration", "rule", "defaultRetention", "mode"),
        "COMPLIANCE",
        {"mode": "GOVERNANCE"},
    ),
    Case("SNS_ENCRYPTED_KMS", item(TOPIC, "topic", {"KmsMasterKeyId": "key-1"}), ("KmsMasterKeyId",), None),
    Case("SNS_TOPIC_NO_PUBLIC_ACCESS", item(TOPIC, "topic", {"Policy": OWN}), ("Policy",), OPEN),
    Case(
        "ACCOUNT_PART_OF_ORGANIZATIONS",
        ACCOUNT_ITEM,
        ("organization", "masterAccountId"),
        "444455556666",
        {"MasterAccountId": "999988887777"},
    ),
    Case("IAM_ROOT_ACCESS_KEY_CHECK", ACCOUNT_ITEM, ("summaryMap", "AccountAccessKeysPresent"), 1),
    Case("ROOT_ACCOUNT_MFA_ENABLED", ACCOUNT_ITEM, ("summaryMap", "AccountMFAEnabled"), 0),
    Case("IAM_USER_MFA_ENABLED", USER_ITEM, ("mfaDevices",), []),
    Case("IAM_USER_NO_POLICIES_CHECK", USER_ITEM, ("attachedManagedPolicies",), [{"policyName": "reads"}]),
    Case("IAM_NO_INLINE_POLICY_CHECK", ROLE_ITEM, ("rolePolicyList",), [{"policyName": "hidden"}]),
    Case(
        "IAM_POLICY_NO_STATEMENTS_WITH_ADMIN_ACCESS",
        POLICY_ITEM,
        ("policyVersionList",),
        ADMINISTRATOR,
        NOT_BOUNDARIES,
        apart=BOUNDARY,
    ),
    Case(
        "IAM_POLICY_NO_STATEMENTS_WITH_FULL_ACCESS",
        POLICY_ITEM,
        ("policyVersionList",),
        FULL,
        NOT_BOUNDARIES,
        apart=BOUNDARY,
    ),
    Case(
        "COGNITO_IDENTITY_POOL_UNAUTH_ACCESS_CHECK",
        item(IDENTITY_POOL, "members", {"AllowUnauthenticatedIdentities": False}),
        ("AllowUnauthenticatedIdentities",),
        True,
    ),
    Case(
        "DAX_ENCRYPTION_ENABLED",
        item(CLUSTER, "cruddur", {"SSESpecification": {"SSEEnabled": True}}),
        ("SSESpecification", "SSEEnabled"),
        False,
    ),
    Case(
        "DAX_TLS_ENDPOINT_ENCRYPTION",
        item(CLUSTER, "cruddur", {"ClusterEndpointEncryptionType": "TLS"}),
        ("ClusterEndpointEncryptionType",),
        "NONE",
    ),
)
