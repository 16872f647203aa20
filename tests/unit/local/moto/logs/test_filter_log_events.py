"""FilterLogEvents and PutMetricFilter take filter patterns as AWS does, and refuse in words what AWS refuses."""

from collections.abc import Iterator

import pytest

from tests.worlds import invocations
from tests.worlds.edge import refusal
from tests.worlds.invocations import GROUP, World

JSON = '{"level": "ERROR", "event": "poison", "n": 3}'


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with invocations.running() as running:
        running.invoke({"do": "say", "lines": ["alpha", JSON, "omega"]})
        yield running


def test_the_lines_of_a_function_are_sought_by_their_pattern(world: World) -> None:
    assert world.log_lines(filterPattern='{ $.event = "poison" }') == [f"{JSON}\n"]
    assert world.log_lines(filterPattern="?alpha ?omega")[1:] == ["alpha\n", "omega\n"]
    assert world.log_lines(filterPattern="%^omeg.$%") == []  # the line ends with a line break
    assert world.log_lines(filterPattern="%^omeg.%") == ["omega\n"]
    assert [line.split()[0] for line in world.log_lines(filterPattern="RequestId")] == ["START", "END", "REPORT"]


def test_a_pattern_that_aws_refuses_is_refused_in_words(world: World) -> None:
    logs = world.client("logs")
    logs.create_log_group(logGroupName="/empty")
    for group in (GROUP, "/empty"):
        answer = refusal(logs.filter_log_events, logGroupName=group, filterPattern="{ $.level }")
        assert answer[:2] == (400, "InvalidParameterException")
        assert refusal(
            logs.put_metric_filter,
            logGroupName=group,
            filterName="bad",
            filterPattern="{ $.level }",
            metricTransformations=[{"metricName": "Bad", "metricNamespace": "ns", "metricValue": "1"}],
        ) == (400, "InvalidParameterException", answer[2])
    logs.delete_log_group(logGroupName="/empty")


def test_a_prefix_of_streams_is_refused_in_words(world: World) -> None:
    answer = refusal(world.client("logs").filter_log_events, logGroupName=GROUP, logStreamNamePrefix="2026")
    assert answer[:2] == (400, "NotModelled")
