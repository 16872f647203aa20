"""A line in the embedded metric format makes metrics of it, and any other line none."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stream_lambda.log import METRICS, emit_metrics
from tableguard.local.moto.logs.embedded_metrics import metrics
from tests.worlds import invocations
from tests.worlds.invocations import World

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DIRECTIVE = {"Namespace": "things", "Dimensions": [["of"]], "Metrics": [{"Name": "seen", "Unit": "Count"}]}
LINE: dict[str, Any] = {
    "_aws": {"Timestamp": int(NOW.timestamp() * 1000), "CloudWatchMetrics": [DIRECTIVE]},
    "of": "us",
    "seen": 3,
}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with invocations.running() as running:
        yield running


def changed(**fields: Any) -> str:
    return json.dumps({**LINE, **fields})


def test_a_line_says_namespace_dimensions_and_values() -> None:
    datum = {
        "MetricName": "seen",
        "Dimensions": [{"Name": "of", "Value": "us"}],
        "Timestamp": NOW.replace(tzinfo=None),
        "Unit": "Count",
    }
    assert list(metrics(changed())) == [("things", [{**datum, "Value": 3.0}])]
    assert list(metrics(changed(seen=[1, 2]))) == [("things", [{**datum, "Value": 1.0}, {**datum, "Value": 2.0}])]


@pytest.mark.parametrize(
    "line",
    [
        "{",
        changed(_aws=None),
        changed(_aws={"CloudWatchMetrics": [DIRECTIVE]}),
        changed(_aws={**LINE["_aws"], "CloudWatchMetrics": [{**DIRECTIVE, "Dimensions": [["absent"]]}]}),
        changed(seen="many"),
        changed(seen=None),
    ],
)
def test_a_line_that_does_not_follow_the_specification_makes_none(line: str) -> None:
    assert list(metrics(line)) == []


def test_what_a_function_prints_is_in_cloudwatch(world: World) -> None:
    other = changed(_aws={**LINE["_aws"], "CloudWatchMetrics": []})
    world.invoke({"do": "say", "lines": [changed(), other, changed(seen=4)]})
    world.functions.flush_logs()
    answer = world.client("cloudwatch").get_metric_statistics(
        Namespace="things",
        MetricName="seen",
        Dimensions=[{"Name": "of", "Value": "us"}],
        StartTime=NOW - timedelta(minutes=1),
        EndTime=NOW + timedelta(minutes=1),
        Period=60,
        Statistics=["Sum", "SampleCount"],
    )
    assert [(point["Sum"], point["SampleCount"]) for point in answer["Datapoints"]] == [(7.0, 2.0)]


def test_our_functions_metrics_are_made_of_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    emit_metrics("pattern-d", NOW, dict.fromkeys(METRICS, 1))
    ((namespace, data),) = metrics(capsys.readouterr().out)
    assert (namespace, {datum["MetricName"] for datum in data}) == ("tableguard", set(METRICS))
