"""Metric filters: lines of a log group that match a pattern make metric data, at the time of the line.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/MonitoringLogData.html
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_MetricTransformation.html
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from tableguard.aws.patterns.filter_pattern import fields_of, necessary, parse
from tableguard.local.alerts.metrics import datum

_OF_A_CALL = ("eventSource", "eventName")
_Texts = tuple[tuple[str, str], ...]
_FIELD = re.compile(r"\.([\w-]+)|\[(\d+)\]")


@dataclass(frozen=True)
class IngestedLine:
    """A line that came to a log group."""

    time: datetime
    text: str

    @property
    def fields(self) -> Any:
        """Return the line's JSON object; None if it is none."""
        return fields_of(self.text)

    @property
    def of_call(self) -> _Texts | None:
        """Return the fields that tell most of CloudTrail's records apart; None if one of them is not a text."""
        fields = self.fields or {}
        texts = tuple((name, fields[name]) for name in _OF_A_CALL if name in fields)
        return texts if all(isinstance(text, str) for _, text in texts) else None


@dataclass(frozen=True)
class Counted:
    """A value of a metric, in the namespace to which it goes."""

    namespace: str
    datum: Mapping[str, Any]


def counted(filters: Sequence[Mapping[str, Any]], lines: Iterable[IngestedLine]) -> Iterator[Counted]:
    """Yield what filters, as DescribeMetricFilters shows them, make of lines that came together.

    Where none of a minute matches, a metric has its default value for the minute, if it has one.
    """
    patterns = tuple(metric_filter["filterPattern"] for metric_filter in filters)
    minutes, matched = set[datetime](), set[tuple[int, datetime]]()
    for line in lines:
        minute = line.time.replace(second=0, microsecond=0)
        minutes.add(minute)
        for number in _candidates(patterns, line.of_call):
            if parse(patterns[number])(line.text):
                matched.add((number, minute))
                for transformation in filters[number]["metricTransformations"]:
                    yield from _of_line(transformation, line)
    for number, metric_filter in enumerate(filters):
        for minute in sorted(minutes):
            if (number, minute) not in matched:
                yield from _defaults(metric_filter, minute)


@lru_cache(maxsize=4096)
def _candidates(patterns: tuple[str, ...], of_call: _Texts | None) -> tuple[int, ...]:
    """Return the places of the patterns that a line may match: of one about a call few of the dozens over a trail."""
    fields, selectors = dict(of_call or ()), frozenset(f"$.{name}" for name in _OF_A_CALL)
    return tuple(
        number for number, pattern in enumerate(patterns) if of_call is None or necessary(pattern, selectors)(fields)
    )


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
        dimensions = {name: str(text) for name, text in named.items() if isinstance(text, str | int | float | Decimal)}
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
