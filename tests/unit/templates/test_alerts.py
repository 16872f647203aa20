"""The alarms of every stack: forged metric data hides nothing from them, and what alerts is watched itself."""

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from tableguard.settings import example
from tableguard.stacks.registry import enabled_stacks, find_stack
from tableguard.stacks.render import render
from tests.worlds.boto3_emulation import emulated_aws
from tests.worlds.requirements import of_type, stack, statement
from tests.worlds.settings_files import EXAMPLES

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
HIDING = -1e9
SILENCE = "TrailSilentAlarm"  # rings where data is missing: no value can ring it, and any other hides
CLOUDWATCH = boto3.Session("no", "keys", region_name="eu-central-1").client("cloudwatch")

EVERY_ALARM = [
    pytest.param(alarm, id=f"{settings}: {one.name} {title}")
    for settings in EXAMPLES
    for one in enabled_stacks(example(settings))
    for title, alarm in of_type(stack(one.name, example(settings)), "AWS::CloudWatch::Alarm").items()
]
# those that ring by high values; the others ring by low ones, or by none
ALARMS = [one for one in EVERY_ALARM if one.values[0]["ComparisonOperator"].startswith("Greater")]  # type: ignore[index]
LOW = [one for one in EVERY_ALARM if one not in ALARMS]


def statistic(alarm: dict[str, Any], name: str, values: list[float]) -> float:
    """Return a statistic of one period into which these values of the alarm's metric were written."""
    metric = {"MetricName": alarm["MetricName"], "Timestamp": NOON}
    with emulated_aws():
        CLOUDWATCH.put_metric_data(
            Namespace=alarm["Namespace"], MetricData=[{**metric, "Value": value} for value in values]
        )
        (point,) = CLOUDWATCH.get_metric_statistics(
            Namespace=alarm["Namespace"],
            MetricName=alarm["MetricName"],
            StartTime=NOON,
            EndTime=NOON + timedelta(seconds=alarm["Period"]),
            Period=alarm["Period"],
            Statistics=[name],
        )["Datapoints"]
        return float(point[name])


def what_rings(alarm: dict[str, Any]) -> list[float]:
    """Return the fewest values that ring an alarm: so many records where it counts, else one value."""
    threshold = float(alarm["Threshold"])
    return [1.0] * int(threshold) if alarm["Statistic"] == "SampleCount" else [threshold]


@pytest.mark.parametrize("alarm", ALARMS)
def test_a_negative_value_hides_nothing_from_an_alarm_and_would_from_a_sum(alarm: dict[str, Any]) -> None:
    written = [*what_rings(alarm), HIDING]
    assert statistic(alarm, alarm["Statistic"], written) >= alarm["Threshold"]
    assert statistic(alarm, "Sum", written) < alarm["Threshold"]


@pytest.mark.parametrize("alarm", LOW)
def test_an_alarm_that_rings_by_a_low_value_rings_by_none_and_is_of_a_metric_that_nobody_can_forge(
    alarm: dict[str, Any],
) -> None:
    assert alarm["TreatMissingData"] == "breaching"
    # names that begin with AWS/ are CloudWatch's own:
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
    assert alarm["Namespace"].startswith("AWS/")


def of_audit(kind: str) -> dict[str, dict[str, Any]]:
    """Return the properties of the audit stack's resources of a type, by logical id."""
    return of_type(stack("audit"), kind)


def test_a_counted_metric_has_samples_for_records_alone() -> None:
    filters = of_audit("AWS::Logs::MetricFilter")
    alarms = [one for one in of_audit("AWS::CloudWatch::Alarm").values() if one["Namespace"] == "cruddur/trail"]
    assert {alarm["Statistic"] for alarm in alarms} == {"SampleCount"}
    transformations = [one for each in filters.values() for one in each["MetricTransformations"]]
    assert [one["MetricName"] for one in transformations] == [alarm["MetricName"] for alarm in alarms]
    assert all("DefaultValue" not in one for one in transformations)


def test_a_silent_trail_rings_by_a_metric_that_nobody_can_forge() -> None:
    alarm = of_audit("AWS::CloudWatch::Alarm")[SILENCE]
    assert alarm["TreatMissingData"] == "breaching"
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)
    assert alarm["Dimensions"] == [{"Name": "LogGroupName", "Value": {"Ref": "TrailLogs"}}]
    # names that begin with AWS/ are CloudWatch's own:
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/Logs", "IncomingLogEvents")


def test_each_event_rule_keeps_what_it_could_not_tell_and_an_alarm_says_that_it_could_not() -> None:
    rules, alarms = of_audit("AWS::Events::Rule"), of_audit("AWS::CloudWatch::Alarm").values()
    queue = {"Fn::GetAtt": ["AlertDeadLetters", "Arn"]}
    assert all(target["DeadLetterConfig"] == {"Arn": queue} for rule in rules.values() for target in rule["Targets"])
    failures = [one["Dimensions"] for one in alarms if one["MetricName"] == "FailedInvocations"]
    assert failures == [[{"Name": "RuleName", "Value": {"Ref": rule}}] for rule in rules]
    (kept,) = [one for one in alarms if one["Namespace"] == "AWS/SQS"]
    assert kept["Dimensions"] == [{"Name": "QueueName", "Value": {"Fn::GetAtt": ["AlertDeadLetters", "QueueName"]}}]


def test_only_the_rules_of_the_workload_fill_their_queue_and_its_key_serves_them() -> None:
    policy = of_audit("AWS::SQS::QueuePolicy")["AlertDeadLettersPolicy"]["PolicyDocument"]
    allowed = [one for one in policy["Statement"] if one["Effect"] == "Allow"]
    assert [one["Principal"] for one in allowed] == [{"Service": "events.amazonaws.com"}]
    of_rules = {"Fn::Sub": "arn:aws:events:${AWS::Region}:${AWS::AccountId}:rule/cruddur-*"}
    assert allowed[0]["Condition"] == {"ArnLike": {"aws:SourceArn": of_rules}}
    use = statement(of_audit("AWS::KMS::Key")["AuditKey"]["KeyPolicy"], "EventRulesKeepDeadLetters")
    of_queue = {"Fn::Sub": "arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:cruddur-alert-dead-letters"}
    assert use["Condition"] == {"StringEquals": {"kms:EncryptionContext:aws:sqs:arn": of_queue}}
    assert of_audit("AWS::SQS::Queue")["AlertDeadLetters"]["QueueName"] == "cruddur-alert-dead-letters"


@pytest.mark.parametrize("name", ["audit", "oversight"])
def test_the_stack_stays_within_what_aws_takes(name: str) -> None:
    template = stack(name)
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
    assert len(of_type(template, "AWS::Logs::MetricFilter")) <= 100
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html: rules of a bus
    assert len(of_type(template, "AWS::Events::Rule")) <= 300
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
    assert len(template["Resources"]) <= 500
    assert len(render(example(), [find_stack(name)])[name]) <= 1_000_000
