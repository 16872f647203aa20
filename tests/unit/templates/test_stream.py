"""The stream stack: Pattern D runs with least privilege, loses nothing, and says so when it falls behind."""

from typing import Any

import pytest
from troposphere import awslambda

from stream_lambda.items import is_message_pk
from stream_lambda.log import DIMENSION, METRICS, NAMESPACE
from tableguard.local.event_source.event_filter import event_filter
from templates.stream import LoggingConfig
from tests.worlds.requirements import (
    REMOVED,
    Requirement,
    Template,
    at,
    holds_and_breaks,
    is_set,
    of_type,
    retained,
    stack,
    statement,
)

FUNCTION = "Resources/Function/Properties"
MAPPING = "Resources/Mapping/Properties"
BUCKET = "Resources/FailuresBucket/Properties"
QUEUE = "Resources/DeadLetters/Properties"
TOPIC = {"Fn::ImportValue": "cruddur-AlertTopicArn"}
TAKING = "Resources/FailuresBucketPolicy/Properties/PolicyDocument/Statement/2"
DAY = 86_400


def _one_bad_record_holds_up_nothing(template: Template) -> bool:
    mapping: dict[str, Any] = at(template, MAPPING)
    return (
        mapping.get("BisectBatchOnFunctionError") is True
        and 0 <= mapping.get("MaximumRetryAttempts", -1) <= 100
        # while the stream, which keeps a day, can still be asked for what is dropped
        and 0 < mapping.get("MaximumRecordAgeInSeconds", -1) < DAY
        and mapping.get("FunctionResponseTypes") == ["ReportBatchItemFailures"]
    )


