"""The rules that AWS Config evaluates: managed rules of AWS, and Guard rules where AWS has none."""

from dataclasses import dataclass, field
from string import Template as Text
from typing import Any, Literal

from tableguard.settings import Provisioned, Settings
from templates import parts, stream

Reach = Literal["account", "own"]


@dataclass(frozen=True)
class ManagedRule:
    """One of AWS's rules. Its reach: the whole account, what carries our tag, or one resource by type and id.

    What lost the tag is in reach of no such rule: it breaks the Guard rule `tags-stay`, an SCP denies taking the tag
    away, and the detection `tags_changed` watches.
    """

    identifier: str
    description: str
    reach: Reach | tuple[str, Any] = "account"
    parameters: dict[str, Any] = field(default_factory=dict)
    periodic: bool = False  # AWS refuses a scope on these


@dataclass(frozen=True)
class GuardRule:
    """A rule of our own over configuration items (not over CloudFormation: their words differ).

    Its text may have CloudFormation's variables: those of every stack, and `${AuditKeyArn}`, the trail's key.
    """

    name: str
    description: str
    resource_types: tuple[str, ...]
    text: str


def managed_rules(settings: Settings) -> tuple[ManagedRule, ...]:
    """Return the managed rules for these settings."""
    return (
        *_table(settings),
        *_network(settings),
        *_function(settings),
        *_trail(settings),
        *_buckets_and_topics(settings),
        *_access(settings),
        *_cache(settings),
    )


def _table(settings: Settings) -> tuple[ManagedRule, ...]:
    table = ("AWS::DynamoDB::Table", parts.imported(settings, "TableName"))
    key = {"kmsKeyArns": parts.imported(settings, "TableKeyArn")}
    backups = {
        "requiredFrequencyUnit": "days",
        "requiredFrequencyValue": "1",
        "requiredRetentionDays": str(settings.backup_days),
    }
    recent = {"recoveryPointAgeUnit": "days", "recoveryPointAgeValue": "2"}  # daily, and a day to notice
    rules = (
        ManagedRule("DYNAMODB_TABLE_DELETION_PROTECTION_ENABLED", "Tables are protected from deletion"),
        ManagedRule("DYNAMODB_PITR_ENABLED", "Tables can be restored to any second of the last days"),
        ManagedRule("DYNAMODB_TABLE_ENCRYPTED_KMS", "The messages table is encrypted under its own key", table, key),
        ManagedRule("DYNAMODB_IN_BACKUP_PLAN", "Tables are in a backup plan", periodic=True),
        ManagedRule(
            "DYNAMODB_LAST_BACKUP_RECOVERY_POINT_CREATED",
            "Tables were backed up in the last two days",
            parameters=recent,
            periodic=True,
        ),
        ManagedRule("DYNAMODB_THROUGHPUT_LIMIT_CHECK", "Throughput is far from the account's limit", periodic=True),
        ManagedRule("BACKUP_RECOVERY_POINT_ENCRYPTED", "Backups are encrypted"),
        ManagedRule("BACKUP_RECOVERY_POINT_MANUAL_DELETION_DISABLED", "Backup vaults refuse deletion by hand", "own"),
        ManagedRule(
            "BACKUP_PLAN_MIN_FREQUENCY_AND_MIN_RETENTION_CHECK",
            "Backup plans run daily and keep as long as the settings say",
            "own",
            backups,
        ),
    )
    if isinstance(settings.capacity, Provisioned):
        scaled = ManagedRule("DYNAMODB_AUTOSCALING_ENABLED", "Provisioned capacity follows demand", periodic=True)
        return (*rules, scaled)
    return rules


def _network(settings: Settings) -> tuple[ManagedRule, ...]:
    served = {"serviceNames": "dynamodb", "vpcIds": parts.imported(settings, "VpcId")}
    return (
        ManagedRule("VPC_ENDPOINT_ENABLED", "The VPC has a DynamoDB endpoint", parameters=served, periodic=True),
        ManagedRule("VPC_FLOW_LOGS_ENABLED", "VPCs write flow logs", parameters={"trafficType": "ALL"}, periodic=True),
        ManagedRule("VPC_DEFAULT_SECURITY_GROUP_CLOSED", "Default security groups let nothing in or out"),
        ManagedRule("SUBNET_AUTO_ASSIGN_PUBLIC_IP_DISABLED", "Our subnets give out no public addresses", "own"),
    )


