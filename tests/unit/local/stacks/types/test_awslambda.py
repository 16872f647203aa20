"""AWS::Lambda types: functions, permissions and mappings are deployed as declared, and a change shows."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard.cloudformation.equality import PropertyDifference
from tableguard.cloudformation.resource_type import AbsentError, Context, Properties, ResourceHandle
from tableguard.errors import EmbeddedError
from tableguard.local.stacks.types import ALL
from tests.cases.resources import TAGS, Case, ResourceTypeTests, context, differences, make

__all__ = ["context"]  # the fixture

FUNCTION = "AWS::Lambda::Function"
MAPPING = "AWS::Lambda::EventSourceMapping"
PERMISSION = "AWS::Lambda::Permission"
ROLE = "arn:aws:iam::123456789012:role/cruddur-pattern-d"
KEY = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
PATTERN = {"eventName": ["INSERT"], "dynamodb": {"Keys": {"pk": {"S": [{"prefix": "MSG#"}]}}}}


def package(source: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("handler.py", source)
    return packed.getvalue()


def upload(context: Context, key: str, source: str) -> None:
    context.client("s3").put_object(Bucket="artifacts", Key=key, Body=package(source))


def new_role(context: Context, name: str) -> str:
    trusted = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [trusted]})
    return str(context.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"])


def function(context: Context) -> Properties:
    assert new_role(context, "cruddur-pattern-d") == ROLE
    make("AWS::S3::Bucket", {"BucketName": "artifacts"})
    upload(context, "one.zip", "def handle(event, context): ...")
    upload(context, "other.zip", "def handle(event, context): raise SystemExit")
    return {
        "FunctionName": "cruddur-pattern-d",
        "Description": "Writes the newest message of each group",
        "Runtime": "python3.13",
        "Architectures": ["arm64"],
        "Handler": "stream_lambda.handler.handle",
        "Code": {"S3Bucket": "artifacts", "S3Key": "one.zip"},
        "Role": ROLE,
        "Timeout": "60",
        "MemorySize": 256,
        "EphemeralStorage": {"Size": 512},
        "ReservedConcurrentExecutions": 10,
        "RecursiveLoop": "Terminate",
        "Environment": {"Variables": {"TABLE_NAME": "cruddur-messages", "BATCH": 5}},
        "KmsKeyArn": KEY,
        "VpcConfig": {"SubnetIds": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]},
        "DeadLetterConfig": {"TargetArn": "arn:aws:sqs:eu-central-1:123456789012:dead"},
        "TracingConfig": {"Mode": "Active"},
        "LoggingConfig": {"LogFormat": "JSON", "LogGroup": "/aws/lambda/cruddur-pattern-d"},
        "Tags": TAGS,
    }


def stream(context: Context) -> str:
    table = {
        "TableName": "messages",
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
        "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
    }
    return str(make("AWS::DynamoDB::Table", table).attributes["StreamArn"])


def mapping(context: Context) -> Properties:
    return {
        "EventSourceArn": stream(context),
        "FunctionName": make(FUNCTION, function(context)).physical_id,
        "Enabled": True,
        "StartingPosition": "TRIM_HORIZON",
        "FilterCriteria": {"Filters": [{"Pattern": json.dumps(PATTERN)}]},
        "BatchSize": 1000,
        "MaximumBatchingWindowInSeconds": "1",
        "ParallelizationFactor": 1,
        "BisectBatchOnFunctionError": True,
        "MaximumRetryAttempts": 10,
        "MaximumRecordAgeInSeconds": 43_200,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:s3:::cruddur-failures"}},
        "MetricsConfig": {"Metrics": ["EventCount"]},
        "KmsKeyArn": KEY,
        "Tags": TAGS,
    }


def permission(context: Context) -> Properties:
    return {
        "FunctionName": make(FUNCTION, function(context)).attributes["Arn"],
        "Action": "lambda:InvokeFunction",
        "Principal": "events.amazonaws.com",
        "SourceArn": "arn:aws:events:eu-central-1:123456789012:rule/cruddur-rule",
        "SourceAccount": "123456789012",
    }


def configure(**arguments: Any) -> Callable[[Context, ResourceHandle], object]:
    return lambda context, handle: context.client("lambda").update_function_configuration(
        FunctionName=handle.physical_id, **arguments
    )


def other_code(context: Context, handle: ResourceHandle) -> None:
    context.client("lambda").update_function_code(
        FunctionName=handle.physical_id, S3Bucket="artifacts", S3Key="other.zip"
    )


def free_concurrency(context: Context, handle: ResourceHandle) -> None:
    context.client("lambda").delete_function_concurrency(FunctionName=handle.physical_id)


def retag(context: Context, handle: ResourceHandle) -> None:
    arn = handle.attributes.get("EventSourceMappingArn", handle.attributes.get("Arn"))
    context.client("lambda").untag_resource(Resource=arn, TagKeys=["ManagedBy"])


def remap(**arguments: Any) -> Callable[[Context, ResourceHandle], object]:
    return lambda context, handle: context.client("lambda").update_event_source_mapping(
        UUID=handle.physical_id, **arguments
    )


def filters(**keys: Any) -> dict[str, Any]:
    return {"Filters": [{"Pattern": json.dumps({**PATTERN, **keys})}]}


class TestLambda(ResourceTypeTests):
    cases = (
        Case("other code", FUNCTION, function, other_code, "Code.S3Bucket", also=("Code.S3Key",)),
        Case("handler", FUNCTION, function, configure(Handler="other.handle"), "Handler"),
        Case("role", FUNCTION, function, configure(Role=ROLE.replace("pattern-d", "admin")), "Role"),
        Case("timeout", FUNCTION, function, configure(Timeout=3), "Timeout"),
        Case(
            "environment",
            FUNCTION,
            function,
            configure(Environment={"Variables": {"TABLE_NAME": "other", "BATCH": "5"}}),
            "Environment.Variables.TABLE_NAME",
        ),
        Case(
            "outside the VPC",
            FUNCTION,
            function,
            configure(VpcConfig={"SubnetIds": [], "SecurityGroupIds": []}),
            "VpcConfig.SecurityGroupIds",
            also=("VpcConfig.SubnetIds",),
        ),
        Case("concurrency", FUNCTION, function, free_concurrency, "ReservedConcurrentExecutions"),
        Case("function tags", FUNCTION, function, retag, "Tags"),
        Case("off", MAPPING, mapping, remap(Enabled=False), "Enabled"),
        Case("batch size", MAPPING, mapping, remap(BatchSize=1), "BatchSize"),
        Case("every event", MAPPING, mapping, remap(FilterCriteria={}), "FilterCriteria.Filters"),
        Case(
            "wider filter",
            MAPPING,
            mapping,
            remap(FilterCriteria=filters(eventName=["INSERT", "MODIFY"])),
            "FilterCriteria.Filters",
        ),
        Case("for ever", MAPPING, mapping, remap(MaximumRetryAttempts=-1), "MaximumRetryAttempts"),
        Case("no bisecting", MAPPING, mapping, remap(BisectBatchOnFunctionError=False), "BisectBatchOnFunctionError"),
        Case("whole batches", MAPPING, mapping, remap(FunctionResponseTypes=[]), "FunctionResponseTypes"),
        Case("no destination", MAPPING, mapping, remap(DestinationConfig={}), "DestinationConfig.OnFailure"),
        Case("no metrics", MAPPING, mapping, remap(MetricsConfig={"Metrics": []}), "MetricsConfig.Metrics"),
        Case("mapping tags", MAPPING, mapping, retag, "Tags"),
    )


def test_ref_and_getatt_of_a_function_and_its_mapping(context: Context) -> None:
    declared = mapping(context)
    handle = make(MAPPING, declared)
    assert handle.attributes["Id"] == handle.physical_id
    assert handle.attributes["EventSourceMappingArn"].endswith(f":event-source-mapping:{handle.physical_id}")
    assert ALL[MAPPING].read(context, handle)["FunctionName"].endswith(f":function:{declared['FunctionName']}")


def test_an_object_that_was_overwritten_is_no_longer_the_functions_code(context: Context) -> None:
    declared = function(context)
    handle = make(FUNCTION, declared)
    upload(context, "one.zip", "def handle(event, context): raise SystemExit")
    assert [found.property for found in differences(FUNCTION, declared, context, handle)] == [
        "Code.S3Bucket",
        "Code.S3Key",
    ]


def test_an_update_deploys_the_new_code(context: Context) -> None:
    declared = function(context)
    handle, update = make(FUNCTION, declared), ALL[FUNCTION].update
    assert update is not None
    newer = {**declared, "Code": {"S3Bucket": "artifacts", "S3Key": "other.zip"}}
    assert differences(FUNCTION, newer, context, update(context, handle, newer)) == []


def test_inline_code_is_refused_by_name(context: Context) -> None:
    with pytest.raises(EmbeddedError, match="Code: give S3Bucket and S3Key"):
        make(FUNCTION, {**function(context), "Code": {"ZipFile": "def handle(event, context): ..."}})


@pytest.mark.parametrize(("name", "value"), [("Architectures", ["x86_64"]), ("KmsKeyArn", KEY.replace("1", "2"))])
def test_what_moto_cannot_change_is_refused(name: str, value: Any, context: Context) -> None:
    declared = function(context)
    handle, update = make(FUNCTION, declared), ALL[FUNCTION].update
    assert update is not None
    with pytest.raises(EmbeddedError, match=f"{name}: cannot change in place"):
        update(context, handle, {**declared, name: value})


def test_a_permission_is_deployed_as_declared_until_removed(context: Context) -> None:
    declared = permission(context)
    handle = make(PERMISSION, declared)
    assert differences(PERMISSION, declared, context, handle) == []
    ALL[PERMISSION].delete(context, handle)
    with pytest.raises(AbsentError):
        ALL[PERMISSION].read(context, handle)


def test_a_permission_for_any_rule_is_reported(context: Context) -> None:
    declared = permission(context)
    handle = make(PERMISSION, {name: value for name, value in declared.items() if name != "SourceArn"})
    assert differences(PERMISSION, declared, context, handle) == [
        PropertyDifference("SourceArn", declared["SourceArn"], None)
    ]


LOST = {
    "SnapStart": {"ApplyOn": "PublishedVersions"},
}


@pytest.mark.parametrize("name", sorted(LOST))
def test_moto_still_loses_some_configuration_of_a_function(name: str, context: Context) -> None:
    function(context)
    context.client("lambda").create_function(
        FunctionName="f",
        Role=ROLE,
        Runtime="python3.13",
        Handler="handler.handle",
        Code={"S3Bucket": "artifacts", "S3Key": "one.zip"},
        **{name: LOST[name]},
    )
    found = context.client("lambda").get_function(FunctionName="f")["Configuration"]
    assert found.get(name, {}).get("ApplyOn", "None") == "None"
    assert name == "SnapStart" or name not in found


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("put_function_recursion_config", {"RecursiveLoop": "Terminate"}),
        ("put_runtime_management_config", {"UpdateRuntimeOn": "Auto"}),
    ],
)
def test_moto_still_lacks_some_operations(operation: str, arguments: dict[str, str], context: Context) -> None:
    make(FUNCTION, function(context))
    with pytest.raises(ClientError, match="Not yet implemented"):
        getattr(context.client("lambda"), operation)(FunctionName="cruddur-pattern-d", **arguments)
