"""Extension of moto's CloudWatch Logs: lines in the embedded metric format make metrics, as on AWS.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html

A function's process reads the machine's clock, ahead of which the estate may be: its lines are of the estate's time.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.logs.models import LogStream

from tableguard.local.moto.patch import wrap
from tableguard.local.watch import watch

_OF_FUNCTION = re.compile(r"\d{4}/\d\d/\d\d/\[.+\][0-9a-f]{32}")  # as Lambda names a stream


def install() -> None:
    """Wrap LogStream.put_log_events."""
    wrap(LogStream, "put_log_events", _put_log_events)


def _put_log_events(original: Callable[..., str], stream: LogStream, events: list[dict[str, Any]]) -> str:
    token = original(stream, events)
    for event in events:
        if event["message"].startswith("{") and '"_aws"' in event["message"]:
            for namespace, data in metrics(event["message"], lead(stream)):
                cloudwatch_backends[stream.account_id][stream.region].put_metric_data(namespace, data)
    return token


def lead(stream: LogStream) -> timedelta:
    """Return how far the estate is ahead of the clock by which a stream's lines are written."""
    watching = watch.in_use()
    if watching is None or not _OF_FUNCTION.fullmatch(stream.log_stream_name):
        return timedelta()
    return watching.clock.lead()


def metrics(line: str, ahead: timedelta = timedelta()) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield the metrics of a line by namespace; none if the line does not follow the specification."""
    try:
        fields = json.loads(line)
        metadata = fields["_aws"]
        when = datetime.fromtimestamp(metadata["Timestamp"] / 1000, UTC).replace(tzinfo=None) + ahead  # as moto has it
        every = metadata["CloudWatchMetrics"]
        directives = [(directive["Namespace"], list(_data(fields, directive, when))) for directive in every]
    except (KeyError, TypeError, ValueError):
        return  # CloudWatch takes such a line for a line like others
    yield from directives


def _data(fields: Mapping[str, Any], directive: Mapping[str, Any], when: datetime) -> Iterator[dict[str, Any]]:
    for names in directive["Dimensions"]:
        dimensions = [{"Name": name, "Value": str(fields[name])} for name in names]
        for metric in directive["Metrics"]:
            value = fields[metric["Name"]]
            for one in value if isinstance(value, list) else [value]:
                yield {
                    "MetricName": metric["Name"],
                    "Dimensions": dimensions,
                    "Timestamp": when,
                    "Unit": metric.get("Unit", "None"),
                    "Value": float(one),
                }
