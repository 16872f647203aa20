"""Corrections of moto's CloudWatch: alarms are evaluated by the watch, have its time, and are described page by page.

moto's new alarm is OK, as is one that is put again; AWS's has insufficient data, and keeps its state:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html

moto describes all alarms at once. AWS describes at most MaxRecords, which is from 1 to 100:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.exceptions import CloudWatchException
from moto.cloudwatch.models import Alarm, CloudWatchBackend
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult, EmptyResult

from tableguard.aws.arn import require
from tableguard.local.alerts.alarms import rule
from tableguard.local.alerts.alarms.alarms import Transition
from tableguard.local.alerts.alarms.evaluation import State
from tableguard.local.alerts.alarms.history import HistoryItem
from tableguard.local.alerts.alarms.rule import AlarmRuleError
from tableguard.local.moto.patch import wrap
from tableguard.local.watch import watch

_MOST = 100


def install() -> None:
    """Replace how alarms are made, set and described, and when metric data was."""
    wrap(CloudWatchResponse, "describe_alarms", _page)
    wrap(CloudWatchBackend, "put_metric_alarm", _put_alarm)
    wrap(CloudWatchBackend, "put_metric_data", _put_data)
    wrap(Alarm, "update_state", _set_state)
    setattr(CloudWatchResponse, put_composite_alarm.__name__, put_composite_alarm)
    setattr(CloudWatchResponse, describe_alarm_history.__name__, describe_alarm_history)


def put_composite_alarm(response: CloudWatchResponse) -> EmptyResult:
    """Answer PutCompositeAlarm, which moto lacks; an alarm that suppresses actions is not modelled."""
    if response._get_param("ActionsSuppressor"):
        raise CloudWatchException("NotModelled", "not modelled: ActionsSuppressor of a composite alarm")
    try:
        composite = rule.parse(response._get_param("AlarmRule"))
    except AlarmRuleError as error:
        raise CloudWatchException("ValidationError", str(error)) from error
    backend = response.cloudwatch_backend
    names = {name for alarm in list(backend.alarms.values()) for name in (alarm.name, alarm.alarm_arn)}
    for name in composite.alarms:
        if name not in names:
            raise CloudWatchException("ValidationError", f"AlarmRule: alarm {name} does not exist")
    response.put_metric_alarm()  # which keeps the rule, and takes what both kinds of alarm have
    return EmptyResult()


def describe_alarm_history(response: CloudWatchResponse) -> ActionResult:
    """Answer DescribeAlarmHistory, which moto lacks, with the items of this account and region, the newest first."""
    watching = watch.in_use()
    items = [] if watching is None else watching.alerts.alarms.history.items
    ascending = response._get_param("ScanBy") == "TimestampAscending"
    shown = [_shown(item) for item in (items if ascending else reversed(items)) if _is_asked_for(item, response)]
    start, most = _start(response), response._get_int_param("MaxRecords") or _MOST
    more = {"NextToken": str(start + most)} if start + most < len(shown) else {}
    return ActionResult({"AlarmHistoryItems": shown[start : start + most], **more})


def _is_asked_for(item: HistoryItem, response: CloudWatchResponse) -> bool:
    place = require(item.alarm_arn)
    kinds = response._get_param("AlarmTypes") or ["MetricAlarm"]
    return (
        (place.account, place.region) == (response.current_account, response.region)
        and _kind(item) in kinds
        and response._get_param("AlarmName") in (None, item.name)
        and response._get_param("HistoryItemType") in (None, item.kind)
    )


def _kind(item: HistoryItem) -> str:
    return "CompositeAlarm" if item.composite else "MetricAlarm"


def _shown(item: HistoryItem) -> dict[str, Any]:
    return {
        "AlarmName": item.name,
        "AlarmType": _kind(item),
        "Timestamp": _naive(item.time),
        "HistoryItemType": item.kind,
        "HistorySummary": item.summary,
        "HistoryData": json.dumps(item.data),
    }


def _put_alarm(put: Callable[..., Alarm], backend: CloudWatchBackend, name: str, **named: Any) -> Alarm:
    before, alarm, watching = backend.alarms.get(name), put(backend, name=name, **named), watch.in_use()
    if before is None:
        alarm.state_value = "INSUFFICIENT_DATA"
    else:
        for attribute in _OF_STATE:
            setattr(alarm, attribute, getattr(before, attribute))
    if watching is not None:
        now = watching.clock.now()
        alarm.configuration_updated_timestamp = _naive(now)
        if before is None:
            alarm.state_updated_timestamp = _naive(now)
        watching.alerts.alarms.history.configured(alarm, now, new=before is None)
    return alarm


_OF_STATE = ("state_value", "state_reason", "state_reason_data", "state_updated_timestamp")


def _put_data(put: Callable[..., None], backend: CloudWatchBackend, namespace: str, data: list[Any]) -> None:
    watching = watch.in_use()
    if watching is not None:
        for datum in data:
            datum.setdefault("Timestamp", _naive(watching.clock.now()))
    put(backend, namespace, data)


def _set_state(update: Callable[..., None], alarm: Alarm, reason: str, reason_data: str | None, state: State) -> None:
    watching = watch.in_use()
    if watching is None:
        update(alarm, reason, reason_data, state)
    else:
        watching.alerts.alarms.change(alarm, Transition(state, reason, json.loads(reason_data or "{}")))


def _naive(moment: datetime) -> datetime:
    """Return a moment as moto keeps it: in UTC, without saying so."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def _page(describe: Callable[[CloudWatchResponse], Any], response: CloudWatchResponse) -> ActionResult:
    alarms: dict[str, list[Any]] = describe(response).result
    kinds = response._get_param("AlarmTypes") or ["MetricAlarm"]
    alarms = {name: described if name.removesuffix("s") in kinds else [] for name, described in alarms.items()}
    start, most = _start(response), response._get_int_param("MaxRecords") or _MOST
    listed = [(kind, alarm) for kind in alarms for alarm in alarms[kind]]
    page = listed[start : start + most]
    shown: dict[str, Any] = {kind: [alarm for of, alarm in page if of == kind] for kind in alarms}
    return ActionResult(shown | ({"NextToken": str(start + most)} if start + most < len(listed) else {}))


def _start(response: CloudWatchResponse) -> int:
    token = response._get_param("NextToken") or "0"
    if not token.isdecimal():
        raise CloudWatchException("InvalidNextToken", "NextToken is none that DescribeAlarms has returned")
    return int(token)
