"""AWS::CloudWatch::Alarm: alarms watch and tell as declared, and a change shows."""

from collections.abc import Callable
from typing import Any

import pytest

from tableguard.cloudformation.equality import compare
from tableguard.cloudformation.resource_type import Context, Properties, ResourceHandle
from tableguard.errors import EmbeddedError
from tableguard.local.stacks.tracked_properties import TrackedProperties
from tableguard.local.stacks.types import ALL
from tests.cases.resources import ACCOUNT, REGION, TAGS, Case, ResourceTypeTests, context, differences, make

__all__ = ["context"]  # the fixture

ALARM = "AWS::CloudWatch::Alarm"
NAME = "cruddur-stream-late"
ARN = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{NAME}"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:cruddur-alerts"


def alarm(_: Context) -> Properties:
    return {
        "AlarmName": NAME,
        "AlarmDescription": "Conversation rows are over five minutes behind",
        "ActionsEnabled": "true",
        "AlarmActions": [TOPIC],
        "OKActions": [TOPIC],
        "InsufficientDataActions": [TOPIC],
        "Namespace": "AWS/Lambda",
        "MetricName": "IteratorAge",
        "Dimensions": [{"Name": "FunctionName", "Value": "cruddur-pattern-d"}],
        "Statistic": "Maximum",
        "Unit": "Milliseconds",
        "Period": "60",
        "EvaluationPeriods": 5,
        "DatapointsToAlarm": 4,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "Threshold": "300000",
        "TreatMissingData": "notBreaching",
        "Tags": TAGS,
    }


def percentile(_: Context) -> Properties:
    return {
        "AlarmName": NAME,
        "Namespace": "AWS/DynamoDB",
        "MetricName": "SuccessfulRequestLatency",
        "ExtendedStatistic": "p99",
        "EvaluateLowSampleCountPercentile": "ignore",
        "Period": 60,
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 20.5,
    }


def metric(name: str) -> Properties:
    measured = {"Namespace": "Cruddur", "MetricName": name, "Dimensions": [{"Name": "FunctionName", "Value": "f"}]}
    return {"Id": name.lower(), "MetricStat": {"Metric": measured, "Period": 60, "Stat": "Sum"}, "ReturnData": False}


def ratio(_: Context) -> Properties:
    share = {"Id": "share", "Expression": "stale / records", "Label": "Share of stale records", "ReturnData": True}
    return {
        "AlarmName": NAME,
        "Metrics": [share, metric("Stale"), metric("Records")],
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 0.5,
    }


def anomaly(_: Context) -> Properties:
    band = {"Id": "band", "Expression": "ANOMALY_DETECTION_BAND(records, 2)", "ReturnData": True}
    return {
        "AlarmName": NAME,
        "Metrics": [band, {**metric("Records"), "ReturnData": True}],
        "EvaluationPeriods": 1,
        "ComparisonOperator": "LessThanLowerThreshold",
        "ThresholdMetricId": "band",
    }


def cloudwatch(operation: str, **parameters: Any) -> Callable[[Context, ResourceHandle], None]:
    def change(context: Context, handle: ResourceHandle) -> None:
        getattr(context.client("cloudwatch"), operation)(**parameters)

    return change


def put(reported: str, value: Any, declared: Callable[[Context], Properties] = alarm) -> Case:
    """The alarm put again with one property changed."""

    def change(context: Context, handle: ResourceHandle) -> None:
        (kept,) = context.client("cloudwatch").describe_alarms(AlarmNames=[NAME])["MetricAlarms"]
        shape = context.client("cloudwatch").meta.service_model.operation_model("PutMetricAlarm").input_shape.members
        kept = {name: kept[name] for name in kept if name in shape}
        context.client("cloudwatch").put_metric_alarm(**{**kept, reported: value})

    return Case(f"{reported} of {declared.__name__}", ALARM, declared, change, reported)


