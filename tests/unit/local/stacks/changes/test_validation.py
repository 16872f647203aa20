"""DescribeEvents of a change set: what validation warns of, and where it could not look."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard.local import server
from tableguard.local.stacks.changes import validation
from tests.worlds.moto_modes import Aws

RECORDER = {"Type": "AWS::Config::ConfigurationRecorder", "Properties": {"RoleARN": "arn:aws:iam::123456789012:role/r"}}
BUCKET = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "of-validation"}}
TOPIC = {"Type": "AWS::SNS::Topic"}


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    with server.start() as running:
        yield Aws(running.endpoint)


def warned(aws: Aws, resources: dict[str, Any], kind: str = "CREATE") -> list[tuple[str, str, str]]:
    client = aws.client("cloudformation")
    body = json.dumps({"Resources": resources})
    arn = client.create_change_set(StackName="s", ChangeSetName="c", ChangeSetType=kind, TemplateBody=body)["Id"]
    events = client.describe_events(ChangeSetName=arn)["OperationEvents"]
    client.delete_change_set(ChangeSetName=arn)
    assert {one["EventType"] for one in events} <= {"VALIDATION_ERROR"}
    return [(one["LogicalResourceId"], one["ValidationName"], one["ValidationFailureMode"]) for one in events]


@pytest.mark.parametrize("there", [True, False])
def test_a_second_recorder_is_warned_of(aws: Aws, there: bool) -> None:
    config = aws.client("config")
    recorder = {"name": "other", "roleARN": "arn:aws:iam::123456789012:role/r"}
    if there:
        config.put_configuration_recorder(ConfigurationRecorder=recorder)
    try:
        expected = [("Recorder", "CONFIG_RECORDER_CONFLICT", "WARN")] if there else []
        assert warned(aws, {"Recorder": RECORDER}) == expected
    finally:
        if there:
            config.delete_configuration_recorder(ConfigurationRecorderName="other")


def test_a_bucket_that_is_to_go_and_is_not_empty_is_warned_of(aws: Aws) -> None:
    client, s3 = aws.client("cloudformation"), aws.client("s3")
    client.create_stack(StackName="s", TemplateBody=json.dumps({"Resources": {"Bucket": BUCKET, "Topic": TOPIC}}))
    assert warned(aws, {"Topic": TOPIC}, "UPDATE") == []
    s3.put_object(Bucket="of-validation", Key="k", Body=b"")
    assert warned(aws, {"Topic": TOPIC}, "UPDATE") == [("Bucket", "S3_BUCKET_EMPTINESS", "WARN")]
    s3.delete_object(Bucket="of-validation", Key="k")
    client.delete_stack(StackName="s")


@pytest.mark.parametrize(("code", "events"), [("AccessDenied", ["SKIPPED"]), ("NoSuchBucket", [])])
def test_what_the_caller_may_not_look_at_is_skipped_and_says_why(code: str, events: list[str]) -> None:
    def client(_: str) -> Any:
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "ListObjectsV2")

    change = {
        "Action": "Remove",
        "ResourceType": "AWS::S3::Bucket",
        "LogicalResourceId": "B",
        "PhysicalResourceId": "b",
        "PolicyAction": "Delete",
    }
    assert [one["ValidationStatus"] for one in validation.events("s", [change], client)] == events


def test_events_of_a_stack_are_not_modelled_here(aws: Aws) -> None:
    with pytest.raises(ClientError, match="name one as ChangeSetName"):
        aws.client("cloudformation").describe_events(StackName="s")
