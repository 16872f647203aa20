"""The alarms of every stack: negative metric data, which the trail does not record, hides nothing from them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from tableguard.settings import example
from tableguard.stacks.registry import STACKS
from tests.worlds.boto3_emulation import emulated_aws
from tests.worlds.requirements import of_type, stack

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
HIDING = -1e9
CLOUDWATCH = boto3.Session("no", "keys", region_name="eu-central-1").client("cloudwatch")

ALARMS = [
    pytest.param(alarm, id=f"{settings}: {one.name} {title}")
    for settings in ("default", "existing-vpc")
    for one in STACKS
    for title, alarm in of_type(stack(one.name, example(settings)), "AWS::CloudWatch::Alarm").items()
]


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


def test_a_counted_metric_has_samples_for_records_alone() -> None:
    filters = of_type(stack("audit"), "AWS::Logs::MetricFilter").values()
    alarms = of_type(stack("audit"), "AWS::CloudWatch::Alarm").values()
    assert {alarm["Statistic"] for alarm in alarms} == {"SampleCount"}
    transformations = [one for each in filters for one in each["MetricTransformations"]]
    assert [one["MetricName"] for one in transformations] == [alarm["MetricName"] for alarm in alarms]
    assert all("DefaultValue" not in one for one in transformations)
