"""An event source mapping with everything around it in a test's hands: stream, function, destination, clock."""

from collections.abc import Callable, Sequence
from typing import Any

from tableguard.local.event_source.configuration import MappingConfiguration
from tableguard.local.event_source.mapping import DeliveryError, DiscardedBatch, EventSourceMapping
from tableguard.local.event_source.stream_reader import RecordPage, Shard
from tableguard.local.function.outcome import FunctionError, Outcome, Success

STREAM = "arn:aws:dynamodb:eu-central-1:111122223333:table/messages/stream/2024-01-01T00:00:00.000"
FUNCTION = "arn:aws:lambda:eu-central-1:111122223333:function:messages"
WRITTEN = 1_700_000_000.0
BOOM = FunctionError("ValueError", "boom", "r-9")


def stream_event(number: int, written: float = WRITTEN, **image: Any) -> dict[str, Any]:
    """Return a record with this sequence number."""
    change = {"SequenceNumber": str(number), "ApproximateCreationDateTime": written, "NewImage": image}
    return {"eventName": "INSERT", "dynamodb": change}


def numbers(events: Sequence[dict[str, Any]]) -> list[int]:
    """Return the sequence numbers of some records."""
    return [int(one["dynamodb"]["SequenceNumber"]) for one in events]


class Stream:
    """Shards in memory, read a page at a time."""

    def __init__(self, page_size: int = 1000, **shards: list[dict[str, Any]]) -> None:
        self.described = [Shard(shard_id) for shard_id in shards]
        self.events = shards
        self.closed: set[str] = set()
        self.page_size = page_size

    def shards(self) -> list[Shard]:
        return self.described

    def read(self, shard_id: str, after: str | None) -> RecordPage:
        later = [e for e in self.events[shard_id] if after is None or numbers([e])[0] > int(after)]
        full = len(later) > self.page_size
        return RecordPage(tuple(later[: self.page_size]), shard_id in self.closed and not full, full)


class World:
    """A mapping, a log of what it did, and a clock that moves only when a test moves it."""

    def __init__(self, stream: Stream, answer: Callable[[list[int]], Outcome], **configuration: Any) -> None:
        self.now = WRITTEN
        self.stream = stream
        self.batches: list[list[int]] = []
        self.discarded: list[DiscardedBatch] = []
        self.refused = False
        self.answer = answer
        self.mapping = EventSourceMapping(
            MappingConfiguration("uuid-1", FUNCTION, STREAM, **configuration),
            stream,
            self.invoke,
            deliver=self.deliver,
            clock=lambda: self.now,
        )

    def invoke(self, payload: Any) -> Outcome:
        self.batches.append(numbers(payload["Records"]))
        return self.answer(self.batches[-1])

    def deliver(self, discarded: DiscardedBatch) -> None:
        if self.refused:
            raise DeliveryError("destination: AccessDenied")
        self.discarded.append(discarded)

    def run(self, steps: int = 10_000) -> "World":
        """Step until all is settled, advancing the clock by each wait."""
        while (wait := self.mapping.step()) is not None:
            self.now += wait
            steps -= 1
            assert steps, "never settles"
        return self

    @property
    def lost_numbers(self) -> list[int]:
        """Return every discarded record."""
        return [number for batch in self.lost for number in batch]

    @property
    def lost(self) -> list[list[int]]:
        """Return the discarded records, batch by batch."""
        return [numbers(one.batch.events) for one in self.discarded]


def well(batch: list[int]) -> Outcome:
    """Return a function that always succeeds."""
    return Success(None)


def poisoned_by(*poison: int) -> Callable[[list[int]], Outcome]:
    """Return a function that raises whenever it receives one of these records."""
    return lambda batch: BOOM if set(batch) & set(poison) else Success(None)


def naming(*failing: int) -> Callable[[list[int]], Outcome]:
    """Return a function that names those of these records that it receives."""

    def answer(batch: list[int]) -> Outcome:
        return Success({"batchItemFailures": [{"itemIdentifier": str(n)} for n in batch if n in failing]})

    return answer


def one_shard(count: int) -> Stream:
    """Return a stream of records 1 to `count`."""
    return Stream(a=[stream_event(n) for n in range(1, count + 1)])


def items(*identifiers: Any) -> dict[str, Any]:
    """Return a response that names records as failed."""
    return {"batchItemFailures": [{"itemIdentifier": one} for one in identifiers]}
