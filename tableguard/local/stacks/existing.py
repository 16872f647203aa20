"""Resources that exist already, found by the identifier with which CloudFormation imports them.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resource-import-supported-resources.html
"""

from collections.abc import Callable, Mapping

from tableguard.cloudformation.resource_type import Context, Properties, ResourceHandle
from tableguard.local.stacks.types import cognito_users, iam, s3
from tableguard.local.stacks.types.calls import select, without_none

Finder = Callable[[Context, str, Properties], ResourceHandle]


def _by_name_alone(_: Context, name: str, __: Properties) -> ResourceHandle:
    return ResourceHandle(name)


def _table(context: Context, name: str, _: Properties) -> ResourceHandle:
    table = context.client("dynamodb").describe_table(TableName=name)["Table"]
    return ResourceHandle(name, without_none(Arn=table["TableArn"], StreamArn=table.get("LatestStreamArn")))


def _key(context: Context, key_id: str, properties: Properties) -> ResourceHandle:
    key = context.client("kms").describe_key(KeyId=key_id)["KeyMetadata"]
    window = int(properties.get("PendingWindowInDays", 30))
    return ResourceHandle(key["KeyId"], {"Arn": key["Arn"], "KeyId": key["KeyId"]}, {"PendingWindowInDays": window})


def _log_group(context: Context, name: str, _: Properties) -> ResourceHandle:
    groups = context.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    arns = {group["logGroupName"]: group["arn"] for group in groups}
    return ResourceHandle(name, without_none(Arn=arns.get(name)))


def _topic(_: Context, arn: str, __: Properties) -> ResourceHandle:
    return ResourceHandle(arn, {"TopicArn": arn, "TopicName": arn.rpartition(":")[2]})


def _queue(context: Context, url: str, _: Properties) -> ResourceHandle:
    queue = context.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    arn = queue["QueueArn"]
    return ResourceHandle(url, {"Arn": arn, "QueueName": arn.rpartition(":")[2], "QueueUrl": url})


def _trail(context: Context, name: str, _: Properties) -> ResourceHandle:
    trail = context.client("cloudtrail").get_trail(Name=name)["Trail"]
    return ResourceHandle(name, {"Arn": trail["TrailARN"], "SnsTopicArn": trail.get("SnsTopicARN", "")})


def _vault(context: Context, name: str, _: Properties) -> ResourceHandle:
    vault = context.client("backup").describe_backup_vault(BackupVaultName=name)
    return ResourceHandle(name, {"BackupVaultArn": vault["BackupVaultArn"], "BackupVaultName": name})


def _policy_of_organization(context: Context, policy_id: str, _: Properties) -> ResourceHandle:
    policy = context.client("organizations").describe_policy(PolicyId=policy_id)["Policy"]["PolicySummary"]
    return ResourceHandle(policy["Id"], select(policy, "Arn", "AwsManaged", "Id"))


def _role(context: Context, name: str, properties: Properties) -> ResourceHandle:
    role = context.client("iam").get_role(RoleName=name)["Role"]
    attached = properties.get("ManagedPolicyArns", [])
    return ResourceHandle(name, select(role, "Arn", "RoleId"), locator={"ManagedPolicyArns": attached})


def _managed_policy(context: Context, arn: str, properties: Properties) -> ResourceHandle:
    return iam.policy_handle(context.client("iam"), arn, properties.get("Roles", []))


def _bucket(context: Context, name: str, _: Properties) -> ResourceHandle:
    return ResourceHandle(name, s3.bucket_attributes(context, name))


def _user_pool(context: Context, pool_id: str, _: Properties) -> ResourceHandle:
    return cognito_users.pool_handle(context, context.client("cognito-idp").describe_user_pool(UserPoolId=pool_id))


def _risks(_: Context, __: str, properties: Properties) -> ResourceHandle:
    return cognito_users.risks_handle(properties)


FINDERS: Mapping[str, Finder] = {
    "AWS::Backup::BackupVault": _vault,
    "AWS::CloudTrail::Trail": _trail,
    "AWS::Cognito::UserPool": _user_pool,
    "AWS::Cognito::UserPoolRiskConfigurationAttachment": _risks,
    "AWS::Config::ConfigurationRecorder": _by_name_alone,
    "AWS::Config::DeliveryChannel": _by_name_alone,
    "AWS::DynamoDB::Table": _table,
    "AWS::IAM::ManagedPolicy": _managed_policy,
    "AWS::IAM::Role": _role,
    "AWS::KMS::Alias": _by_name_alone,
    "AWS::KMS::Key": _key,
    "AWS::Logs::LogGroup": _log_group,
    "AWS::Organizations::Policy": _policy_of_organization,
    "AWS::S3::Bucket": _bucket,
    "AWS::S3::BucketPolicy": _by_name_alone,
    "AWS::SNS::Topic": _topic,
    "AWS::SQS::Queue": _queue,
}
