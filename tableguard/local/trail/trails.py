"""Delivers records as each trail says by its selectors: to the event bus, a log group, and files in a bucket.

CloudTrail decides about an event by the trails that there were when it happened:
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-working-with-log-files.html
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import RLock
from typing import Any, Protocol
from uuid import uuid4

from tableguard.aws.cloudtrail.delivery.trail import Trail, bus_event
from tableguard.aws.cloudtrail.record import Record
from tableguard.local.trail.delivery.delivery_status import DeliveryStatus
from tableguard.local.trail.delivery.digests import Digests
from tableguard.local.trail.delivery.log_files import LogFiles
from tableguard.local.trail.delivery.log_groups import LogLine, write_lines


@dataclass(frozen=True)
class Delays:
    """Seconds from a call to where it is seen; `digest` and `log_file` are the seconds between two files.

    By default those that AWS documents as usual: events "near real-time", log groups and files within five minutes.
    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/how-cloudtrail-works.html
    """

    event_bus: float = 5
    log_group: float = 300
    log_file: float = 300
    digest: float = 3600


class Receivers(Protocol):
    """Who is told of the events of a trail. Lines need no telling: all that comes to a log group is counted there."""

    def event(self, account: str, region: str, event: Mapping[str, Any]) -> None:
        """Take an event that AWS puts on the default bus of an account in a region."""


@dataclass(frozen=True)
class _Waiting:
    """An event on its way: when it arrives, and the trail that delivers it; none for the bus."""

    due: datetime
    record: Record
    trail: Trail | None = None


class Trails:
    """The trails of an embedded AWS at work: what they have taken, and not yet delivered."""

    def __init__(
        self, delays: Delays, logging: Callable[[], tuple[Trail, ...]], receivers: Sequence[Receivers]
    ) -> None:
        self.receivers = list(receivers)
        self.log_files, self.digests = LogFiles(delays.log_file), Digests(delays.digest)
        self._delays = delays
        self._logging = logging  # the trails that log now
        self._status: dict[str, DeliveryStatus] = {}  # by the trail's ARN
        self._versions: list[tuple[datetime, tuple[Trail, ...]]] = []
        self._bus: list[_Waiting] = []
        self._lines: list[_Waiting] = []
        self._lock = RLock()

    def changed(self, now: datetime) -> None:
        """Note the trails as they are after one was made, changed or deleted."""
        with self._lock:  # of two changes at once, the second reads what the first has left
            trails = self._logging()
            self._versions.append((now, trails))
            self.digests.begin(trails, now)

    def reset(self) -> None:
        """Forget everything, as before the first call."""
        with self._lock:
            for kept in (self._versions, self._bus, self._lines, self._status):
                kept.clear()
            self.log_files.reset()
            self.digests.reset()

    def status(self, arn: str) -> DeliveryStatus:
        """Return what has come of a trail's deliveries."""
        return self._status.setdefault(arn, DeliveryStatus())

    def take(self, time: datetime, record: Record) -> None:
        """Take the record of a call that began at a time: each trail that records it delivers it later."""
        with self._lock:
            trails = self._at(time)
            recording = [trail for trail in trails if trail.records(record)]
            if recording or (record["eventCategory"] == "Management" and _covered(trails, record)):
                self._bus.append(_Waiting(time + timedelta(seconds=self._delays.event_bus), record))
            due = time + timedelta(seconds=self._delays.log_group)
            for trail in recording:
                self.log_files.add(trail, time, record)
                if trail.log_group_arn:
                    self._lines.append(_Waiting(due, record, trail))

    def deliver(self, now: datetime) -> None:
        """Deliver what has arrived by now, and write the files that are due."""
        with self._lock:
            events, lines = _arrived(self._bus, now), _arrived(self._lines, now)
            self._write_lines(lines)
            self._write_files(now)
        for waiting in events:
            self._put_on_bus(waiting.record)

    def _at(self, time: datetime) -> tuple[Trail, ...]:
        """Return the trails that were logging when a call began."""
        return next((trails for since, trails in reversed(self._versions) if since <= time), ())

    def _put_on_bus(self, record: Record) -> None:
        event = bus_event(record, str(uuid4()))
        for receiver in self.receivers:
            receiver.event(record["recipientAccountId"], record["awsRegion"], event)

    def _write_lines(self, waiting: Iterable[_Waiting]) -> None:
        by_trail: dict[Trail, list[LogLine]] = {}
        for line in sorted(waiting, key=lambda one: one.due):
            if line.trail is not None:
                by_trail.setdefault(line.trail, []).append(LogLine(line.due, line.record))
        for trail, lines in by_trail.items():
            write_lines(trail, lines, self.status(trail.arn))

    def _write_files(self, now: datetime) -> None:
        current = {trail.arn: trail for trail in (self._versions[-1][1] if self._versions else ())}

        def status(trail: Trail) -> DeliveryStatus:
            return self.status(trail.arn)

        for delivered in self.log_files.deliver(now, status, lambda trail: current.get(trail.arn, trail)):
            self.digests.add(delivered)
        self.digests.deliver(now, status, lambda trail: current.get(trail.arn))


def _covered(trails: Iterable[Trail], record: Record) -> bool:
    return any(trail.covers(record["recipientAccountId"], record["awsRegion"]) for trail in trails)


def _arrived(waiting: list[_Waiting], now: datetime) -> list[_Waiting]:
    """Take those out of a list that have arrived."""
    arrived = [one for one in waiting if one.due <= now]
    if arrived:
        waiting[:] = [one for one in waiting if one.due > now]
    return arrived
