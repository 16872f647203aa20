"""Pattern D: the function that keeps conversation rows up to date from the table's stream."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from troposphere import GetAtt, Parameter, Ref, Split, Sub, Template, awslambda, cloudwatch, s3, sqs

from stream_lambda.items import MESSAGE_PREFIX
from stream_lambda.log import DIMENSION, NAMESPACE
from tableguard.settings import Settings
from templates import parts

# A message that was sent or edited (an edit must reach the preview too); the handler checks both again.
FILTER = {"eventName": ["INSERT", "MODIFY"], "dynamodb": {"Keys": {"pk": {"S": [{"prefix": MESSAGE_PREFIX}]}}}}


class LoggingConfig(awslambda.LoggingConfig):  # type: ignore[misc]  # troposphere ships no type information
    """troposphere 4.11.1 lost LogFormat; this gives it back and is the same class again once it returns."""

    props = {**awslambda.LoggingConfig.props, "LogFormat": (str, False)}  # noqa: RUF012  # troposphere's own form


def template(settings: Settings) -> Template:
    """The function, its source and where its failures go, and the alarms on all of them."""
    template = parts.new_template(settings, "Pattern D function that keeps conversation rows up to date")
    key = _failure_key(template, settings)
    bucket = _failure_bucket(template, settings, key)
    queue = _dead_letter_queue(template, settings, key)
    function = _function(template, settings, key, queue)
    _mapping(template, settings, function, bucket)
    _alarms(template, settings)
    parts.export(template, settings, "FunctionArn", GetAtt(function, "Arn"), "Pattern D function")
    parts.export(template, settings, "FailureBucketName", Ref(bucket), "Batches that the function could not process")
    return template


def _failure_key(template: Template, settings: Settings) -> Any:
    return parts.customer_key(
        template,
        settings,
        "FailureKey",
        "failures",
        "Encrypts failed batches, dead letters and the function's environment",
        parts.key_use("lambda", "kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt"),
        parts.key_use("s3", "kms:Decrypt", "kms:GenerateDataKey"),
        parts.key_use("sqs", "kms:Decrypt", "kms:GenerateDataKey"),
    )


def _failure_bucket(template: Template, settings: Settings, key: Any) -> s3.Bucket:
    # A failed batch holds messages as they were sent. Thirty days are enough to redrive it; after that the message
    # itself, in the table, is the only copy that retention and erasure have to think of. So no object lock either.
    lifecycle = s3.LifecycleRule(
        Id="forget",
        Status="Enabled",
        ExpirationInDays=30,
        NoncurrentVersionExpiration=s3.NoncurrentVersionExpiration(NoncurrentDays=1),
        AbortIncompleteMultipartUpload=s3.AbortIncompleteMultipartUpload(DaysAfterInitiation=1),
    )
    others = parts.own_principals("s3:*", [GetAtt("FailuresBucket", "Arn"), Sub("${FailuresBucket.Arn}/*")])
    confidential = parts.tags(settings, DataClass="confidential")
    readers = _only_operators(settings)
    return parts.private_bucket(template, settings, "failures", key, lifecycle, others, readers, Tags=confidential)


def _only_operators(settings: Settings) -> parts.Statement:
    # The SCP protect_perimeter says the same of the bucket's own ARN. A request through an access point names
    # that one's ARN, and is asked of the bucket's policy all the same; protect_audit_trail says who may change it.
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html
    operator = Sub(f"arn:aws:iam::${{AWS::AccountId}}:role/{settings.name}-operator")
    return {
        "Sid": "DenyTakingFailedBatches",
        "Effect": "Deny",
        "Principal": "*",
        "Action": ["s3:DeleteObject", "s3:GetObject*"],
        "Resource": Sub("${FailuresBucket.Arn}/*"),
        "Condition": {"ArnNotLike": {"aws:PrincipalArn": [operator, *settings.break_glass_roles]}},
    }


def _dead_letter_queue(template: Template, settings: Settings, key: Any) -> sqs.Queue:
    # For asynchronous invocations only, of which there should be none: a failed batch of the stream goes to the
    # bucket. Whatever arrives here was not sent by the stream, and an alarm says so.
    queue = template.add_resource(
        sqs.Queue(
            "DeadLetters",
            QueueName=f"{settings.name}-dead-letters",
            KmsMasterKeyId=GetAtt(key, "Arn"),
            MessageRetentionPeriod=1_209_600,  # 14 days, the longest
            RedriveAllowPolicy={"redrivePermission": "denyAll"},
            Tags=parts.tags(settings, DataClass="confidential"),
            **parts.RETAINED,
        )
    )
    arn = GetAtt(queue, "Arn")
    policy = parts.document(parts.encrypted_transport("sqs:*", arn), parts.own_principals("sqs:*", arn))
    template.add_resource(sqs.QueuePolicy("DeadLettersPolicy", Queues=[Ref(queue)], PolicyDocument=policy))
    return queue


def _function(template: Template, settings: Settings, key: Any, queue: sqs.Queue) -> awslambda.Function:
    code = template.add_parameter(
        Parameter(
            "CodeKey",
            Type="String",
            AllowedPattern=r"^[A-Za-z0-9._/-]{1,512}\.zip$",
            ConstraintDescription="the key of a .zip object",
            Description="Key of the function's package in the artifact bucket; tableguard deploy uploads it",
        )
    )
    log_group = parts.log_group(
        template,
        settings,
        "FunctionLogGroup",
        f"/aws/lambda/{settings.function_name}",
        parts.imported(settings, "LogKeyArn"),
    )
    # Absent on purpose:
    # CodeSigningConfigArn: needs a signing profile that the organisation holds. SnapStart: serves published versions
    # and cold starts; a stream keeps the function warm. Layers, FileSystemConfigs: the package is all there is.
    # No function URL and no permission: only the mapping below invokes it.
    return template.add_resource(
        awslambda.Function(
            "Function",
            FunctionName=settings.function_name,
            Description="Writes the newest message of each group to the conversation row of each member",
            Runtime="python3.13",
            Architectures=["arm64"],
            Handler="stream_lambda.handler.handle",
            Code=awslambda.Code(S3Bucket=settings.artifact_bucket, S3Key=Ref(code)),
            Role=parts.imported(settings, "FunctionRoleArn"),
            Timeout=60,
            MemorySize=256,
            ReservedConcurrentExecutions=10,
            RecursiveLoop="Terminate",  # beside the filter, not instead of it: the function writes to its own source
            Environment=awslambda.Environment(Variables={"TABLE_NAME": parts.imported(settings, "TableName")}),
            KmsKeyArn=GetAtt(key, "Arn"),
            VpcConfig=awslambda.VPCConfig(
                SubnetIds=Split(",", parts.imported(settings, "SubnetIds")),
                SecurityGroupIds=[parts.imported(settings, "FunctionSecurityGroupId")],
            ),
            DeadLetterConfig=awslambda.DeadLetterConfig(TargetArn=GetAtt(queue, "Arn")),
            TracingConfig=awslambda.TracingConfig(Mode="Active"),
            LoggingConfig=LoggingConfig(
                LogFormat="JSON", LogGroup=Ref(log_group), ApplicationLogLevel="INFO", SystemLogLevel="INFO"
            ),
            Tags=parts.tags(settings),
        )
    )


def _mapping(template: Template, settings: Settings, function: awslambda.Function, bucket: s3.Bucket) -> None:
    window = template.add_parameter(
        Parameter(
            "MaximumBatchingWindowInSeconds",
            Type="Number",
            Default=1,
            MinValue=0,
            MaxValue=300,
            Description="How long Lambda waits to fill a batch: a second more is cheaper, and later on the screen",
        )
    )
    # KmsKeyArn is absent: the filter is no secret, and an auditor without kms:Decrypt must be able to read it.
    template.add_resource(
        awslambda.EventSourceMapping(
            "Mapping",
            EventSourceArn=parts.imported(settings, "StreamArn"),
            FunctionName=Ref(function),
            Enabled=True,
            StartingPosition="TRIM_HORIZON",  # LATEST can miss what is written while the mapping is made
            FilterCriteria=awslambda.FilterCriteria(
                Filters=[awslambda.Filter(Pattern=json.dumps(FILTER, separators=(",", ":"), sort_keys=True))]
            ),
            BatchSize=1000,
            MaximumBatchingWindowInSeconds=Ref(window),
            ParallelizationFactor=1,  # more lanes make smaller batches, which fold less
            # without these three one bad record holds up its shard for a day
            BisectBatchOnFunctionError=True,
            MaximumRetryAttempts=10,
            MaximumRecordAgeInSeconds=43_200,
            FunctionResponseTypes=["ReportBatchItemFailures"],
            # S3 keeps the whole records; a queue or topic would be told their numbers only
            DestinationConfig=awslambda.DestinationConfig(
                OnFailure=awslambda.OnFailure(Destination=GetAtt(bucket, "Arn"))
            ),
            MetricsConfig=awslambda.MetricsConfig(Metrics=["EventCount"]),
            Tags=parts.tags(settings),
        )
    )


@dataclass(frozen=True)
class _Alarm:
    """What one alarm watches, and what it tells whoever is woken by it."""

    name: str
    metric: str
    dimension: tuple[str, parts.Value]
    says: str
    namespace: str = "AWS/Lambda"
    rule: Mapping[str, Any] = field(default_factory=dict)  # where it is not: one or more in a minute


_OF_FUNCTION = ("FunctionName", Ref("Function"))
_OF_MAPPING = ("EventSourceMappingUUID", Ref("Mapping"))
_LATE = {"Statistic": "Maximum", "Threshold": 300_000, "EvaluationPeriods": 5, "DatapointsToAlarm": 5}

# https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
_ALARMS = (
    _Alarm("late", "IteratorAge", _OF_FUNCTION, "conversation rows are more than five minutes behind", rule=_LATE),
    _Alarm("errors", "Errors", _OF_FUNCTION, "an invocation failed; its batch is tried again"),
    _Alarm("throttles", "Throttles", _OF_FUNCTION, "the function was not let start"),
    _Alarm("failed", "OnFailureDestinationDeliveredEventCount", _OF_MAPPING, "failed records wait in the bucket"),
    _Alarm("undelivered", "DestinationDeliveryFailures", _OF_FUNCTION, "failed records did not reach the bucket"),
    _Alarm("dropped", "DroppedEventCount", _OF_MAPPING, "records ran out of retries or of age"),
    _Alarm("poison", "Poison", (DIMENSION, Ref("Function")), "a record can never be understood", NAMESPACE),
    _Alarm(
        "unexpected",
        "ApproximateNumberOfMessagesVisible",
        ("QueueName", GetAtt("DeadLetters", "QueueName")),
        "somebody but the stream invoked the function",
        "AWS/SQS",
        {"Statistic": "Maximum"},
    ),
)


def _alarms(template: Template, settings: Settings) -> None:
    for alarm in _ALARMS:
        name, value = alarm.dimension
        parts.alarm(
            template,
            settings,
            f"{alarm.name.capitalize()}Alarm",
            f"stream-{alarm.name}",
            parts.imported(settings, "AlertTopicArn"),
            AlarmDescription=f"{settings.function_name}: {alarm.says}",
            Namespace=alarm.namespace,
            MetricName=alarm.metric,
            Dimensions=[cloudwatch.MetricDimension(Name=name, Value=value)],
            **alarm.rule,
        )
