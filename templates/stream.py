"""Pattern D: the function that keeps conversation rows up to date from the table's stream."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from troposphere import GetAtt, Ref, Split, Sub, Template, awslambda, cloudwatch, kms, s3, sqs

from stream_lambda.items import MESSAGE_PREFIX
from stream_lambda.log import DIMENSION, NAMESPACE
from tableguard.settings import Settings
from templates import parts
from templates.builder import StackBuilder

# A message that was sent or edited (an edit must reach the preview too); the handler checks both again.
FILTER = {"eventName": ["INSERT", "MODIFY"], "dynamodb": {"Keys": {"pk": {"S": [{"prefix": MESSAGE_PREFIX}]}}}}


class LoggingConfig(awslambda.LoggingConfig):  # type: ignore[misc]  # troposphere ships no type information
    """LoggingConfig with LogFormat, which troposphere 4.11.1 lost; the same class again once it returns."""

    props = {**awslambda.LoggingConfig.props, "LogFormat": (str, False)}  # noqa: RUF012  # troposphere's own form


def template(settings: Settings) -> Template:
    """Build the function, its source and where its failures go, and the alarms on all of them."""
    stack = StackBuilder(settings, "Pattern D function that keeps conversation rows up to date")
    key = _failure_key(stack)
    bucket = _failure_bucket(stack, key)
    function = _function(stack, key, _dead_letter_queue(stack, key))
    _mapping(stack, function, bucket)
    _alarms(stack)
    stack.export("FunctionArn", value=GetAtt(function, "Arn"), description="Pattern D function")
    failures = "Batches that the function could not process"
    stack.export("FailureBucketName", value=Ref(bucket), description=failures)
    return stack.template


def _failure_key(stack: StackBuilder) -> kms.Key:
    return stack.key(
        "FailureKey",
        alias="failures",
        description="Encrypts failed batches, dead letters and the function's environment",
        uses=(
            parts.key_use("lambda", "kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt"),
            parts.key_use("s3", "kms:Decrypt", "kms:GenerateDataKey"),
            parts.key_use("sqs", "kms:Decrypt", "kms:GenerateDataKey"),
        ),
    )


def _failure_bucket(stack: StackBuilder, key: kms.Key) -> s3.Bucket:
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
    return stack.bucket(
        "failures",
        key=key,
        lifecycle=lifecycle,
        statements=(others, _taken_by_operators(stack), _kept_by_the_function(stack)),
        Tags=stack.tags(DataClass="confidential"),
    )


def _taken_by_operators(stack: StackBuilder) -> parts.Statement:
    # The SCP protect_perimeter says the same of the bucket's own ARN. A request through an access point names
    # that one's ARN, and is asked of the bucket's policy all the same; protect_audit_trail says who may change it.
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html
    roles = (_role(stack, "operator"), *stack.settings.break_glass_roles)
    return _denied_to_others("DenyTakingFailedBatches", ("s3:DeleteObject", "s3:GetObject*"), roles)


def _kept_by_the_function(stack: StackBuilder) -> parts.Statement:
    # a forged batch would be redriven; the SCP says the same of the bucket's own ARN
    actions = "s3:PutObject", "s3:ReplicateObject"
    return _denied_to_others("DenyForgingFailedBatches", actions, (_role(stack, "pattern-d"),))


def _denied_to_others(sid: str, actions: Sequence[str], roles: Sequence[parts.Value]) -> parts.Statement:
    """Return a statement that denies actions on failed batches to everybody but these roles."""
    return {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": "*",
        "Action": list(actions),
        "Resource": Sub("${FailuresBucket.Arn}/*"),
        "Condition": {"ArnNotLike": {"aws:PrincipalArn": list(roles)}},
    }


def _role(stack: StackBuilder, name: str) -> Sub:
    return Sub(f"arn:aws:iam::${{AWS::AccountId}}:role/{stack.settings.name}-{name}")


def _dead_letter_queue(stack: StackBuilder, key: kms.Key) -> sqs.Queue:
    # For asynchronous invocations only, of which there should be none: a failed batch of the stream goes to the
    # bucket. Whatever arrives here was not sent by the stream, and an alarm says so.
    return stack.queue("DeadLetters", name="dead-letters", key=key, Tags=stack.tags(DataClass="confidential"))


def _function(stack: StackBuilder, key: kms.Key, queue: sqs.Queue) -> awslambda.Function:
    name = stack.settings.function_name
    logs = stack.log_group("FunctionLogGroup", name=f"/aws/lambda/{name}", key_arn=stack.imported("LogKeyArn"))
    # Absent on purpose:
    # CodeSigningConfigArn: needs a signing profile that the organisation holds. SnapStart: serves published versions
    # and cold starts; a stream keeps the function warm. Layers, FileSystemConfigs: the package is all there is.
    # No function URL and no permission: only the mapping below invokes it.
    return stack.add(
        awslambda.Function(
            "Function",
            FunctionName=name,
            Description="Writes the newest message of each group to the conversation row of each member",
            Runtime="python3.13",
            Architectures=["arm64"],
            Handler="stream_lambda.handler.handle",
            Code=_code(stack),
            Role=stack.imported("FunctionRoleArn"),
            Timeout=60,
            MemorySize=256,
            ReservedConcurrentExecutions=10,
            RecursiveLoop="Terminate",  # beside the filter, not instead of it: the function writes to its own source
            Environment=awslambda.Environment(Variables={"TABLE_NAME": stack.imported("TableName")}),
            KmsKeyArn=GetAtt(key, "Arn"),
            VpcConfig=awslambda.VPCConfig(
                SubnetIds=Split(",", stack.imported("SubnetIds")),
                SecurityGroupIds=[stack.imported("FunctionSecurityGroupId")],
            ),
            DeadLetterConfig=awslambda.DeadLetterConfig(TargetArn=GetAtt(queue, "Arn")),
            TracingConfig=awslambda.TracingConfig(Mode="Active"),
            LoggingConfig=LoggingConfig(
                LogFormat="JSON", LogGroup=Ref(logs), ApplicationLogLevel="INFO", SystemLogLevel="INFO"
            ),
            Tags=stack.tags(),
        )
    )


def _code(stack: StackBuilder) -> awslambda.Code:
    key = stack.parameter(
        "CodeKey",
        Type="String",
        AllowedPattern=r"^[A-Za-z0-9._/-]{1,512}\.zip$",
        ConstraintDescription="the key of a .zip object",
        Description="Key of the function's package in the artifact bucket; tableguard deploy uploads it",
    )
    return awslambda.Code(S3Bucket=stack.settings.artifact_bucket, S3Key=Ref(key))


def _mapping(stack: StackBuilder, function: awslambda.Function, bucket: s3.Bucket) -> None:
    window = stack.parameter(
        "MaximumBatchingWindowInSeconds",
        Type="Number",
        Default=1,
        MinValue=0,
        MaxValue=300,
        Description="How long Lambda waits to fill a batch: a second more is cheaper, and later on the screen",
    )
    # KmsKeyArn is absent: the filter is no secret, and an auditor without kms:Decrypt must be able to read it.
    stack.add(
        awslambda.EventSourceMapping(
            "Mapping",
            EventSourceArn=stack.imported("StreamArn"),
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
            Tags=stack.tags(),
        )
    )


@dataclass(frozen=True)
class _Alarm:
    """One alarm: the metric that it watches, and what its ringing means."""

    name: str
    metric: str
    dimension: tuple[str, parts.Value]
    meaning: str
    namespace: str = "AWS/Lambda"
    rule: Mapping[str, Any] = field(default_factory=dict)  # where it is not: one or more in a minute


_OF_FUNCTION = ("FunctionName", Ref("Function"))
_OF_MAPPING = ("EventSourceMappingUUID", Ref("Mapping"))
_LATE = {"Threshold": 300_000, "EvaluationPeriods": 5, "DatapointsToAlarm": 5}

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
    ),
)


def _alarms(stack: StackBuilder) -> None:
    for alarm in _ALARMS:
        name, value = alarm.dimension
        stack.alarm(
            f"{alarm.name.capitalize()}Alarm",
            name=f"stream-{alarm.name}",
            topic=stack.imported("AlertTopicArn"),
            AlarmDescription=f"{stack.settings.function_name}: {alarm.meaning}",
            Namespace=alarm.namespace,
            MetricName=alarm.metric,
            Dimensions=[cloudwatch.MetricDimension(Name=name, Value=value)],
            **alarm.rule,
        )
