"""What topics tell appears on the terminal: alarms and events that are new, in few lines, and nothing that is over."""

import json
from datetime import UTC, datetime

import pytest

from tableguard.local.alerts.notification import Notification
from tableguard.local.trail.trails import Delays
from tableguard.local.watch.alert_lines import AlertLines, headline
from tableguard.local.watch.clock import Clock
from tableguard.local.watch.watch import Watch

_TOPIC = "arn:aws:sns:eu-central-1:111122223333:alerts"


def _told(subject: str = "", message: str = "{}") -> Notification:
    return Notification(datetime(2026, 3, 1, tzinfo=UTC), _TOPIC, "email", "security@example.com", subject, message)


def _alarm(name: str, state: str = "ALARM") -> Notification:
    return _told(f'{state}: "{name}" in eu-central-1')


@pytest.mark.parametrize(
    ("told", "line"),
    [
        (_alarm("bulk-read"), 'ALARM: "bulk-read" in eu-central-1'),
        (_alarm("bulk-read", "OK"), ""),
        (_alarm("bulk-read", "INSUFFICIENT_DATA"), ""),
        (
            _told(message=json.dumps("A table was opened: somebody called PutResourcePolicy at 2026-03-01T12:00:00Z.")),
            "A table was opened: somebody called PutResourcePolicy",
        ),
        (
            _told(message=json.dumps({"detail-type": "AWS API Call via CloudTrail", "detail": "secret"})),
            f"AWS API Call via CloudTrail, by {_TOPIC}",
        ),
        (_told(message="Dear Bob, do not tell"), f"a message by {_TOPIC}"),
        (_told(message=json.dumps(["x"])), f"a message by {_TOPIC}"),
    ],
)
def test_a_line_says_what_happened_and_quotes_no_event(told: Notification, line: str) -> None:
    assert headline(told) == line


@pytest.mark.parametrize(("length", "end"), [(290, "called DeleteTable in eu-central-1"), (500, "word …")])
def test_a_long_line_keeps_its_end_or_says_that_it_is_cut(length: int, end: str) -> None:
    words = "word " * (length // 5)
    assert headline(_told(message=json.dumps(f"{words}called DeleteTable in eu-central-1"))).endswith(end)


def _lines(*told: Notification) -> list[str]:
    lines: list[str] = []
    watch = Watch(Clock(), Delays())
    alerts = AlertLines(watch, lines.append)
    watch.notifications += told
    alerts.tick()
    alerts.tick()
    return lines


def test_each_notification_is_one_line_once() -> None:
    assert _lines(_alarm("a"), _alarm("a"), _alarm("b")) == [
        'alert: ALARM: "a" in eu-central-1',
        'alert: ALARM: "b" in eu-central-1',
    ]


def test_many_at_once_are_one_line() -> None:
    events = [_told(message=json.dumps(f"event {n}")) for n in (1, 2)]
    assert _lines(*map(_alarm, "abcd"), *events) == ["alerts: 4 alarms (a, b, c, …) and 2 other messages"]
    assert _lines(*(_told(message=json.dumps(f"event {n}")) for n in range(4))) == ["alerts: 4 other messages"]


def test_a_crash_of_the_watch_is_said_once_and_without_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    watch = Watch(Clock(), Delays())

    def crash() -> None:
        raise ValueError("Dear Bob")

    monkeypatch.setattr(watch, "tick", crash)
    alerts = AlertLines(watch, lines.append)
    watch.notifications.append(_alarm("a"))
    alerts.tick()
    alerts.tick()
    crashed, alarm = lines
    assert crashed.startswith("the watch failed: ValueError at test_alert_lines.py:")
    assert "Bob" not in crashed
    assert alarm == 'alert: ALARM: "a" in eu-central-1'


def test_lost_records_are_said_in_one_line_once() -> None:
    said: list[str] = []
    watch = Watch(Clock(), Delays())
    lines = AlertLines(watch, said.append)
    lines.tick()
    assert said == []
    watch.calls.lost = 3
    lines.tick()
    watch.calls.lost = 7
    lines.tick()
    assert said == ["the watch lost 3 records of calls that came too fast; alerts may be missing"]
    watch.reset()
    lines.tick()
    watch.calls.lost = 1
    lines.tick()
    assert said[1:] == ["the watch lost 1 record of calls that came too fast; alerts may be missing"]
