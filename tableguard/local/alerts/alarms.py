"""Evaluates alarms, and does what CloudWatch does when the state of one changes: history, an event, its actions.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.models import CloudWatchBackend, cloudwatch_backends

from tableguard.aws.arn import parse, require
from tableguard.local.alerts import alarm_message, event_rules, targets
from tableguard.local.alerts.alarm_history import AlarmHistory
from tableguard.local.alerts.evaluation import (
    COMPARISONS,
    LOOKED_BACK,
    AlarmCondition,
    Datapoint,
    State,
    reason,
    verdict,
)
from tableguard.local.alerts.event_rules import Bus, EventRules
from tableguard.local.alerts.metrics import STATISTICS, Metric, MetricIndex
from tableguard.local.alerts.service_permissions import UndeliverableError, on_behalf_of

SERVICE = "cloudwatch.amazonaws.com"
_FOR_FUNCTIONS = "lambda.alarms.cloudwatch.amazonaws.com"
_MINUTE = 60
_ACTIONS = {"ALARM": "alarm_actions", "OK": "ok_actions", "INSUFFICIENT_DATA": "insufficient_data_actions"}
# alarms on DynamoDB's metrics never take a missing datapoint for anything:
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
_NEVER_MISSED = "AWS/DynamoDB"


@dataclass(frozen=True)
class Transition:
    """The state that an alarm enters, and why."""

    state: State
    reason: str
    data: dict[str, Any]


@dataclass
class Alarms:
    """The alarms of all accounts, with their histories."""

    now: Callable[[], datetime]
    rules: EventRules
    history: AlarmHistory = field(default_factory=AlarmHistory)
    _indexes: dict[tuple[str, str], MetricIndex] = field(default_factory=dict)

    def evaluate(self) -> None:
        """Evaluate every alarm at the clock's time."""
        for backend in _backends():
            if backend.alarms:
                self._evaluate(backend)

    def _evaluate(self, backend: CloudWatchBackend) -> None:
        index = self._indexes.setdefault((backend.account_id, backend.region_name), MetricIndex())
        index.update(backend.metric_data)
        for alarm in list(backend.alarms.values()):
            if alarm.rule is None:
                transition = _evaluated(alarm, index, self.now())
                if transition.state != alarm.state_value:
                    self.change(alarm, transition)

    def change(self, alarm: Any, transition: Transition) -> None:
        """Let an alarm enter a state; its actions follow if the state is another one."""
        previous, now = alarm_message.state_of(alarm), self.now()
        alarm.state_value, alarm.state_reason = transition.state, transition.reason
        alarm.state_reason_data = json.dumps(transition.data)
        alarm.state_updated_timestamp = now.astimezone(UTC).replace(tzinfo=None)
        self.history.state_changed(alarm, previous, now)
        bus = _bus(alarm)
        detail = alarm_message.event_detail(alarm, previous)
        self.rules.put(
            bus,
            event_rules.event(
                bus, "aws.cloudwatch", "CloudWatch Alarm State Change", detail, now, resources=(alarm.alarm_arn,)
            ),
        )
        if previous["value"] != transition.state and alarm.actions_enabled:
            for action in dict.fromkeys(getattr(alarm, _ACTIONS[transition.state])):
                self._act(alarm, action, previous["value"], now)

    def _act(self, alarm: Any, action: str, previous: str, now: datetime) -> None:
        try:
            _do(alarm, action, previous)
        except UndeliverableError as error:
            self.history.acted(alarm, action, now, error=str(error))
        else:
            self.history.acted(alarm, action, now)


def _backends() -> Iterator[CloudWatchBackend]:
    for regions in list(cloudwatch_backends.values()):
        yield from list(regions.values())


def _bus(alarm: Any) -> Bus:
    arn = require(alarm.alarm_arn)
    return Bus(arn.account, arn.region)


def _do(alarm: Any, action: str, previous: str) -> None:
    """Do what an alarm is to do on entering its state; UndeliverableError if it cannot."""
    arn, account = parse(action), _bus(alarm).account
    match arn.service if arn else "":
        case "sns":
            sender = on_behalf_of(SERVICE, alarm.alarm_arn, account)
            targets.publish(sender, action, alarm_message.message(alarm, previous), alarm_message.subject(alarm))
        case "lambda":
            sender = on_behalf_of(_FOR_FUNCTIONS, alarm.alarm_arn, account)
            targets.invoke(sender, action, json.dumps(alarm_message.for_function(alarm, previous)))
        case _:
            raise UndeliverableError("NOT_MODELLED", f"not modelled: action {action}")


def _evaluated(alarm: Any, index: MetricIndex, now: datetime) -> Transition:
    """Return the state that an alarm has by its metric; for what is not modelled, no data is ever sufficient."""
    unknown = _not_modelled(alarm)
    if unknown:
        return Transition("INSUFFICIENT_DATA", f"not modelled: {unknown}", {})
    condition, period = _condition(alarm), int(alarm.period)
    end = int(now.timestamp()) // _MINUTE * _MINUTE if period >= _MINUTE else int(now.timestamp()) // period * period
    starts = [end - period * (back + 1) for back in range(condition.periods + LOOKED_BACK)]
    statistics = [index.between(_metric(alarm), start, start + period) for start in starts]
    points = [
        Datapoint(datetime.fromtimestamp(start, UTC), float(kept.value(alarm.statistic))) if kept else None
        for start, kept in zip(starts, statistics, strict=True)
    ]
    judged = verdict(condition, points, alarm.state_value)
    return Transition(judged.state, reason(condition, judged), alarm_message.reason_data(alarm, judged.datapoints, now))


def _not_modelled(alarm: Any) -> str:
    """Return what of an alarm nothing here evaluates, in words; empty if all of it is."""
    if alarm.metric_data_queries:
        return "metric math"
    if alarm.statistic not in STATISTICS:
        return f"statistic {alarm.extended_statistic}"
    if alarm.comparison_operator not in COMPARISONS:
        return f"ComparisonOperator {alarm.comparison_operator}"
    return ""


def _condition(alarm: Any) -> AlarmCondition:
    periods = int(alarm.evaluation_periods)
    return AlarmCondition(
        alarm.comparison_operator,
        float(alarm.threshold),
        periods,
        int(alarm.datapoints_to_alarm or periods),
        "ignore" if alarm.namespace == _NEVER_MISSED else alarm.treat_missing_data or "missing",
    )


def _metric(alarm: Any) -> Metric:
    dimensions = frozenset((dimension.name, dimension.value) for dimension in alarm.dimensions)
    return Metric(alarm.namespace, alarm.metric_name, dimensions, alarm.unit or None)
