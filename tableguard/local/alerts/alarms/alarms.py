"""Evaluates alarms, and does what CloudWatch does when the state of one changes: history, an event, its actions.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import RLock
from typing import Any

from moto.cloudwatch.models import CloudWatchBackend, cloudwatch_backends

from tableguard.aws.arn import parse, require
from tableguard.local.alerts import event_rules, targets
from tableguard.local.alerts.alarms import messages, rule
from tableguard.local.alerts.alarms.evaluation import (
    COMPARISONS,
    LOOKED_BACK,
    AlarmCondition,
    Datapoint,
    State,
    reason,
    verdict,
)
from tableguard.local.alerts.alarms.history import AlarmHistory
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
    _lock: Any = field(default_factory=RLock, repr=False)  # SetAlarmState may come while alarms are evaluated

    def evaluate(self) -> None:
        """Evaluate every alarm at the clock's time: composite ones by the states of the others."""
        with self._lock:
            for backend in _backends():
                if backend.alarms:
                    self._evaluate(backend)
                    self._evaluate_composite(backend)

    def reset(self) -> None:
        """Forget all histories, and read the metric data anew."""
        self.history.items.clear()
        self._indexes.clear()

    def _evaluate(self, backend: CloudWatchBackend) -> None:
        index = self._indexes.setdefault((backend.account_id, backend.region_name), MetricIndex())
        index.update(backend.metric_data)
        for alarm in list(backend.alarms.values()):
            if alarm.rule is None:
                transition = _evaluated(alarm, index, self.now())
                if transition.state != alarm.state_value:
                    self.change(alarm, transition)

    def _evaluate_composite(self, backend: CloudWatchBackend) -> None:
        """Evaluate until nothing changes: one composite alarm may name another, and none names itself for long."""
        composite = [alarm for alarm in list(backend.alarms.values()) if alarm.rule is not None]
        for _ in composite:
            changes = [(alarm, _of_rule(alarm, backend)) for alarm in composite]
            changed = [(alarm, transition) for alarm, transition in changes if transition.state != alarm.state_value]
            for alarm, transition in changed:
                self.change(alarm, transition)
            if not changed:
                return

    def change(self, alarm: Any, transition: Transition) -> None:
        """Let an alarm enter a state; history, an event and its actions follow if the state is another one."""
        with self._lock:
            previous, now = messages.state_of(alarm), self.now()
            _set(alarm, transition, now)
            if previous["value"] != transition.state:
                self._follow(alarm, previous, now)

    def _follow(self, alarm: Any, previous: dict[str, Any], now: datetime) -> None:
        self.history.state_changed(alarm, previous, now)
        bus = _bus(alarm)
        detail = messages.event_detail(alarm, previous)
        self.rules.put(
            bus,
            event_rules.event(
                bus, "aws.cloudwatch", "CloudWatch Alarm State Change", detail, now, resources=(alarm.alarm_arn,)
            ),
        )
        if alarm.actions_enabled:
            for action in dict.fromkeys(getattr(alarm, _ACTIONS[alarm.state_value])):
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


def _set(alarm: Any, transition: Transition, now: datetime) -> None:
    alarm.state_value, alarm.state_reason = transition.state, transition.reason
    alarm.state_reason_data = json.dumps(transition.data)
    alarm.state_updated_timestamp = now.astimezone(UTC).replace(tzinfo=None)  # as moto keeps moments


def _bus(alarm: Any) -> Bus:
    arn = require(alarm.alarm_arn)
    return Bus(arn.account, arn.region)


def _do(alarm: Any, action: str, previous: str) -> None:
    """Do what an alarm is to do on entering its state; UndeliverableError if it cannot."""
    arn, account = parse(action), _bus(alarm).account
    match arn.service if arn else "":
        case "sns":
            sender = on_behalf_of(SERVICE, alarm.alarm_arn, account)
            targets.publish(sender, action, messages.message(alarm, previous), messages.subject(alarm))
        case "lambda":
            sender = on_behalf_of(_FOR_FUNCTIONS, alarm.alarm_arn, account)
            targets.invoke(sender, action, json.dumps(messages.for_function(alarm, previous)))
        case _:
            raise UndeliverableError("NOT_MODELLED", f"not modelled: action {action}")


def _evaluated(alarm: Any, index: MetricIndex, now: datetime) -> Transition:
    """Return the state that an alarm has by its metric; for what is not modelled, no data is ever sufficient.

    Periods follow each other back from the minute that began last, or from the period of a shorter one.
    """
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
    return Transition(judged.state, reason(condition, judged), messages.reason_data(alarm, judged.datapoints, now))


def _of_rule(alarm: Any, backend: CloudWatchBackend) -> Transition:
    """Return the state that a composite alarm has by its rule."""
    by_name = {name: other for other in list(backend.alarms.values()) for name in (other.name, other.alarm_arn)}

    def state_of(name: str) -> str | None:
        return by_name[name].state_value if name in by_name else None

    composite = rule.parse(alarm.rule)
    named = [by_name[name] for name in composite.alarms if name in by_name]
    states_said = ", ".join(f"{other.alarm_arn} is {other.state_value}" for other in named)
    states = [{"arn": other.alarm_arn, "state": {"value": other.state_value}} for other in named]
    state: State = "ALARM" if composite.holds(state_of) else "OK"
    return Transition(state, states_said or "the rule names no alarm", {"triggeringAlarms": states})


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
