"""Gathers a trail's records by region, and puts them into its bucket as one log file every few minutes.

Files that are refused are tried again for thirty days:
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-working-with-log-files.html
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from tableguard.aws.cloudtrail.delivery.files import EvidenceFile, log_file
from tableguard.aws.cloudtrail.delivery.trail import Trail
from tableguard.local.trail.delivery import evidence_bucket
from tableguard.local.trail.delivery.delivery_status import DeliveryStatus

_TRIED_FOR = timedelta(days=30)


@dataclass
class _Batch:
    """The records of a region that go into one file."""

    trail: Trail
    region: str
    begun: datetime
    due: datetime
    records: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class DeliveredFile:
    """A log file that is in its bucket, and since when."""

    trail: Trail
    region: str
    time: datetime
    file: EvidenceFile


class LogFiles:
    """The records of all trails that are in no file yet."""

    def __init__(self, seconds: float) -> None:
        self._interval = timedelta(seconds=seconds)
        self._batches: dict[tuple[str, str], _Batch] = {}

    def add(self, trail: Trail, time: datetime, record: dict[str, Any]) -> None:
        """Add the record of a call to the next file of its trail and region."""
        place = trail.arn, str(record["awsRegion"])
        if place not in self._batches:
            self._batches[place] = _Batch(trail, place[1], time, time + self._interval)
        self._batches[place].trail = trail  # with the bucket that it names last
        self._batches[place].records.append(record)

    def deliver(
        self, now: datetime, status: Callable[[Trail], DeliveryStatus], current: Callable[[Trail], Trail]
    ) -> Iterator[DeliveredFile]:
        """Put every file that is due into the bucket that its trail has now, and yield those that are there."""
        for place, batch in list(self._batches.items()):
            while batch.due <= now and place in self._batches:
                delivered = _put(batch, current(batch.trail), status(batch.trail))
                if delivered:
                    yield delivered
                if delivered or batch.due - batch.begun > _TRIED_FOR:
                    del self._batches[place]
                batch.due += self._interval

    def reset(self) -> None:
        """Forget all records."""
        self._batches.clear()


def _put(batch: _Batch, trail: Trail, status: DeliveryStatus) -> DeliveredFile | None:
    file = log_file(trail, batch.region, batch.records, batch.due, uuid4().hex[:16])
    error = evidence_bucket.put(trail, file, batch.due)
    if error:
        status.log_files.failed(batch.due, error)
        return None
    status.log_files.succeeded(batch.due)
    return DeliveredFile(trail, batch.region, batch.due, file)
