"""Drift of the embedded CloudFormation: what differs is told, of types that it can read, as far as the caller may."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard.local import server
from tableguard.local.clients.factory import make_client
from tableguard.local.stacks.drift.detection import DriftDetection
from tableguard.local.stacks.types import ALL
from tests.worlds.moto_modes import Aws

pytestmark = pytest.mark.slow
TEMPLATE = {
    "Resources": {
        "Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/kept", "RetentionInDays": 7}},
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "t"}},
        "Policy": {
            "Type": "AWS::SNS::TopicPolicy",
            "Properties": {
                "Topics": [{"Ref": "Topic"}],
                "PolicyDocument": {"Version": "2012-10-17", "Id": "own", "Statement": []},
            },
        },
    }
}


@pytest.fixture
def aws() -> Iterator[Aws]:
    with server.start() as running:
        aws = Aws(running.endpoint)
        aws.client("cloudformation").create_stack(StackName="s", TemplateBody=json.dumps(TEMPLATE))
        yield aws


def of_stack(cloudformation: Any) -> str:
    (stack,) = cloudformation.describe_stacks(StackName="s")["Stacks"]
    return str(stack["DriftInformation"]["StackDriftStatus"])


def detected(cloudformation: Any) -> dict[str, Any]:
    detection = cloudformation.detect_stack_drift(StackName="s")["StackDriftDetectionId"]
    answer = cloudformation.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
    assert answer["DetectionStatus"] == "DETECTION_COMPLETE"
    return dict(answer)


def test_what_differs_is_told_and_what_does_not_is_in_sync(aws: Aws) -> None:
    cloudformation = aws.client("cloudformation")
    assert cloudformation.describe_stack_resource_drifts(StackName="s")["StackResourceDrifts"] == []
    assert of_stack(cloudformation) == "NOT_CHECKED"
    assert detected(cloudformation)["StackDriftStatus"] == "IN_SYNC" == of_stack(cloudformation)
    aws.client("logs").put_retention_policy(logGroupName="/kept", retentionInDays=14)
    told = detected(cloudformation)
    assert (told["StackDriftStatus"], told["DriftedStackResourceCount"]) == ("DRIFTED", 1)
    assert of_stack(cloudformation) == "DRIFTED"
    drifts = cloudformation.describe_stack_resource_drifts(StackName="s")["StackResourceDrifts"]
    # a topic's policy is of a type that CloudFormation cannot read
    assert {one["LogicalResourceId"]: one["StackResourceDriftStatus"] for one in drifts} == {
        "Group": "MODIFIED",
        "Topic": "IN_SYNC",
    }
    (modified,) = cloudformation.describe_stack_resource_drifts(
        StackName="s", StackResourceDriftStatusFilters=["MODIFIED"]
    )["StackResourceDrifts"]
    assert modified["PropertyDifferences"] == [
        {
            "PropertyPath": "/RetentionInDays",
            "ExpectedValue": "7",
            "ActualValue": "14",
            "DifferenceType": "NOT_EQUAL",
        }
    ]


def test_a_detection_that_nobody_began_is_refused(aws: Aws) -> None:
    with pytest.raises(ClientError, match="No drift detection operation"):
        aws.client("cloudformation").describe_stack_drift_detection_status(StackDriftDetectionId="0" * 36)


def test_what_is_gone_is_told_as_deleted(aws: Aws) -> None:
    cloudformation = aws.client("cloudformation")
    aws.client("logs").delete_log_group(logGroupName="/kept")
    assert detected(cloudformation)["StackDriftStatus"] == "DRIFTED"
    drifts = cloudformation.describe_stack_resource_drifts(
        StackName="s", StackResourceDriftStatusFilters=["MODIFIED", "DELETED"]
    )["StackResourceDrifts"]
    assert [(one["StackResourceDriftStatus"], one.get("PropertyDifferences", [])) for one in drifts] == [
        ("DELETED", [])
    ]


def _elsewhere(aws: Aws, service: str) -> Any:
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return make_client(service, region_name="eu-west-1", endpoint_url=aws.endpoint, **keys)


def test_a_stack_of_this_name_in_another_region_is_another_stack(aws: Aws) -> None:
    elsewhere = _elsewhere(aws, "cloudformation")
    group = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/other", "RetentionInDays": 7}}
    elsewhere.create_stack(StackName="s", TemplateBody=json.dumps({"Resources": {"Other": group}}))
    _elsewhere(aws, "logs").put_retention_policy(logGroupName="/other", retentionInDays=14)
    assert detected(aws.client("cloudformation"))["StackDriftStatus"] == "IN_SYNC"
    assert detected(elsewhere)["StackDriftStatus"] == "DRIFTED"


def test_a_detection_that_failed_says_why_and_calls_nothing_in_sync() -> None:
    described = DriftDetection("id", "stack", failures=("not allowed",)).describe()
    assert (described["DetectionStatus"], described["DetectionStatusReason"]) == ("DETECTION_FAILED", "not allowed")
    assert described["StackDriftStatus"] == "UNKNOWN"


def test_what_can_be_compared_is_compared_beside_what_cannot(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(_: Any, __: Any) -> Any:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "not you"}}, "GetTopicAttributes")

    cloudformation = aws.client("cloudformation")
    aws.client("logs").put_retention_policy(logGroupName="/kept", retentionInDays=14)
    monkeypatch.setitem(ALL, "AWS::SNS::Topic", replace(ALL["AWS::SNS::Topic"], read=read))
    detection = cloudformation.detect_stack_drift(StackName="s")["StackDriftDetectionId"]
    answer = cloudformation.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
    assert (answer["DetectionStatus"], answer["StackDriftStatus"]) == ("DETECTION_FAILED", "DRIFTED")
    assert "Topic (AWS::SNS::Topic): cannot be read back" in answer["DetectionStatusReason"]
    (drift,) = cloudformation.describe_stack_resource_drifts(StackName="s")["StackResourceDrifts"]
    assert (drift["LogicalResourceId"], drift["StackResourceDriftStatus"]) == ("Group", "MODIFIED")
