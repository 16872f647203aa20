"""What has happened to alarms, as DescribeAlarmHistory shows it.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_AlarmHistoryItem.html
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tableguard.local.alerts.alarms import messages


@dataclass(frozen=True)
class HistoryItem:
    """One thing that happened to an alarm, whose ARN it names."""

    alarm_arn: str
    name: str
    composite: bool
    time: datetime
    kind: str  # ConfigurationUpdate, StateUpdate or Action
    summary: str
    data: Mapping[str, Any]


@dataclass
class AlarmHistory:
    """The items of all alarms, the oldest first; those of a deleted alarm stay."""

    items: list[HistoryItem] = field(default_factory=list)

    def configured(self, alarm: Any, time: datetime, *, new: bool) -> None:
        """Note that an alarm was made or changed."""
        text = f'Alarm "{alarm.name}" {"created" if new else "updated"}'
        kind = {"type": "Create" if new else "Update", "version": "1.0"}
        self._note(alarm, time, "ConfigurationUpdate", text, kind)

    def state_changed(self, alarm: Any, previous: Mapping[str, Any], time: datetime) -> None:
        """Note that an alarm entered a state."""
        text = f"Alarm updated from {previous['value']} to {alarm.state_value}"
        data = {"version": "1.0", "oldState": _state(previous), "newState": _state(messages.state_of(alarm))}
        self._note(alarm, time, "StateUpdate", text, data)

    def acted(self, alarm: Any, action: str, time: datetime, error: str = "") -> None:
        """Note that an action of an alarm was done, or failed."""
        done = f"Failed to execute action {action}" if error else f"Successfully executed action {action}"
        data = {"actionState": "Failed" if error else "Succeeded", "notificationResource": action}
        more = {"error": error} if error else {}
        self._note(alarm, time, "Action", done, {**data, "stateUpdateTimestamp": int(time.timestamp() * 1000), **more})

    def _note(self, alarm: Any, time: datetime, kind: str, summary: str, data: Mapping[str, Any]) -> None:
        composite = alarm.rule is not None
        self.items.append(HistoryItem(alarm.alarm_arn, alarm.name, composite, time, kind, summary, data))


def _state(state: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "stateValue": state["value"],
        "stateReason": state["reason"],
        "stateReasonData": json.loads(state.get("reasonData") or "{}"),
    }
