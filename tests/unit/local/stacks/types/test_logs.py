"""AWS::Logs types: groups, metric filters and resource policies are deployed as declared, and a change shows."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tableguard.cloudformation.resource_type import Context, Properties, ResourceHandle
from tableguard.errors import EmbeddedError
from tableguard.local.stacks.types import ALL
from tests.cases.resources import TAGS, Case, ResourceTypeTests, context, make

__all__ = ["context"]  # the fixture

GROUP = "AWS::Logs::LogGroup"
FILTER = "AWS::Logs::MetricFilter"
POLICY = "AWS::Logs::ResourcePolicy"
KEY = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
ALLOW = {
    "Effect": "Allow",
    "Principal": {"Service": "events.amazonaws.com"},
    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
    "Resource": "*",
}


def group(context: Context) -> Properties:
    return {
        "LogGroupName": "/cruddur/trail",
        "RetentionInDays": "400",
        "KmsKeyId": KEY,
        "DeletionProtectionEnabled": True,
        "LogGroupClass": "STANDARD",
        "Tags": TAGS,
    }


def metric_filter(context: Context) -> Properties:
    make(GROUP, {"LogGroupName": "/cruddur/trail"})
    return {
        "FilterName": "cruddur-denied",
        "LogGroupName": "/cruddur/trail",
        "FilterPattern": '{ $.errorCode = "AccessDenied" && $.eventSource = "dynamodb.amazonaws.com" }',
        "MetricTransformations": [
            {
                "MetricName": "Denied",
                "MetricNamespace": "cruddur",
                "MetricValue": 1,
                "DefaultValue": 0,
                "Dimensions": [{"Key": "Who", "Value": "$.userIdentity.arn"}],
            }
        ],
    }


def resource_policy(context: Context) -> Properties:
    return {"PolicyName": "events", "PolicyDocument": json.dumps({"Version": "2012-10-17", "Statement": [ALLOW]})}


def ask(operation: str, **arguments: Any) -> Callable[[Context, ResourceHandle], object]:
    return lambda context, handle: getattr(context.client("logs"), operation)(
        logGroupName="/cruddur/trail", **arguments
    )


def put_filter(pattern: str, value: str) -> Callable[[Context, ResourceHandle], object]:
    def change(context: Context, handle: ResourceHandle) -> None:
        names = {"logGroupName": "/cruddur/trail", "filterName": handle.physical_id}
        found = context.client("logs").describe_metric_filters()["metricFilters"][0]
        transformation = {**found["metricTransformations"][0], "metricValue": value}
        context.client("logs").delete_metric_filter(**names)
        context.client("logs").put_metric_filter(
            **names, filterPattern=pattern or found["filterPattern"], metricTransformations=[transformation]
        )

    return change


def open_policy(context: Context, handle: ResourceHandle) -> None:
    anybody = {"Version": "2012-10-17", "Statement": [{**ALLOW, "Principal": "*"}]}
    context.client("logs").put_resource_policy(policyName=handle.physical_id, policyDocument=json.dumps(anybody))


class TestLogs(ResourceTypeTests):
    cases = (
        Case("retention", GROUP, group, ask("put_retention_policy", retentionInDays=1), "RetentionInDays"),
        Case("kept for ever", GROUP, group, ask("delete_retention_policy"), "RetentionInDays"),
        Case("tag", GROUP, group, ask("tag_log_group", tags={"ManagedBy": "hand"}), "Tags"),
        Case("pattern", FILTER, metric_filter, put_filter("{ $.errorCode = Never }", "1"), "FilterPattern"),
        Case("value", FILTER, metric_filter, put_filter("", "0"), "MetricTransformations"),
        Case("open policy", POLICY, resource_policy, open_policy, "PolicyDocument"),
    )


def test_ref_and_getatt_of_a_log_group(context: Context) -> None:
    handle = make(GROUP, group(context))
    assert handle.physical_id == "/cruddur/trail"
    assert handle.attributes == {"Arn": "arn:aws:logs:eu-central-1:123456789012:log-group:/cruddur/trail:*"}


def test_a_group_whose_name_begins_alike_is_another(context: Context) -> None:
    handle = make(GROUP, group(context))
    make(GROUP, {"LogGroupName": "/cruddur/trail-2", "RetentionInDays": 1})
    assert ALL[GROUP].read(context, handle)["RetentionInDays"] == 400


def test_the_key_of_a_group_cannot_change(context: Context) -> None:
    handle, update = make(GROUP, group(context)), ALL[GROUP].update
    assert update is not None
    with pytest.raises(EmbeddedError, match="KmsKeyId: cannot change in place"):
        update(context, handle, {**group(context), "KmsKeyId": KEY.replace("1", "2")})


def test_an_updated_filter_is_still_one_filter(context: Context) -> None:
    declared = metric_filter(context)
    handle, update = make(FILTER, declared), ALL[FILTER].update
    assert update is not None
    update(context, handle, declared)
    assert len(context.client("logs").describe_metric_filters()["metricFilters"]) == 1


def test_moto_still_loses_the_class_of_a_group(context: Context) -> None:
    context.client("logs").create_log_group(logGroupName="g", logGroupClass="INFREQUENT_ACCESS")
    assert "logGroupClass" not in context.client("logs").describe_log_groups()["logGroups"][0]


@pytest.mark.parametrize("operation", ["put_data_protection_policy", "put_index_policy"])
def test_moto_still_has_no_policies_of_a_group(operation: str, context: Context) -> None:
    with pytest.raises(NotImplementedError):
        getattr(context.client("logs"), operation)(logGroupIdentifier="g", policyDocument="{}")
