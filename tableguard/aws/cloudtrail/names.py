"""How CloudTrail names services and operations, and which of them only read."""

from functools import lru_cache

# services by IAM's prefix whose requests go to hosts of another name:
# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
_SOURCES = {
    "application-autoscaling": "autoscaling",
    "cloudwatch": "monitoring",
    "dynamodbstreams": "dynamodb",
    "tag": "tagging",
}
# their records are of us-east-1, whatever region a request is signed for:
# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html#cloudtrail-concepts-global-service-events
# https://docs.aws.amazon.com/organizations/latest/userguide/orgs_security_incident-response.html
_GLOBAL = frozenset(("account", "cloudfront", "iam", "organizations", "route53", "support"))

# S3 Control's calls on the account, whose names S3's on a bucket have in the models:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html
_ON_THE_ACCOUNT = {f"{verb}PublicAccessBlock": f"{verb}AccountPublicAccessBlock" for verb in ("Delete", "Get", "Put")}

# Lambda dates its names; two versions of an operation share a date, and the SDKs call the second:
# https://docs.aws.amazon.com/lambda/latest/dg/logging-using-cloudtrail.html
# The list, "Services Supported by CloudTrail Event History", is that of the user guide of 2018; later operations are as
# their API's paths are dated, and those without a date here have none in the records that are public.
_LAMBDA = {
    "20150331": (
        "CreateAlias",
        "CreateEventSourceMapping",
        "CreateFunction",
        "DeleteAlias",
        "DeleteEventSourceMapping",
        "DeleteFunction",
        "GetAlias",
        "GetEventSourceMapping",
        "ListAliases",
        "ListEventSourceMappings",
        "ListFunctions",
        "ListVersionsByFunction",
        "PublishVersion",
        "UpdateAlias",
        "UpdateEventSourceMapping",
    ),
    "20150331v2": (
        "AddPermission",
        "GetFunction",
        "GetFunctionConfiguration",
        "GetPolicy",
        "RemovePermission",
        "UpdateFunctionCode",
        "UpdateFunctionConfiguration",
    ),
    "20160819": ("GetAccountSettings",),
    "20170331": ("ListTags",),
    "20170331v2": ("TagResource", "UntagResource"),
    "20171031": ("DeleteFunctionConcurrency", "PutFunctionConcurrency"),
    "20181031": (
        "AddLayerVersionPermission",
        "DeleteLayerVersion",
        "GetLayerVersion",
        "GetLayerVersionPolicy",
        "ListLayerVersions",
        "ListLayers",
        "PublishLayerVersion",
        "RemoveLayerVersionPermission",
    ),
}
# S3 names calls by what they act on, as its API was named when CloudTrail began to record them:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html
_S3 = {
    "DeleteBucketAnalyticsConfiguration": "DeleteBucketAnalyticsConfiguration",
    "DeletePublicAccessBlock": "DeleteBucketPublicAccessBlock",
    "GetBucketLifecycleConfiguration": "GetBucketLifecycle",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "ListObjectsV2": "ListObjects",
    "PutBucketLifecycleConfiguration": "PutBucketLifecycle",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
}
_EVENT_NAMES = {
    "lambda": {name: f"{name}{date}" for date, names in _LAMBDA.items() for name in names},
    "s3": _S3,
}

_READING = (
    "BatchDescribe",
    "BatchGet",
    "Describe",
    "Get",
    "Head",
    "List",
    "Lookup",
    "Query",
    "Scan",
    "Search",
    "Select",
)
# otherwise than their names begin; KMS's as its page of samples has them, STS's as IAM's:
# https://docs.aws.amazon.com/kms/latest/developerguide/understanding-kms-entries.html
# https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
_ALSO_READING = frozenset(
    (
        "backup:ExportBackupPlanTemplate",
        "cloudformation:DetectStackDrift",
        "cloudformation:DetectStackResourceDrift",
        "cloudformation:EstimateTemplateCost",
        "cloudformation:ValidateTemplate",
        "dynamodb:TransactGetItems",
        "events:TestEventPattern",
        "iam:GenerateCredentialReport",
        "iam:GenerateServiceLastAccessedDetails",
        "iam:SimulateCustomPolicy",
        "iam:SimulatePrincipalPolicy",
        "kms:Decrypt",
        "kms:Encrypt",
        "kms:GenerateDataKey",
        "kms:GenerateDataKeyPair",
        "kms:GenerateDataKeyPairWithoutPlaintext",
        "kms:GenerateDataKeyWithoutPlaintext",
        "kms:GenerateMac",
        "kms:GenerateRandom",
        "kms:ReEncrypt",
        "kms:Sign",
        "kms:Verify",
        "kms:VerifyMac",
        "logs:FilterLogEvents",
        "logs:StartLiveTail",
        "logs:StartQuery",
        "logs:StopQuery",
        "logs:TestMetricFilter",
        "sns:CheckIfPhoneNumberIsOptedOut",
        "sqs:ReceiveMessage",
        "sts:AssumeRole",
        "sts:AssumeRoleWithSAML",
        "sts:AssumeRoleWithWebIdentity",
        "sts:DecodeAuthorizationMessage",
    )
)


def event_source(service: str) -> str:
    """Return the eventSource of a service, which is given by IAM's prefix."""
    return f"{_SOURCES.get(service, service)}.amazonaws.com"


def of_model(model: str, operation: str) -> str:
    """Return an operation's name among all of its service's, whose models may give one name to two of them."""
    return _ON_THE_ACCOUNT.get(operation, operation) if model == "s3control" else operation


def event_name(service: str, operation: str) -> str:
    """Return the eventName of an operation."""
    return _EVENT_NAMES.get(service, {}).get(operation, operation)


def event_region(service: str, region: str) -> str:
    """Return the awsRegion of a record: that of the request, but for global services."""
    return "us-east-1" if service in _GLOBAL else region


@lru_cache(maxsize=4096)
def is_read_only(service: str, operation: str) -> bool:
    """Return the readOnly of a call.

    It is true of PartiQL's SELECT statements nowhere: AWS's sample of ExecuteStatement with a SELECT says false.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/understanding-ddb-log-entries.html
    """
    return operation.startswith(_READING) or f"{service}:{operation}" in _ALSO_READING