def _function(settings: Settings) -> tuple[ManagedRule, ...]:
    function = stream.template(settings).resources["Function"]
    subnets = {"subnetIds": parts.imported(settings, "SubnetIds")}
    size, timeout = str(function.MemorySize), str(function.Timeout)
    as_deployed = {"runtime": function.Runtime, "timeout": timeout, "memorySize": size}
    return (
        ManagedRule("LAMBDA_FUNCTION_SETTINGS_CHECK", "The function runs as it was deployed", "own", as_deployed),
        ManagedRule("LAMBDA_INSIDE_VPC", "The function runs in the private subnets", "own", subnets),
        ManagedRule("LAMBDA_VPC_MULTI_AZ_CHECK", "The function runs in two zones or more", "own"),
        ManagedRule("LAMBDA_CONCURRENCY_CHECK", "The function has a ceiling of its own on concurrency", "own"),
        ManagedRule("LAMBDA_DLQ_CHECK", "The function has a dead letter queue", "own"),
        ManagedRule("LAMBDA_FUNCTION_PUBLIC_ACCESS_PROHIBITED", "Functions are not public"),
        ManagedRule("LAMBDA_FUNCTION_XRAY_ENABLED", "The function is traced", "own"),
        ManagedRule("LAMBDA_FUNCTION_LOG_FORMAT_JSON", "The function logs JSON", "own"),
        ManagedRule("SQS_QUEUE_NO_PUBLIC_ACCESS", "Queues are not public"),
    )


def _trail(settings: Settings) -> tuple[ManagedRule, ...]:
    bucket = {"s3BucketName": parts.imported(settings, "TrailBucketName")}
    groups = [f"/{settings.name}/trail", f"/{settings.name}/flow", f"/aws/lambda/{settings.function_name}"]
    kept = {"LogGroupNames": ",".join(groups), "MinRetentionTime": str(settings.log_days)}
    actions = {
        "action1": parts.imported(settings, "AlertTopicArn"),
        "alarmActionRequired": "true",
        "insufficientDataActionRequired": "false",
        "okActionRequired": "false",
    }
    return (
        ManagedRule(
            "MULTI_REGION_CLOUD_TRAIL_ENABLED", "Every region is in our trail", parameters=bucket, periodic=True
        ),
        ManagedRule("CLOUDTRAIL_SECURITY_TRAIL_ENABLED", "A trail follows AWS's security practices", periodic=True),
        ManagedRule("CLOUD_TRAIL_ENCRYPTION_ENABLED", "Trails are encrypted under a key", periodic=True),
        ManagedRule("CLOUD_TRAIL_LOG_FILE_VALIDATION_ENABLED", "Changed trail files can be told", periodic=True),
        ManagedRule("CLOUD_TRAIL_CLOUD_WATCH_LOGS_ENABLED", "Trails feed the metric filters", periodic=True),
        ManagedRule("CLOUDTRAIL_S3_BUCKET_PUBLIC_ACCESS_PROHIBITED", "Trail buckets are not public", periodic=True),
        ManagedRule("CLOUDTRAIL_S3_BUCKET_ACCESS_LOGGING", "Access to trail buckets is logged", periodic=True),
        ManagedRule("CLOUDWATCH_LOG_GROUP_ENCRYPTED", "Log groups are encrypted under a key", periodic=True),
        ManagedRule("CW_LOGGROUP_RETENTION_PERIOD_CHECK", "Logs are kept long enough", parameters=kept, periodic=True),
        ManagedRule("CLOUDWATCH_ALARM_ACTION_CHECK", "Our alarms tell the alert topic", "own", actions),
        ManagedRule("CLOUDWATCH_ALARM_ACTION_ENABLED_CHECK", "Alarms are not muted"),
        ManagedRule("KMS_CMK_NOT_SCHEDULED_FOR_DELETION", "No key is about to be deleted", periodic=True),
        ManagedRule("CMK_BACKING_KEY_ROTATION_ENABLED", "Keys rotate", periodic=True),
        ManagedRule("KMS_KEY_POLICY_NO_PUBLIC_ACCESS", "Keys are not public"),
    )


