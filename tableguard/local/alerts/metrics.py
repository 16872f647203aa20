"""The metric data of an account and region, as moto keeps it for all who write it, summed up by ten seconds.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.models import MetricAggregatedDatum, cloudwatch_backends

RESOLUTION = 10  # seconds: the shortest period of an alarm that is longer than a second


@dataclass(frozen=True)
class Metric:
    """A metric by its namespace, name and dimensions; with a unit, the data in that unit alone."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]] = frozenset()
    unit: str | None = None


@dataclass(frozen=True)
class Statistics:
    """What is kept of the values of a period."""

    samples: float
    total: float
    minimum: float
    maximum: float

    def __add__(self, other: "Statistics") -> "Statistics":
        return Statistics(
            self.samples + other.samples,
            self.total + other.total,
            min(self.minimum, other.minimum),
            max(self.maximum, other.maximum),
        )

    def value(self, statistic: str) -> float:
        """Return a statistic by CloudWatch's name; KeyError if it is none that is kept."""
        return {
            "SampleCount": self.samples,
            "Sum": self.total,
            "Average": self.total / self.samples,
            "Minimum": self.minimum,
            "Maximum": self.maximum,
        }[statistic]


STATISTICS = frozenset(("SampleCount", "Sum", "Average", "Minimum", "Maximum"))


@dataclass
class MetricIndex:
    """The statistics of each metric of an account and region, of as much of moto's data as was read."""

    _read: int = 0
    _statistics: dict[Metric, dict[int, Statistics]] = field(default_factory=dict)

    def update(self, data: list[Any]) -> None:
        """Read the data that came since the last time."""
        if self._read > len(data):  # moto was emptied
            self._read, self._statistics = 0, {}
        new = data[self._read :]
        self._read += len(new)  # not all of the data: more may come meanwhile
        for datum in new:
            self._add(datum)

    def between(self, metric: Metric, start: int, end: int) -> Statistics | None:
        """Return the statistics of a metric from a second to another; None if it has no data there."""
        kept = self._statistics.get(metric, {})
        periods = range(start // RESOLUTION, end // RESOLUTION)
        candidates = periods if len(periods) < len(kept) else kept  # whichever are fewer
        return _total([kept[period] for period in candidates if period in periods and period in kept])

    def _add(self, datum: Any) -> None:
        dimensions = frozenset((dimension.name, dimension.value) for dimension in datum.dimensions)
        period, statistics = epoch(datum.timestamp) // RESOLUTION, _statistics_of(datum)
        for unit in {None, datum.unit}:
            kept = self._statistics.setdefault(Metric(datum.namespace, datum.name, dimensions, unit), {})
            kept[period] = kept[period] + statistics if period in kept else statistics


def put(account: str, region: str, namespace: str, data: Iterable[Mapping[str, Any]]) -> None:
    """Write metric data as an AWS service, to where PutMetricData writes it."""
    cloudwatch_backends[account][region].put_metric_data(namespace, [dict(datum) for datum in data])


def datum(name: str, value: float, when: datetime, unit: str = "None", **dimensions: str) -> dict[str, Any]:
    """Return one value of a metric as PutMetricData takes it."""
    pairs = [{"Name": key, "Value": text} for key, text in dimensions.items()]
    # moto compares moments without a time zone
    at = when.astimezone(UTC).replace(tzinfo=None)
    return {"MetricName": name, "Dimensions": pairs, "Timestamp": at, "Unit": unit, "Value": float(value)}


def epoch(moment: datetime) -> int:
    """Return the seconds since 1970 of a moment, which is in UTC if it does not say."""
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _statistics_of(datum: Any) -> Statistics:
    if isinstance(datum, MetricAggregatedDatum):
        return Statistics(datum.sample_count, datum.sum, datum.min, datum.max)
    return Statistics(1, datum.value, datum.value, datum.value)


def _total(parts: list[Statistics]) -> Statistics | None:
    total = None
    for part in parts:
        total = part if total is None else total + part
    return total
