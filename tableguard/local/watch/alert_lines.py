"""Say on `tableguard up`'s terminal what the estate's topics tell their subscribers: a line each, or one for many.

Alarms that are over are not said, nor what an event holds: of a rule's message the sentence, of others the kind alone.
"""

import json
import re
import textwrap
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tableguard.findings.counts import counted
from tableguard.local.alerts.notification import Notification
from tableguard.local.trail.trails import Delays
from tableguard.local.watch.watch import Watch

DELAYS = Delays(event_bus=1, log_group=1, log_file=60)  # of an estate that somebody works with: nobody waits minutes
INTERVAL = 5.0  # seconds between two ticks, of four milliseconds each
MOST = 3  # lines at once
_ALARM = re.compile(r'ALARM: "(.+)" in \S+')
_OVER = re.compile(r'(OK|INSUFFICIENT_DATA): "')
_TIME = re.compile(r" at \d{4}-\d\d-\d\dT[\d:.]+Z\.?$")
_WIDTH = 400  # what was called and where stands at the end, behind a sentence and an ARN


@dataclass
class AlertLines:
    """Lets the watch work, and reports what is new among its notifications."""

    watch: Watch
    report: Callable[[str], None]
    _said: int = field(default=0)
    _crash: str = field(default="")
    _lost: int = field(default=0)

    def tick(self) -> None:
        """Tick once, and report what that has brought; a crash of ours is said once, and does not end the estate."""
        try:
            self.watch.tick()
        except Exception as error:  # noqa: BLE001  # a bug of ours, whatever it raises: the estate answers on
            self._report_crash(error)
        self._report_loss()
        latest = self.watch.notifications[self._said :]
        self._said += len(latest)
        new = list(dict.fromkeys(filter(None, map(headline, latest))))
        for line in [f"alert: {text}" for text in new] if len(new) <= MOST else [_summary(new)]:
            self.report(line)

    def _report_loss(self) -> None:
        """Say once that records were lost: so many calls came between two ticks that not all were kept."""
        lost = self.watch.calls.lost
        if lost and not self._lost:
            self.report(f"the watch lost {counted(lost, 'record')} of calls that came too fast; alerts may be missing")
        self._lost = lost

    def _report_crash(self, error: Exception) -> None:
        """Say where the watch has crashed, without the error's text, which could quote somebody."""
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(frame.filename).name}:{frame.lineno}"
        line = f"the watch failed: {type(error).__name__} at {place}; alerts may be missing"
        if line != self._crash:
            self._crash = line
            self.report(line)


def headline(notification: Notification) -> str:
    """Return what a line says of a notification; nothing for an alarm that is over."""
    if notification.subject:
        return "" if _OVER.match(notification.subject) else notification.subject
    try:
        message = json.loads(notification.message)
    except ValueError:
        message = None
    if isinstance(message, str):
        return textwrap.shorten(_TIME.sub("", message), _WIDTH, placeholder=" …")
    kind = message.get("detail-type") if isinstance(message, dict) else None
    return f"{kind}, by {notification.topic_arn}" if isinstance(kind, str) else f"a message by {notification.topic_arn}"


def _summary(texts: Sequence[str]) -> str:
    alarms = [alarm[1] for alarm in map(_ALARM.match, texts) if alarm]
    others = len(texts) - len(alarms)
    named = f" ({', '.join(alarms[:MOST])}{', …' if len(alarms) > MOST else ''})" if alarms else ""
    parts = [f"{counted(len(alarms), 'alarm')}{named}"] if alarms else []
    return f"alerts: {' and '.join([*parts, *([counted(others, 'other message')] if others else [])])}"
