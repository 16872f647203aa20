"""A line that matches makes metric data at its own time: a number, a field's value, or a default where none matches."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tableguard.aws.patterns.filter_pattern import parse
from tableguard.local.alerts.metric_filters import Counted, IngestedLine, counted

NOON = datetime(2026, 12, 1, 12, 0, 30, tzinfo=UTC)


def metric_filter(pattern: str = "{ $.n > 1 }", **transformation: Any) -> dict[str, Any]:
    """A filter as DescribeMetricFilters shows it."""
    defaults = {"metricName": "m", "metricNamespace": "ns", "metricValue": "1"}
    return {"filterPattern": pattern, "metricTransformations": [{**defaults, **transformation}]}


def line(seconds: float = 0, **fields: Any) -> IngestedLine:
    return IngestedLine(NOON + timedelta(seconds=seconds), json.dumps(fields))


def values(metric_filter: dict[str, Any], *lines: IngestedLine) -> list[float]:
    return [one.datum["Value"] for one in counted([metric_filter], lines)]


def test_each_line_that_matches_counts_at_its_time() -> None:
    (one,) = counted([metric_filter(unit="Count")], [line(n=1), line(7, n=2)])
    at = datetime(2026, 12, 1, 12, 0, 37)  # moto's are without a time zone
    data = {"MetricName": "m", "Dimensions": [], "Timestamp": at, "Unit": "Count", "Value": 1.0}
    assert one == Counted("ns", data)


@pytest.mark.parametrize(
    ("stated", "fields", "expected"),
    [
        ("2.5", {}, [2.5]),
        ("$.size", {"size": 7}, [7.0]),
        ("$.size", {"size": "7"}, [7.0]),
        ("$.of[1].size", {"of": [{}, {"size": 3}]}, [3.0]),
        ("$.size", {"size": "large"}, []),
        ("$.size", {"size": True}, []),
        ("$.size", {}, []),
    ],
)
def test_the_value_is_a_number_or_that_of_a_field(stated: str, fields: dict[str, Any], expected: list[float]) -> None:
    assert values(metric_filter(metricValue=stated), line(n=2, **fields)) == expected


def test_a_minute_without_a_match_has_the_default_value() -> None:
    silent = metric_filter(defaultValue=0)
    assert values(silent, line(n=1), line(1, n=1)) == [0.0]
    assert values(silent, line(n=1), line(1, n=2)) == [1.0]
    assert values(silent, line(n=1), line(60, n=2)) == [1.0, 0.0]
    assert values(metric_filter(), line(n=1)) == []


def test_a_dimension_has_the_value_of_its_field() -> None:
    of_call = metric_filter(dimensions={"Call": "$.call", "Absent": "$.absent"})
    (one,) = counted([of_call], [line(n=2, call="DeleteTable")])
    assert one.datum["Dimensions"] == [{"Name": "Call", "Value": "DeleteTable"}]


def test_several_filters_count_the_same_line() -> None:
    filters = [metric_filter("{ $.n = 2 }"), metric_filter("{ $.n = 3 }"), metric_filter("", metricValue="4")]
    assert [one.datum["Value"] for one in counted(filters, [line(n=2)])] == [1.0, 4.0]


PATTERNS = (
    '{ $.eventName = "DeleteTable" }',
    '{ $.eventName != "DeleteTable" }',
    "{ $.eventName IS NULL }",
    "{ $.eventName NOT EXISTS }",
    "{ $.eventName = 5 }",
    '{ ($.eventSource = "dynamodb.amazonaws.com" && $.eventName = "Delete*") || $.n > 1 }',
    "{ $.eventName = %^Del% && $.n = 2 }",
    "DeleteTable",
    "",
)


@pytest.mark.parametrize("name", ["DeleteTable", "CreateTable", None, 5, True, ["DeleteTable"], {"a": 1}, ...])
@pytest.mark.parametrize("source", ["dynamodb.amazonaws.com", "s3.amazonaws.com", ...])
@pytest.mark.parametrize("n", [1, 2])
def test_filters_that_need_not_look_at_a_line_do_not_match_it(name: Any, source: Any, n: int) -> None:
    fields = {"eventName": name, "eventSource": source, "n": n}
    one = line(**{key: value for key, value in fields.items() if value is not ...})
    matching = [pattern for pattern in PATTERNS if parse(pattern)(one.text)]
    counting = [metric_filter(pattern, metricName=pattern) for pattern in PATTERNS]
    assert [value.datum["MetricName"] for value in counted(counting, [one])] == matching