def _buckets_and_topics(settings: Settings) -> tuple[ManagedRule, ...]:
    locked = ("AWS::S3::Bucket", parts.imported(settings, "TrailBucketName"))
    lock = ManagedRule("S3_BUCKET_DEFAULT_LOCK_ENABLED", "The trail's files are locked", locked, {"mode": "GOVERNANCE"})
    return (
        ManagedRule("S3_ACCOUNT_LEVEL_PUBLIC_ACCESS_BLOCKS", "The account lets no bucket become public"),
        ManagedRule("S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED", "Buckets are not public"),
        ManagedRule("S3_BUCKET_SSL_REQUESTS_ONLY", "Our buckets refuse plaintext transport", "own"),
        ManagedRule("S3_BUCKET_VERSIONING_ENABLED", "Our buckets keep what was overwritten", "own"),
        ManagedRule("S3_DEFAULT_ENCRYPTION_KMS", "Our buckets are encrypted under a key", "own"),
        ManagedRule("S3_BUCKET_LOGGING_ENABLED", "Access to our buckets is logged", "own"),
        *((lock,) if settings.log_archive is None else ()),  # the account of another bucket asks about it
        ManagedRule("SNS_ENCRYPTED_KMS", "Our topics are encrypted under a key", "own"),
        ManagedRule("SNS_TOPIC_NO_PUBLIC_ACCESS", "Topics are not public"),
    )


def _access(settings: Settings) -> tuple[ManagedRule, ...]:
    owner = {"MasterAccountId": settings.management_account_id}
    bound = ManagedRule(
        "ACCOUNT_PART_OF_ORGANIZATIONS", "The organization's policies bind", parameters=owner, periodic=True
    )
    not_boundaries = {"excludePermissionBoundaryPolicy": "true"}
    return (
        *((bound,) if settings.has_organization else ()),
        ManagedRule("IAM_ROOT_ACCESS_KEY_CHECK", "The root user has no access key", periodic=True),
        ManagedRule("ROOT_ACCOUNT_MFA_ENABLED", "The root user has a second factor", periodic=True),
        ManagedRule("IAM_USER_MFA_ENABLED", "Every user has a second factor", periodic=True),
        ManagedRule("IAM_USER_NO_POLICIES_CHECK", "No user has policies of its own"),
        ManagedRule("IAM_NO_INLINE_POLICY_CHECK", "No policy is hidden inside a role, user or group"),
        ManagedRule(
            "IAM_POLICY_NO_STATEMENTS_WITH_ADMIN_ACCESS", "No policy allows everything", parameters=not_boundaries
        ),
        ManagedRule(
            "IAM_POLICY_NO_STATEMENTS_WITH_FULL_ACCESS", "No policy allows a whole service", parameters=not_boundaries
        ),
        ManagedRule("COGNITO_IDENTITY_POOL_UNAUTH_ACCESS_CHECK", "Identity pools refuse guests"),
    )


def _cache(settings: Settings) -> tuple[ManagedRule, ...]:
    if settings.cache is None:
        return ()
    return (
        ManagedRule("DAX_ENCRYPTION_ENABLED", "Caches are encrypted at rest", periodic=True),
        ManagedRule("DAX_TLS_ENDPOINT_ENCRYPTION", "Caches are asked over TLS alone", periodic=True),
    )


