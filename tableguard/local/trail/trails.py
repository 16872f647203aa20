"""Delivers records as each trail says by its selectors: to the event bus, a log group, and files in a bucket.

CloudTrail decides about an event by the trails that there were when it happened:
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-working-with-log-files.html
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Protocol
from uuid import uuid4

from tableguard.aws.cloudtrail.trail import Trail, bus_event
from tableguard.local.trail.delivery_status import DeliveryStatus
from tableguard.local.trail.log_groups import LogLine, write_lines

Record = dict[
    str, Any
]  # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html


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


@dataclass
class Trails:
    """The trails of an embedded AWS at work: what they have taken, and not yet delivered."""

    delays: Delays
    logging: Callable[[], tuple[Trail, ...]]  # the trails that log now
    receivers: list[Receivers] = field(default_factory=list)
    status: dict[str, DeliveryStatus] = field(default_factory=dict)  # by the trail's ARN
    _versions: list[tuple[datetime, tuple[Trail, ...]]] = field(default_factory=list)
    _bus: list[_Waiting] = field(default_factory=list)
    _lines: list[_Waiting] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def changed(self, now: datetime) -> None:
        """Note the trails as they are after one was made, changed or deleted."""
        with self._lock:
            self._versions.append((now, self.logging()))

    def reset(self) -> None:
        """Forget everything, as before the first call."""
        with self._lock:
            for kept in (self._versions, self._bus, self._lines):
                kept.clear()
        self.status.clear()

    def take(self, time: datetime, record: Record) -> None:
        """Take the record of a call that began at a time: each trail that records it delivers it later."""
        trails = self._at(time)
        recording = [trail for trail in trails if trail.records(record)]
        if recording or (record["eventCategory"] == "Management" and _covered(trails, record)):
            self._bus.append(_Waiting(time + timedelta(seconds=self.delays.event_bus), record))
        due = time + timedelta(seconds=self.delays.log_group)
        self._lines += [_Waiting(due, record, trail) for trail in recording if trail.log_group_arn]

    def deliver(self, now: datetime) -> None:
        """Deliver what has arrived by now."""
        for waiting in _arrived(self._bus, now):
            self._put_on_bus(waiting.record)
        by_trail: dict[Trail, list[_Waiting]] = {}
        for waiting in _arrived(self._lines, now):
            if waiting.trail is not None:
                by_trail.setdefault(waiting.trail, []).append(waiting)
        for trail, lines in by_trail.items():
            self._write(trail, lines)

    def _at(self, time: datetime) -> tuple[Trail, ...]:
        """Return the trails that were logging when a call began."""
        with self._lock:
            earlier = [trails for since, trails in self._versions if since <= time]
        return earlier[-1] if earlier else ()

    def _put_on_bus(self, record: Record) -> None:
        event = bus_event(record, str(uuid4()))
        for receiver in self.receivers:
            receiver.event(record["recipientAccountId"], record["awsRegion"], event)

    def _write(self, trail: Trail, waiting: Iterable[_Waiting]) -> None:
        lines = tuple(LogLine(line.due, line.record) for line in sorted(waiting, key=lambda line: line.due))
        write_lines(trail, lines, self.status.setdefault(trail.arn, DeliveryStatus()))


def _covered(trails: Iterable[Trail], record: Record) -> bool:
    return any(trail.covers(record["recipientAccountId"], record["awsRegion"]) for trail in trails)


def _arrived(waiting: list[_Waiting], now: datetime) -> list[_Waiting]:
    """Take those out of a list that have arrived."""
    arrived = [one for one in waiting if one.due <= now]
    if arrived:
        waiting[:] = [one for one in waiting if one.due > now]
    return arrived
