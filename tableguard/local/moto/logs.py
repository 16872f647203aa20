"""Corrects moto's CloudWatch Logs: PutMetricFilter replaces a filter of the same name, as on AWS."""

from typing import Any

from moto.logs.metric_filters import MetricFilters

from tableguard.local.moto.patch import replace


def install() -> None:
    """Replace how moto keeps metric filters."""
    replace(MetricFilters, "add_filter", _wrapped(MetricFilters.add_filter))


def _wrapped(add: Any) -> Any:
    def add_filter(filters: MetricFilters, name: str, pattern: str, group: str, transformations: Any) -> None:
        # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html
        filters.delete_filter(name, group)
        add(filters, name, pattern, group, transformations)

    return add_filter