def _operators_alone_take_failed_batches(template: Template) -> bool:
    operator = {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/cruddur-operator"}
    break_glass = "arn:aws:iam::111122223333:role/cruddur-break-glass"
    return bool(
        at(template, TAKING)
        == {
            "Sid": "DenyTakingFailedBatches",
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["s3:DeleteObject", "s3:GetObject*"],
            "Resource": {"Fn::Sub": "${FailuresBucket.Arn}/*"},
            "Condition": {"ArnNotLike": {"aws:PrincipalArn": [operator, break_glass]}},
        }
    )


def _plaintext_is_refused(policy: str) -> Requirement:
    def holds(template: Template) -> bool:
        denied = statement(at(template, f"{policy}/PolicyDocument"), "DenyPlaintextTransport")
        denial = (denied["Effect"], denied["Principal"], denied["Condition"])
        return denial == ("Deny", "*", {"Bool": {"aws:SecureTransport": "false"}})

    return Requirement(
        f"{policy.split('/')[1]} refuses requests that are not sent over TLS",
        holds,
        (
            (f"{policy}/PolicyDocument/Statement/0/Effect", "Allow"),
            (f"{policy}/PolicyDocument/Statement/0/Condition/Bool/aws:SecureTransport", "true"),
        ),
    )


REQUIREMENTS = [
    Requirement(
        "one bad record is set aside and holds up nothing",
        _one_bad_record_holds_up_nothing,
        (
            (f"{MAPPING}/BisectBatchOnFunctionError", REMOVED),
            (f"{MAPPING}/MaximumRetryAttempts", REMOVED),
            (f"{MAPPING}/MaximumRetryAttempts", -1),
            (f"{MAPPING}/MaximumRecordAgeInSeconds", -1),
            (f"{MAPPING}/MaximumRecordAgeInSeconds", DAY),
            (f"{MAPPING}/FunctionResponseTypes", REMOVED),
        ),
    ),
    is_set(
        "records that fail for good are kept whole in the bucket",
        f"{MAPPING}/DestinationConfig/OnFailure/Destination",
        {"Fn::GetAtt": ["FailuresBucket", "Arn"]},
    ),
    is_set("the function starts at the oldest record and misses none", f"{MAPPING}/StartingPosition", "TRIM_HORIZON"),
    is_set("batches are large enough to fold", f"{MAPPING}/BatchSize", 1000),
    is_set("the mapping counts what it drops and keeps", f"{MAPPING}/MetricsConfig/Metrics", ["EventCount"]),
    is_set("the mapping is on", f"{MAPPING}/Enabled", True),
    is_set("the runtime is one that AWS supports until 2029", f"{FUNCTION}/Runtime", "python3.13"),
    is_set("the function runs on arm64", f"{FUNCTION}/Architectures", ["arm64"]),
    is_set("the handler is the packaged one", f"{FUNCTION}/Handler", "stream_lambda.handler.handle"),
    is_set("no flood of batches takes the account's concurrency", f"{FUNCTION}/ReservedConcurrentExecutions", 10),
    is_set("a hung call is cut off", f"{FUNCTION}/Timeout", 60),
    is_set("the environment is encrypted with our key", f"{FUNCTION}/KmsKeyArn", {"Fn::GetAtt": ["FailureKey", "Arn"]}),
    is_set(
        "the function runs in the private subnets",
        f"{FUNCTION}/VpcConfig",
        {
            "SecurityGroupIds": [{"Fn::ImportValue": "cruddur-FunctionSecurityGroupId"}],
            "SubnetIds": {"Fn::Split": [",", {"Fn::ImportValue": "cruddur-SubnetIds"}]},
        },
    ),
    is_set(
        "the function logs JSON to its own log group",
        f"{FUNCTION}/LoggingConfig",
        {
            "ApplicationLogLevel": "INFO",
            "LogFormat": "JSON",
            "LogGroup": {"Ref": "FunctionLogGroup"},
            "SystemLogLevel": "INFO",
        },
    ),
    is_set("invocations are traced", f"{FUNCTION}/TracingConfig/Mode", "Active"),
    is_set("a loop through the table is cut", f"{FUNCTION}/RecursiveLoop", "Terminate"),
    is_set(
        "an asynchronous invocation that fails is kept too",
        f"{FUNCTION}/DeadLetterConfig/TargetArn",
        {"Fn::GetAtt": ["DeadLetters", "Arn"]},
    ),
    is_set(
        "the function is told its table",
        f"{FUNCTION}/Environment/Variables",
        {"TABLE_NAME": {"Fn::ImportValue": "cruddur-TableName"}},
    ),
    is_set(
        "the function runs with the role that the access stack made for it",
        f"{FUNCTION}/Role",
        {"Fn::ImportValue": "cruddur-FunctionRoleArn"},
    ),
    is_set(
        "the log group is encrypted with the key of the workload's log groups",
        "Resources/FunctionLogGroup/Properties/KmsKeyId",
        {"Fn::ImportValue": "cruddur-LogKeyArn"},
    ),
    is_set("logs are kept as long as the settings say", "Resources/FunctionLogGroup/Properties/RetentionInDays", 400),
    is_set(
        "failed batches are encrypted with our key",
        f"{BUCKET}/BucketEncryption/ServerSideEncryptionConfiguration/0/ServerSideEncryptionByDefault",
        {"KMSMasterKeyID": {"Fn::GetAtt": ["FailureKey", "Arn"]}, "SSEAlgorithm": "aws:kms"},
    ),
    is_set(
        "failed batches are never public",
        f"{BUCKET}/PublicAccessBlockConfiguration",
        dict.fromkeys(("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True),
    ),
    Requirement(
        "the operator and break-glass alone read and remove failed batches, through access points too",
        _operators_alone_take_failed_batches,
        (
            (f"{TAKING}/Effect", "Allow"),
            (f"{TAKING}/Principal", {"AWS": "*"}),
            (f"{TAKING}/Action", ["s3:GetObject*"]),
            (f"{TAKING}/Action/1", "s3:GetObject"),
            (f"{TAKING}/Resource", {"Fn::Sub": "${FailuresBucket.Arn}/other/*"}),
            (f"{TAKING}/Condition", REMOVED),
            (f"{TAKING}/Condition/ArnNotLike/aws:PrincipalArn", ["*"]),
        ),
    ),
    is_set("a failed batch that is overwritten is kept", f"{BUCKET}/VersioningConfiguration/Status", "Enabled"),
    is_set(
        "failed batches are forgotten after a month", f"{BUCKET}/LifecycleConfiguration/Rules/0/ExpirationInDays", 30
    ),
    is_set(
        "who reads failed batches is logged",
        f"{BUCKET}/LoggingConfiguration/DestinationBucketName",
        "example-log-archive-eu-central-1",
    ),
    is_set(
        "objects in the bucket belong to its owner",
        f"{BUCKET}/OwnershipControls/Rules",
        [{"ObjectOwnership": "BucketOwnerEnforced"}],
    ),
    _plaintext_is_refused("Resources/FailuresBucketPolicy/Properties"),
    _plaintext_is_refused("Resources/DeadLettersPolicy/Properties"),
    is_set("dead letters are encrypted with our key", f"{QUEUE}/KmsMasterKeyId", {"Fn::GetAtt": ["FailureKey", "Arn"]}),
    is_set("dead letters are kept for 14 days", f"{QUEUE}/MessageRetentionPeriod", 1_209_600),
    is_set(
        "no other queue empties itself into the dead letters",
        f"{QUEUE}/RedriveAllowPolicy",
        {"redrivePermission": "denyAll"},
    ),
    retained(
        "failed batches, logs and their key outlive the stack", "FailuresBucket", "FailureKey", "FunctionLogGroup"
    ),
]

# What an alarm watches: namespace, metric, statistic, and the resource it is about.
WATCHED = {
    "LateAlarm": ("AWS/Lambda", "IteratorAge", "Maximum", {"FunctionName": {"Ref": "Function"}}),
    "ErrorsAlarm": ("AWS/Lambda", "Errors", "Maximum", {"FunctionName": {"Ref": "Function"}}),
    "ThrottlesAlarm": ("AWS/Lambda", "Throttles", "Maximum", {"FunctionName": {"Ref": "Function"}}),
    "UndeliveredAlarm": ("AWS/Lambda", "DestinationDeliveryFailures", "Maximum", {"FunctionName": {"Ref": "Function"}}),
    "FailedAlarm": (
        "AWS/Lambda",
        "OnFailureDestinationDeliveredEventCount",
        "Maximum",
        {"EventSourceMappingUUID": {"Ref": "Mapping"}},
    ),
    "DroppedAlarm": ("AWS/Lambda", "DroppedEventCount", "Maximum", {"EventSourceMappingUUID": {"Ref": "Mapping"}}),
    "PoisonAlarm": (NAMESPACE, "Poison", "Maximum", {DIMENSION: {"Ref": "Function"}}),
    "UnexpectedAlarm": (
        "AWS/SQS",
        "ApproximateNumberOfMessagesVisible",
        "Maximum",
        {"QueueName": {"Fn::GetAtt": ["DeadLetters", "QueueName"]}},
    ),
}


@pytest.fixture(scope="module")
def stream() -> Template:
    return stack("stream")


test_the_stack_holds, test_a_spoilt_stack_does_not_hold = holds_and_breaks(REQUIREMENTS, "stream")


def test_every_alarm_watches_a_metric_of_a_resource_that_exists(stream: Template) -> None:
    alarms = of_type(stream, "AWS::CloudWatch::Alarm")
    watched = {
        name: (
            alarm["Namespace"],
            alarm["MetricName"],
            alarm["Statistic"],
            {one["Name"]: one["Value"] for one in alarm["Dimensions"]},
        )
        for name, alarm in alarms.items()
    }
    assert watched == WATCHED
    assert WATCHED["PoisonAlarm"][1] in METRICS


def test_every_alarm_tells_the_alert_topic_and_is_not_raised_by_silence(stream: Template) -> None:
    for alarm in of_type(stream, "AWS::CloudWatch::Alarm").values():
        assert alarm["ActionsEnabled"] is True
        assert alarm["AlarmActions"] == [TOPIC]
        assert alarm["TreatMissingData"] == "notBreaching"
        assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"


@pytest.mark.parametrize("event", ["INSERT", "MODIFY", "REMOVE"])
@pytest.mark.parametrize("pk", ["MSG#5ae290ed", "GRP#my-uuid", "META#5ae290ed", "msg#5ae290ed"])
def test_the_filter_lets_through_messages_sent_or_edited_and_nothing_the_function_writes(
    stream: Template, event: str, pk: str
) -> None:
    record = {"eventName": event, "dynamodb": {"Keys": {"pk": {"S": pk}, "sk": {"S": "2026-01-01"}}}}
    criteria = event_filter(at(stream, f"{MAPPING}/FilterCriteria"))
    assert criteria.passes(record) == (is_message_pk(pk) and event != "REMOVE")


def test_how_long_a_batch_is_waited_for_is_a_parameter(stream: Template) -> None:
    assert at(stream, f"{MAPPING}/MaximumBatchingWindowInSeconds") == {"Ref": "MaximumBatchingWindowInSeconds"}
    assert at(stream, "Parameters/MaximumBatchingWindowInSeconds/Default") == 1


def test_the_code_is_a_package_in_the_artifact_bucket_named_at_deployment(stream: Template) -> None:
    assert at(stream, f"{FUNCTION}/Code") == {"S3Bucket": "example-artifacts-eu-central-1", "S3Key": {"Ref": "CodeKey"}}
    assert "Default" not in at(stream, "Parameters/CodeKey")


def test_nothing_but_the_mapping_invokes_the_function(stream: Template) -> None:
    invoking = {"AWS::Lambda::Permission", "AWS::Lambda::Url", "AWS::Lambda::EventInvokeConfig"}
    assert not invoking & {resource["Type"] for resource in stream["Resources"].values()}
    assert len(of_type(stream, "AWS::Lambda::EventSourceMapping")) == 1


def test_the_log_format_that_troposphere_lost_is_all_that_we_add() -> None:
    assert LoggingConfig.props.keys() - awslambda.LoggingConfig.props.keys() <= {"LogFormat"}
    assert issubclass(LoggingConfig, awslambda.LoggingConfig)


def test_the_stack_exports_function_and_bucket(stream: Template) -> None:
    exports = {output["Export"]["Name"]: output["Value"] for output in stream["Outputs"].values()}
    assert exports == {
        "cruddur-FunctionArn": {"Fn::GetAtt": ["Function", "Arn"]},
        "cruddur-FailureBucketName": {"Ref": "FailuresBucket"},
    }
