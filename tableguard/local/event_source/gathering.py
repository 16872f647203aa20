"""The records of one shard between being read and being sent: filtered, gathered, cut into batches.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html#invocation-eventsourcemapping-batching
"""

import json
from typing import Any

from tableguard.local.event_source.configuration import MappingConfiguration
from tableguard.local.event_source.stream_reader import Page

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
PAYLOAD_BYTES = 6 * 1024 * 1024
_EMPTY_PAYLOAD_BYTES = len('{"Records": []}')

Event = dict[str, Any]


class Gathering:
    """What has been read up to `position` and passed the filter, until a batch is complete."""

    def __init__(self, position: str | None) -> None:
        self.position = position
        self.exhausted = False  # the shard has ended and was read to its end
        self._events: list[tuple[Event, int]] = []  # with their sizes
        self._since: float | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing that was read is waiting to be sent."""
        return not self._events

    def wants_more(self, configuration: MappingConfiguration) -> bool:
        """Whether a batch could still take records, and there may be some."""
        return not self.exhausted and len(self._events) < configuration.batch_size

    def add(self, page: Page, configuration: MappingConfiguration) -> int:
        """Take what passes the filter; answers how many were filtered out. They are settled: nobody will see them."""
        self.exhausted = page.ended
        if not page.events:
            return 0
        matching = [event for event in page.events if configuration.event_filter.passes(event)]
        self._events += [(event, _size(event)) for event in matching]
        self.position = sequence_number(page.events[-1])
        return len(page.events) - len(matching)

    def left(self, configuration: MappingConfiguration, now: float) -> float:
        """Seconds until a batch is due: none if it is full or the batching window is over."""
        if self._since is None:
            self._since = now
        count = self._fitting(configuration.batch_size)
        full = count < len(self._events) or count == configuration.batch_size
        return 0.0 if full else max(0.0, self._since + configuration.batching_window - now)

    def cut(self, configuration: MappingConfiguration) -> tuple[Event, ...]:
        """Take the next batch out: at most BatchSize records and 6 MB."""
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
    """Where an event stands in its shard."""
    return str(event["dynamodb"]["SequenceNumber"])


def created(event: Event) -> float:
    """When the record was written, in seconds since the epoch."""
    return float(event["dynamodb"]["ApproximateCreationDateTime"])


def _size(event: Event) -> int:
    return len(json.dumps(event, ensure_ascii=False).encode()) + len(", ")
