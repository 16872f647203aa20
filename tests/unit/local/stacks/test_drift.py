"""Drift of the embedded CloudFormation: what differs is told, of types that it can read, as far as the caller may."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard.local import server
from tableguard.local.stacks.drift import DriftDetection
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


def detected(cloudformation: Any) -> dict[str, Any]:
    detection = cloudformation.detect_stack_drift(StackName="s")["StackDriftDetectionId"]
    answer = cloudformation.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
    assert answer["DetectionStatus"] == "DETECTION_COMPLETE"
    return dict(answer)


def test_what_differs_is_told_and_what_does_not_is_in_sync(aws: Aws) -> None:
    cloudformation = aws.client("cloudformation")
    assert cloudformation.describe_stack_resource_drifts(StackName="s")["StackResourceDrifts"] == []
    assert detected(cloudformation)["StackDriftStatus"] == "IN_SYNC"
    aws.client("logs").put_retention_policy(logGroupName="/kept", retentionInDays=14)
    told = detected(cloudformation)
    assert (told["StackDriftStatus"], told["DriftedStackResourceCount"]) == ("DRIFTED", 1)
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


def test_a_detection_that_failed_says_why() -> None:
    described = DriftDetection("id", "stack", failure="not allowed").describe()
    assert (described["DetectionStatus"], described["DetectionStatusReason"]) == ("DETECTION_FAILED", "not allowed")