class TestCloudWatch(ResourceTypeTests):
    cases = (
        put("AlarmDescription", "other"),
        put("ActionsEnabled", False),
        put("AlarmActions", []),
        put("OKActions", [TOPIC, f"{TOPIC}-other"]),
        put("InsufficientDataActions", []),
        put("Namespace", "AWS/Kinesis"),
        put("MetricName", "Errors"),
        put("Dimensions", [{"Name": "FunctionName", "Value": "other"}]),
        put("Statistic", "Average"),
        put("Unit", "Seconds"),
        put("Period", 300),
        put("EvaluationPeriods", 6),
        put("DatapointsToAlarm", 5),
        put("ComparisonOperator", "GreaterThanThreshold"),
        put("Threshold", 300001.0),
        put("TreatMissingData", "ignore"),
        put("ExtendedStatistic", "p50", percentile),
        put("EvaluateLowSampleCountPercentile", "evaluate", percentile),
        put("Threshold", 20.6, percentile),
        put("Metrics", [metric("Stale")], ratio),
        put("Metrics", [{**metric("Stale"), "ReturnData": True}, metric("Records")], ratio),
        put("ThresholdMetricId", "records", anomaly),
        Case("muted", ALARM, alarm, cloudwatch("disable_alarm_actions", AlarmNames=[NAME]), "ActionsEnabled"),
        Case(
            "tag changed",
            ALARM,
            alarm,
            cloudwatch("tag_resource", ResourceARN=ARN, Tags=[{"Key": "ManagedBy", "Value": "hand"}]),
            "Tags",
        ),
        Case(
            "tag removed",
            ALARM,
            alarm,
            cloudwatch("untag_resource", ResourceARN=ARN, TagKeys=["ManagedBy"]),
            "Tags",
        ),
    )


def test_ref_of_an_alarm_is_its_name_and_getatt_gives_the_arn(context: Context) -> None:
    handle = make(ALARM, alarm(context))
    assert (handle.physical_id, handle.attributes) == (NAME, {"Arn": ARN})


def test_an_alarm_without_a_name_gets_the_generated_one(context: Context) -> None:
    declared = alarm(context)
    del declared["AlarmName"]
    assert make(ALARM, declared).physical_id == "stack-Resource-1A2B3C"


def test_an_alarm_keeps_its_name(context: Context) -> None:
    declared, update = alarm(context), ALL[ALARM].update
    handle = make(ALARM, declared)
    assert update is not None
    with pytest.raises(EmbeddedError, match="AWS::CloudWatch::Alarm AlarmName: cannot change in place"):
        update(context, handle, {**declared, "AlarmName": "other"})


def test_an_update_takes_away_what_the_template_no_longer_says(context: Context) -> None:
    declared, update = alarm(context), ALL[ALARM].update
    handle = make(ALARM, declared)
    dropped = {"DatapointsToAlarm", "OKActions", "Tags"}
    less = TrackedProperties({name: value for name, value in declared.items() if name not in dropped})
    assert update is not None
    update(context, handle, less)
    assert {found.property for found in differences(ALARM, declared, context, handle)} == dropped
    assert dropped <= less.names_read


def test_the_next_alarm_of_the_same_name_has_no_tags_of_the_last(context: Context) -> None:
    declared = alarm(context)
    ALL[ALARM].delete(context, make(ALARM, declared))
    del declared["Tags"]
    assert ALL[ALARM].read(context, make(ALARM, declared))["Tags"] == []


def test_what_is_said_to_be_lost_is_lost(context: Context) -> None:
    cloudwatch = context.client("cloudwatch")
    elsewhere = {**metric("Records"), "AccountId": "444455556666"}
    declared = {**ratio(context), "Metrics": [elsewhere]}
    cloudwatch.put_metric_alarm(**declared)
    (kept,) = cloudwatch.describe_alarms()["MetricAlarms"]
    assert [found.property for found in compare(declared, kept)] == ["Metrics"]
    assert compare(declared, kept, ALL[ALARM].not_modelled) == []
    lost = {
        "ActionConfiguration": {"AlarmTagsPropagation": {"Enabled": True}},
        "EvaluationCriteria": {"PromQLCriteria": {"Query": "up"}},
        "EvaluationInterval": 60,
        "EvaluationWindow": {"SlidingWindow": {}},
        "WarmUpConfiguration": {"WarmUpPeriodDurationInMinutes": 5},
    }
    assert set(ALL[ALARM].not_modelled) == {*lost, "Metrics.AccountId"}
    cloudwatch.put_metric_alarm(**{**declared, "Metrics": [metric("Records")], "AlarmName": "with-more"}, **lost)
    (kept,) = cloudwatch.describe_alarms(AlarmNames=["with-more"])["MetricAlarms"]
    assert kept.keys() & lost.keys() == set()
