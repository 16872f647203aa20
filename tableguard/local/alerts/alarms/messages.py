"""What CloudWatch says when the state of an alarm changes: to topics, to functions, and on the event bus.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from tableguard.aws.arn import require
from tableguard.local.alerts.alarms.evaluation import Datapoint

_KEYS_OF_STATISTICS = {"SampleCount": "SAMPLECOUNT", "Sum": "SUM", "Average": "AVERAGE"}


def subject(alarm: Any) -> str:
    """Return the subject of an e-mail; AWS names the region by its place."""
    return f'{alarm.state_value}: "{alarm.name}" in {alarm.region_name}'


def message(alarm: Any, previous: str) -> str:
    """Return the text that is published to a topic."""
    arn = require(alarm.alarm_arn)
    return json.dumps(
        {
            "AlarmName": alarm.name,
            "AlarmDescription": alarm.description,
            "AWSAccountId": arn.account,
            "AlarmConfigurationUpdatedTimestamp": _moment(alarm.configuration_updated_timestamp),
            "NewStateValue": alarm.state_value,
            "NewStateReason": alarm.state_reason,
            "StateChangeTime": _moment(alarm.state_updated_timestamp),
            "Region": alarm.region_name,
            "AlarmArn": alarm.alarm_arn,
            "OldStateValue": previous,
            "OKActions": alarm.ok_actions,
            "AlarmActions": alarm.alarm_actions,
            "InsufficientDataActions": alarm.insufficient_data_actions,
            **({"AlarmRule": alarm.rule} if alarm.rule is not None else {"Trigger": _trigger(alarm)}),
        }
    )


def _trigger(alarm: Any) -> dict[str, Any]:
    return {
        "MetricName": alarm.metric_name,
        "Namespace": alarm.namespace,
        "StatisticType": "Statistic",
        "Statistic": _KEYS_OF_STATISTICS.get(alarm.statistic, str(alarm.statistic).upper()),
        "Unit": alarm.unit,
        "Dimensions": [{"value": dimension.value, "name": dimension.name} for dimension in alarm.dimensions],
        "Period": alarm.period,
        "EvaluationPeriods": alarm.evaluation_periods,
        "DatapointsToAlarm": alarm.datapoints_to_alarm or alarm.evaluation_periods,
        "ComparisonOperator": alarm.comparison_operator,
        "Threshold": alarm.threshold,
        "TreatMissingData": alarm.treat_missing_data or "missing",
        "EvaluateLowSampleCountPercentile": "",
    }


def state_of(alarm: Any) -> dict[str, Any]:
    """Return the state of an alarm as events show it."""
    return {
        "value": alarm.state_value,
        "reason": alarm.state_reason,
        "reasonData": alarm.state_reason_data,
        "timestamp": _moment(alarm.state_updated_timestamp),
    }


def event_detail(alarm: Any, previous: Mapping[str, Any]) -> dict[str, Any]:
    """Return the detail of the event of a change of state."""
    composite = {"alarmRule": alarm.rule} if alarm.rule is not None else {"metrics": _metrics(alarm)}
    return {
        "alarmName": alarm.name,
        "state": state_of(alarm),
        "previousState": dict(previous),
        "configuration": {"description": alarm.description, **composite},
    }


def _metrics(alarm: Any) -> list[dict[str, Any]]:
    dimensions = {dimension.name: dimension.value for dimension in alarm.dimensions}
    metric = {"namespace": alarm.namespace, "name": alarm.metric_name, "dimensions": dimensions}
    stat = {"metric": metric, "period": alarm.period, "stat": alarm.statistic}
    return [{"id": alarm.name, "metricStat": stat, "returnData": True}]


def for_function(alarm: Any, previous: str) -> dict[str, Any]:
    """Return what a function receives that is the action of an alarm."""
    data = event_detail(alarm, {"value": previous})
    arn = require(alarm.alarm_arn)
    time = _moment(alarm.state_updated_timestamp)
    where = {"accountId": arn.account, "region": arn.region, "time": time}
    return {"source": "aws.cloudwatch", "alarmArn": alarm.alarm_arn, **where, "alarmData": data}


def reason_data(alarm: Any, datapoints: Iterable[Datapoint], now: datetime) -> dict[str, Any]:
    """Return the data of a reason: the datapoints that decided, the newest last."""
    points = tuple(reversed(tuple(datapoints)))
    return {
        "version": "1.0",
        "queryDate": _moment(now),
        **({"startDate": _moment(points[0].start)} if points else {}),
        "statistic": alarm.statistic,
        "period": alarm.period,
        "recentDatapoints": [point.value for point in points],
        "threshold": alarm.threshold,
        "evaluatedDatapoints": [{"timestamp": _moment(point.start), "value": point.value} for point in points],
    }


def _moment(time: datetime) -> str:
    """Return a moment, which is in UTC if it does not say, as CloudWatch writes it."""
    utc = time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    return utc.isoformat(timespec="milliseconds").replace("+00:00", "+0000")
