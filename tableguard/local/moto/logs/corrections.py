"""Corrects moto's CloudWatch Logs: PutMetricFilter replaces a filter, and FilterLogEvents reads its pattern, as on AWS.

moto doubles a metric filter that is put again, and takes any pattern for it. Of filter patterns it reads single terms
and phrases, and returns every event for any other. It ignores a prefix of log streams, and sorts
by stream. It keeps logs for any number of days.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.logs import models
from moto.logs.exceptions import InvalidParameterException
from moto.logs.metric_filters import MetricFilters
from moto.logs.models import LogsBackend, LogStream
from moto.logs.responses import LogsResponse

from tableguard.aws.patterns.filter_pattern import FilterPatternError, parse
from tableguard.local.alerts.metric_filters import IngestedLine
from tableguard.local.moto.logs import embedded_metrics
from tableguard.local.moto.patch import replace, wrap
from tableguard.local.watch import watch

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)


def install() -> None:
    """Replace how moto keeps metric filters and retention, and matches events."""
    wrap(MetricFilters, "add_filter", _add_filter)
    wrap(LogsResponse, "filter_log_events", _filter_request)
    wrap(LogsBackend, "filter_log_events", _filter)
    wrap(LogsBackend, "put_retention_policy", _keep)
    replace(models, "EventMessageFilter", _Matching)
    wrap(LogStream, "put_log_events", _counted)
    setattr(LogsResponse, test_metric_filter.__name__, test_metric_filter)
    embedded_metrics.install()


def _add_filter(add: Callable[..., None], filters: MetricFilters, name: str, *rest: Any) -> None:
    # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html
    pattern, group, _ = rest
    _check_pattern(pattern)
    filters.delete_filter(name, group)
    add(filters, name, *rest)


def _counted(put: Callable[..., str], stream: LogStream, events: list[dict[str, Any]]) -> str:
    """Let the metric filters of the group count what comes to it."""
    token = put(stream, events)
    watching = watch.in_use()
    if watching is not None:
        ahead = embedded_metrics.lead(stream)
        lines = (IngestedLine(_moment(event["timestamp"]) + ahead, event["message"]) for event in events)
        watching.alerts.lines(stream.account_id, stream.region, stream.log_group.name, lines)
    return token


def test_metric_filter(handler: LogsResponse) -> str:
    """Answer TestMetricFilter, which moto lacks: the events that match, without the values of their fields."""
    pattern = handler._get_param("filterPattern")
    _check_pattern(pattern)
    matches, events = parse(pattern), handler._get_param("logEventMessages")
    # the page does not say from which number events are counted; here it is zero
    numbered = [(number, event) for number, event in enumerate(events) if matches(event)]
    return json.dumps({"matches": [{"eventNumber": number, "eventMessage": event} for number, event in numbered]})


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _keep(put: Callable[..., None], backend: LogsBackend, group: str, days: int) -> None:
    if days not in _DAYS:
        allowed = f"Member must satisfy enum value set: {list(_DAYS)}"
        raise InvalidParameterException(constraint=allowed, parameter="retentionInDays", value=days)
    put(backend, group, days)


def _filter_request(answer: Callable[[LogsResponse], str], handler: LogsResponse) -> str:
    for parameter in ("logStreamNamePrefix", "logGroupIdentifier"):
        if handler._get_param(parameter):
            raise _not_modelled(f"{parameter} of FilterLogEvents: give names")
    return answer(handler)


def _filter(original: Callable[..., Any], backend: LogsBackend, *arguments: Any) -> Any:
    *others, pattern, _ = arguments
    _check_pattern(pattern or "")
    # events of several streams come together, sorted by time:
    # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
    return original(backend, *others, pattern, True)


def _check_pattern(pattern: str) -> None:
    try:
        parse(pattern)
    except FilterPatternError as error:
        raise JsonRESTError("InvalidParameterException", f"Invalid filter pattern. ({error})") from error


def _not_modelled(what: str) -> JsonRESTError:
    return JsonRESTError("NotModelled", f"not modelled: {what}")


class _Matching:
    """Matches as moto's EventMessageFilter does."""

    def __init__(self, pattern: str | None) -> None:
        self._matches = parse(pattern or "")

    def matches(self, message: str) -> bool:
        return self._matches(message)
