"""Metric filters: lines of a log group that match a pattern make metric data, at the time of the line.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/MonitoringLogData.html
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_MetricTransformation.html
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from tableguard.aws.patterns.filter_pattern import parse
from tableguard.local.alerts.metrics import datum

_FIELD = re.compile(r"\.([\w-]+)|\[(\d+)\]")


@dataclass(frozen=True)
class IngestedLine:
    """A line that came to a log group."""

    time: datetime
    text: str

    @cached_property
    def fields(self) -> Any:
        """Return the line's JSON; None if it is none."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None


@dataclass(frozen=True)
class Counted:
    """A value of a metric, in the namespace to which it goes."""

    namespace: str
    datum: Mapping[str, Any]


def counted(filters: Sequence[Mapping[str, Any]], lines: Iterable[IngestedLine]) -> Iterator[Counted]:
    """Yield what filters, as DescribeMetricFilters shows them, make of lines that came together.

    Where none of a minute matches, a metric has its default value for the minute, if it has one.
    """
    minutes, matched = set[datetime](), set[tuple[int, datetime]]()
    for line in lines:
        minute = line.time.replace(second=0, microsecond=0)
        minutes.add(minute)
        for number, metric_filter in enumerate(filters):
            if parse(metric_filter["filterPattern"])(line.text):
                matched.add((number, minute))
                for transformation in metric_filter["metricTransformations"]:
                    yield from _of_line(transformation, line)
    for number, metric_filter in enumerate(filters):
        for minute in sorted(minutes):
            if (number, minute) not in matched:
                yield from _defaults(metric_filter, minute)


def _defaults(metric_filter: Mapping[str, Any], minute: datetime) -> Iterator[Counted]:
    for transformation in metric_filter["metricTransformations"]:
        if transformation.get("defaultValue") is not None:
            yield _value(transformation, float(transformation["defaultValue"]), minute, {})


def _of_line(transformation: Mapping[str, Any], line: IngestedLine) -> Iterator[Counted]:
    """Yield the value that a line has, if it is a number; a dimension whose field is absent is left out."""
    stated = str(transformation["metricValue"])
    value = _number(_at(line.fields, stated) if stated.startswith("$") else stated)
    if value is not None:
        named = {name: _at(line.fields, path) for name, path in (transformation.get("dimensions") or {}).items()}
        dimensions = {name: str(text) for name, text in named.items() if isinstance(text, str | int | float)}
        yield _value(transformation, value, line.time, dimensions)


def _value(transformation: Mapping[str, Any], value: float, time: datetime, dimensions: Mapping[str, str]) -> Counted:
    unit = transformation.get("unit") or "None"
    return Counted(
        transformation["metricNamespace"], datum(transformation["metricName"], value, time, unit, **dimensions)
    )


def _number(value: Any) -> float | None:
    try:
        return None if isinstance(value, bool | None) else float(value)
    except (TypeError, ValueError):
        return None


def _at(fields: Any, path: str) -> Any:
    for name, index in _FIELD.findall(path):
        if name and isinstance(fields, Mapping):
            fields = fields.get(name)
        elif index and isinstance(fields, list) and int(index) < len(fields):
            fields = fields[int(index)]
        else:
            return None
    return fields
