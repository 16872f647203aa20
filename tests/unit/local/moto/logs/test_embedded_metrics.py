"""A line in the embedded metric format makes metrics of it, and any other line none."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto.cloudwatch.models import cloudwatch_backends

from stream_lambda.log import METRICS, emit_metrics
from tableguard.local.moto.logs.embedded_metrics import metrics
from tableguard.local.watch import watch
from tableguard.local.watch.clock import Clock
from tests.worlds import invocations
from tests.worlds.invocations import ACCOUNT, REGION, World

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


@pytest.mark.parametrize("by_function", [True, False])
def test_on_an_estate_that_is_ahead_a_functions_metrics_are_of_the_estates_time(
    world: World, by_function: bool
) -> None:
    name = "ahead" if by_function else "here"
    line = changed(_aws={**LINE["_aws"], "CloudWatchMetrics": [{**DIRECTIVE, "Namespace": name}]})
    with ahead(timedelta(days=2)) as clock:
        if by_function:
            world.invoke({"do": "say", "lines": [line]})
            world.functions.flush_logs()
        else:
            write(world, line)
        assert clock.lead() == timedelta(days=2)
    data = [one for one in cloudwatch_backends[ACCOUNT][REGION].metric_data if one.namespace == name]
    moved = timedelta(days=2 if by_function else 0)
    assert [one.timestamp.replace(tzinfo=UTC) for one in data] == [NOW + moved]


def write(world: World, line: str) -> None:
    """Write a line to a stream that is no function's."""
    logs = world.client("logs")
    logs.create_log_group(logGroupName="other")
    logs.create_log_stream(logGroupName="other", logStreamName="stream")
    events = [{"timestamp": int(datetime.now(UTC).timestamp() * 1000), "message": line}]
    logs.put_log_events(logGroupName="other", logStreamName="stream", logEvents=events)


@contextmanager
def ahead(by: timedelta) -> Iterator[Clock]:
    """The estate's clock, ahead of the machine's."""
    watching = watch.in_use()
    assert watching is not None
    watching.clock.ahead += by
    yield watching.clock
    watching.clock.ahead -= by


def test_our_functions_metrics_are_made_of_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    emit_metrics("pattern-d", NOW, dict.fromkeys(METRICS, 1))
    ((namespace, data),) = metrics(capsys.readouterr().out)
    assert (namespace, {datum["MetricName"] for datum in data}) == ("tableguard", set(METRICS))
