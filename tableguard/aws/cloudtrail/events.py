"""Which calls are data events, and of which type of resource; all others are management events.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html
"""

from typing import Literal

Category = Literal["Management", "Data"]

# the type of resource, its service, and the operations that are data events of it
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/logging-using-cloudtrail.html
_ITEMS = (
    "BatchExecuteStatement",
    "BatchGetItem",
    "BatchWriteItem",
    "DeleteItem",
    "ExecuteStatement",
    "ExecuteTransaction",
    "GetItem",
    "PutItem",
    "Query",
    "Scan",
    "TransactGetItems",
    "TransactWriteItems",
    "UpdateItem",
)
_STREAM = ("GetRecords", "GetShardIterator")
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html
_OBJECTS = (
    "AbortMultipartUpload",
    "CompleteMultipartUpload",
    "CopyObject",
    "CreateMultipartUpload",
    "DeleteObject",
    "DeleteObjectTagging",
    "DeleteObjects",
    "GetObject",
    "GetObjectAcl",
    "GetObjectAttributes",
    "GetObjectLegalHold",
    "GetObjectRetention",
    "GetObjectTagging",
    "GetObjectTorrent",
    "HeadBucket",
    "HeadObject",
    "ListMultipartUploads",
    "ListObjectVersions",
    "ListObjects",
    "ListObjectsV2",
    "ListParts",
    "PutObject",
    "PutObjectAcl",
    "PutObjectLegalHold",
    "PutObjectRetention",
    "PutObjectTagging",
    "RestoreObject",
    "SelectObjectContent",
    "UploadPart",
    "UploadPartCopy",
)
_DATA: dict[str, dict[str, tuple[str, ...]]] = {
    "dynamodb": {"AWS::DynamoDB::Table": _ITEMS, "AWS::DynamoDB::Stream": _STREAM},
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/logging-using-cloudtrail.html
    "events": {"AWS::Events::EventBus": ("PutEvents",)},
    # https://docs.aws.amazon.com/lambda/latest/dg/logging-using-cloudtrail.html
    "lambda": {"AWS::Lambda::Function": ("Invoke", "InvokeAsync", "InvokeWithResponseStream")},
    "s3": {"AWS::S3::Object": _OBJECTS},
    # https://docs.aws.amazon.com/sns/latest/dg/logging-using-cloudtrail.html
    "sns": {"AWS::SNS::Topic": ("Publish", "PublishBatch")},
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/logging-using-cloudtrail.html
    "sqs": {
        "AWS::SQS::Queue": (
            "ChangeMessageVisibility",
            "ChangeMessageVisibilityBatch",
            "DeleteMessage",
            "DeleteMessageBatch",
            "ReceiveMessage",
            "SendMessage",
            "SendMessageBatch",
        )
    },
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/logging_cw_api_calls.html
    "cloudwatch": {
        "AWS::CloudWatch::Metric": ("GetMetricData", "GetMetricStatistics", "GetMetricWidgetImage", "PutMetricData")
    },
    # https://docs.aws.amazon.com/cognitoidentity/latest/developerguide/logging-using-cloudtrail.html
    "cognito-identity": {
        "AWS::Cognito::IdentityPool": (
            "GetCredentialsForIdentity",
            "GetId",
            "GetOpenIdToken",
            "GetOpenIdTokenForDeveloperIdentity",
            "UnlinkIdentity",
        )
    },
}
_TYPES = {
    f"{service}:{operation}": kind
    for service, kinds in _DATA.items()
    for kind, operations in kinds.items()
    for operation in operations
}
# no event of any kind, as no type of resource covers them; Logs lists what it records:
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/logging_cw_api_calls_cwl.html
_UNRECORDED = frozenset(("logs:PutLogEvents", "xray:PutTraceSegments"))


def is_recorded(service: str, operation: str) -> bool:
    """Return False for a call that CloudTrail does not record."""
    return f"{service}:{operation}" not in _UNRECORDED


def data_type(service: str, operation: str) -> str | None:
    """Return the resources.type of a data event; None for a management event."""
    return _TYPES.get(f"{service}:{operation}")


def category(service: str, operation: str) -> Category:
    """Return the eventCategory of a call."""
    return "Management" if data_type(service, operation) is None else "Data"
