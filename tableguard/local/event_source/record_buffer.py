"""Buffers the records of one shard between reading and sending: filters them and forms batches.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html#invocation-eventsourcemapping-batching
"""

import json
from typing import Any

from tableguard.local.event_source.configuration import MappingConfiguration
from tableguard.local.event_source.stream_reader import RecordPage

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
PAYLOAD_BYTES = 6 * 1024 * 1024
_EMPTY_PAYLOAD_BYTES = len('{"Records": []}')

Event = dict[str, Any]


class RecordBuffer:
    """The records that were read up to `position` and passed the filter, until they form a batch."""

    def __init__(self, position: str | None) -> None:
        self.position = position
        self.exhausted = False  # the shard has ended and was read to its end
        self._events: list[tuple[Event, int]] = []  # with their sizes
        self._since: float | None = None

    @property
    def empty(self) -> bool:
        """Return True if no record waits to be sent."""
        return not self._events

    def wants_more(self, configuration: MappingConfiguration) -> bool:
        """Return True if a batch could still take records, and the shard may have some."""
        return not self.exhausted and len(self._events) < configuration.batch_size

    def add(self, page: RecordPage, configuration: MappingConfiguration) -> int:
        """Add a page's records that pass the filter; return the number filtered out, which are settled by that."""
        self.exhausted = page.ended
        if not page.events:
            return 0
        matching = [event for event in page.events if configuration.event_filter.passes(event)]
        self._events += [(event, _size(event)) for event in matching]
        self.position = sequence_number(page.events[-1])
        return len(page.events) - len(matching)

    def seconds_left(self, configuration: MappingConfiguration, now: float) -> float:
        """Return the seconds until a batch is due: 0 if it is full or the batching window is over."""
        if self._since is None:
            self._since = now
        count = self._fitting(configuration.batch_size)
        full = count < len(self._events) or count == configuration.batch_size
        return 0.0 if full else max(0.0, self._since + configuration.batching_window - now)

    def take_batch(self, configuration: MappingConfiguration) -> tuple[Event, ...]:
        """Remove and return the next batch: at most BatchSize records and 6 MB."""
        count = self._fitting(configuration.batch_size)
        batch = tuple(event for event, _ in self._events[:count])
        del self._events[:count]
        self._since = None  # the next window begins when this batch has been dealt with
        return batch

    def _fitting(self, batch_size: int) -> int:
        size = _EMPTY_PAYLOAD_BYTES
        for count, (_, event_size) in enumerate(self._events[:batch_size]):
            size += event_size
            if size > PAYLOAD_BYTES:
                return max(count, 1)
        return min(batch_size, len(self._events))


def sequence_number(event: Event) -> str:
    """Return an event's sequence number in its shard."""
    return str(event["dynamodb"]["SequenceNumber"])


def creation_time(event: Event) -> float:
    """Return when the record was written, in seconds since the epoch."""
    return float(event["dynamodb"]["ApproximateCreationDateTime"])


def _size(event: Event) -> int:
    return len(json.dumps(event, ensure_ascii=False).encode()) + len(", ")