# AWS Config records no event source mapping, no trail selectors, no endpoint policy, no resource policy of a table and
# nothing of Organizations: of these the templates and documents are checked, before they are deployed.
# What it does record: https://github.com/awslabs/aws-config-resource-schema
_TABLE_STAYS = """
# A table, and every replica of it, lies in a region where its data may be held.
rule table_lies_in_allowed_regions when resourceType == "AWS::DynamoDB::Table" {
    awsRegion IN $regions
}

rule replicas_lie_in_allowed_regions when resourceType == "AWS::DynamoDB::Table"
    configuration.replicas is_list {
    when configuration.replicas !empty {
        configuration.replicas[*].regionName IN $regions
    }
}

# Worded otherwise than as a list, replicas could not be read: there may be none then. Guard 2 reads null as "null".
rule replicas_are_listed when resourceType == "AWS::DynamoDB::Table"
    configuration.replicas is_string or configuration.replicas is_struct {
    configuration.replicas empty or configuration.replicas == "null"
}
"""

_TABLE_STREAMS = """
# The stream hands on the new image, which the projection needs, and not the old one as well.
rule stream_hands_on_the_new_image when resourceType == "AWS::DynamoDB::Table"
    configuration.tableName == "$table" {
    configuration.streamSpecification.streamEnabled == true
    configuration.streamSpecification.streamViewType == "NEW_IMAGE"
}
"""

_ENDPOINT_SERVES = """
# The gateway endpoint through which the function reaches DynamoDB is there, and routes lead to it.
rule dynamodb_endpoint_serves when resourceType == "AWS::EC2::VPCEndpoint"
    configuration.serviceName == "com.amazonaws.$region.dynamodb"
    configuration.vpcEndpointType == "Gateway" {
    configuration.state.value == "available"
    configuration.routeTableIds[0] == /^rtb-/
}
"""

_TRAIL_IS_WHOLE = """
# The trail sees every region, can be validated, is encrypted under its own key, writes to its own bucket, feeds the
# alarms, and selects events itself: which ones, AWS Config does not record.
rule trail_is_whole when resourceType == "AWS::CloudTrail::Trail"
    configuration.name == "$trail" {
    configuration.isMultiRegionTrail == true
    configuration.includeGlobalServiceEvents == true
    configuration.logFileValidationEnabled == true
    configuration.s3BucketName == "$name-trail-$${AWS::AccountId}-$region"
    configuration.kmsKeyId == "$${AuditKeyArn}"
    configuration.cloudWatchLogsLogGroupArn == "arn:aws:logs:$region:$${AWS::AccountId}:log-group:/$name/trail:*"
    configuration.hasCustomEventSelectors == true
    configuration.hasInsightSelectors == true
}
"""

# the types of what rules of reach "own" look at
_TAGGED = (
    "AWS::Backup::BackupPlan",
    "AWS::Backup::BackupVault",
    "AWS::CloudWatch::Alarm",
    "AWS::EC2::Subnet",
    "AWS::Lambda::Function",
    "AWS::S3::Bucket",
    "AWS::SNS::Topic",
)
_TAGS_STAY = """
# What has a name of ours, or came by a stack of ours, has the tag by which other rules know it. Nobody can take away
# the tags whose names begin with aws.
rule ours_have_our_tag when resourceName == /^$name-/ or tags.'aws:cloudformation:stack-name' == /^$name-/ {
    tags.Application == "$name"
}
"""


def guard_rules(settings: Settings) -> tuple[GuardRule, ...]:
    """Return the rules of our own, their text filled in."""
    values = {
        "name": settings.name,
        "region": settings.home_region,
        "regions": "[" + ", ".join(f'"{region}"' for region in settings.allowed_regions) + "]",
        "table": settings.table_name,
        "trail": settings.trail_name,
    }
    return tuple(
        GuardRule(name, description, kinds, Text(text).substitute(values).lstrip())
        for name, description, kinds, text in (
            ("table-stays", "Tables and replicas lie in allowed regions", ("AWS::DynamoDB::Table",), _TABLE_STAYS),
            ("table-streams", "The table's stream feeds the projection", ("AWS::DynamoDB::Table",), _TABLE_STREAMS),
            ("endpoint-serves", "The DynamoDB endpoint is in place", ("AWS::EC2::VPCEndpoint",), _ENDPOINT_SERVES),
            ("trail-is-whole", "The trail is whole", ("AWS::CloudTrail::Trail",), _TRAIL_IS_WHOLE),
            ("tags-stay", "What is ours has the tag by which other rules know it", _TAGGED, _TAGS_STAY),
        )
    )
