"""The actions that an operation needs leave for: most are named like it, and these are not.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from collections.abc import Iterator, Mapping

from tableguard.errors import EmbeddedError
from tableguard.local.authorization.call import Call
from tableguard.policy import service_reference
from tableguard.policy.service_reference import Action

# Nobody needs leave to learn who he is; even a denial has no effect:
# https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
FREE = frozenset({"sts:GetCallerIdentity"})

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
_S3: Mapping[str, str] = {
    "HeadBucket": "ListBucket",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "ListBuckets": "ListAllMyBuckets",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListParts": "ListMultipartUploadParts",
    "HeadObject": "GetObject",
    "SelectObjectContent": "GetObject",
    "DeleteObjects": "DeleteObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "GetBucketLifecycle": "GetLifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "PutBucketLifecycle": "PutLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "GetBucketReplication": "GetReplicationConfiguration",
    "PutBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketReplication": "PutReplicationConfiguration",
}
_S3_SETTINGS = ("Accelerate", "Analytics", "IntelligentTiering", "Inventory", "Metrics")
_RENAMED: Mapping[str, str] = {
    **{f"s3:{operation}": f"s3:{action}" for operation, action in _S3.items()},
    **{
        f"s3:{verb}Bucket{setting}Configuration{plural}": f"s3:{leave}{setting}Configuration"
        for setting in _S3_SETTINGS
        for verb, plural, leave in (("Get", "", "Get"), ("List", "s", "Get"), ("Put", "", "Put"), ("Delete", "", "Put"))
    },
    "kms:ReEncrypt": "kms:ReEncryptFrom",
    "lambda:GetLayerVersionByArn": "lambda:GetLayerVersion",
    "lambda:Invoke": "lambda:InvokeFunction",
    "lambda:InvokeWithResponseStream": "lambda:InvokeFunction",
    "sns:PublishBatch": "sns:Publish",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:SendMessageBatch": "sqs:SendMessage",
}
# what the same operation needs besides where a parameter is given
_BESIDES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "dynamodb:CreateTable": (("ResourcePolicy", "dynamodb:PutResourcePolicy"),),
    "kms:ReEncrypt": (("DestinationKeyId", "kms:ReEncryptTo"),),
    "s3:CreateBucket": (
        ("ObjectLockEnabledForBucket", "s3:PutBucketObjectLockConfiguration"),
        ("ObjectLockEnabledForBucket", "s3:PutBucketVersioning"),
    ),
    "s3:DeleteObject": (("BypassGovernanceRetention", "s3:BypassGovernanceRetention"),),
    "s3:DeleteObjects": (("BypassGovernanceRetention", "s3:BypassGovernanceRetention"),),
    "s3:PutObjectRetention": (("BypassGovernanceRetention", "s3:BypassGovernanceRetention"),),
    "s3:PutObject": (("Tagging", "s3:PutObjectTagging"),),
    "sts:AssumeRole": (("Tags", "sts:TagSession"),),
}
_VERSIONED = {"s3:GetObject": "s3:GetObjectVersion", "s3:DeleteObject": "s3:DeleteObjectVersion"}
# making something with tags needs the leave to tag it; the operation's parameter that holds the tags
_TAGS = ("Tags", "tags", "TagsList", "TagSpecifications", "BackupVaultTags", "BackupPlanTags")
_TAGGING: Mapping[str, str] = {
    "backup": "backup:TagResource",
    "cloudformation": "cloudformation:TagResource",
    "cloudtrail": "cloudtrail:AddTags",
    "cloudwatch": "cloudwatch:TagResource",
    "config": "config:TagResource",
    "dynamodb": "dynamodb:TagResource",
    "ec2": "ec2:CreateTags",
    "events": "events:TagResource",
    "kms": "kms:TagResource",
    "lambda": "lambda:TagResource",
    "logs": "logs:TagResource",
    "organizations": "organizations:TagResource",
    "sns": "sns:TagResource",
    "sqs": "sqs:TagQueue",
    "iam:CreateRole": "iam:TagRole",
    "iam:CreatePolicy": "iam:TagPolicy",
}
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html: parameter, and who is given the role
_PASSING: Mapping[str, tuple[str, str]] = {
    "backup:CreateBackupSelection": ("BackupSelection.IamRoleArn", "backup.amazonaws.com"),
    "cloudtrail:CreateTrail": ("CloudWatchLogsRoleArn", "cloudtrail.amazonaws.com"),
    "cloudtrail:UpdateTrail": ("CloudWatchLogsRoleArn", "cloudtrail.amazonaws.com"),
    "config:PutConfigurationRecorder": ("ConfigurationRecorder.roleARN", "config.amazonaws.com"),
    "dax:CreateCluster": ("IamRoleArn", "dax.amazonaws.com"),
    "ec2:CreateFlowLogs": ("DeliverLogsPermissionArn", "vpc-flow-logs.amazonaws.com"),
    "lambda:CreateFunction": ("Role", "lambda.amazonaws.com"),
    "lambda:UpdateFunctionConfiguration": ("Role", "lambda.amazonaws.com"),
}


def known(name: str) -> Action:
    """An action as AWS's reference has it; EmbeddedError if it has none of this name."""
    found = service_reference.load().actions.get(name.lower())
    if found is None:
        raise EmbeddedError(f"no action {name} is known, so nobody can be allowed it")
    return found


def actions(call: Call) -> Iterator[Action]:
    """The actions on the operation's own resources that it needs leave for, the chief one first."""
    name = _RENAMED.get(call.action, call.action)
    if call.value("VersionId") and name in _VERSIONED:
        name = _VERSIONED[name]
    yield known(name)
    yield from (known(other) for parameter, other in _BESIDES.get(call.action, ()) if call.value(parameter))


def tagging(call: Call) -> Action | None:
    """The action that an operation needs besides because it tags what it makes; None if it does not."""
    makes = call.operation.startswith(("Create", "Put"))
    found = _TAGGING.get(call.action) or _TAGGING.get(call.service)
    return known(found) if makes and found and any(call.value(name) for name in _TAGS) else None


def passed(call: Call) -> tuple[str, str] | None:
    """The role that an operation hands to a service, and the service; None if it hands over none."""
    path, service = _PASSING.get(call.action, ("", ""))
    role = call.value(path) if path else None
    return (str(role), service) if role else None
