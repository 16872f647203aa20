"""The event source mapping: reads a stream's shards in order, filters, batches, invokes, retries, splits, discards.

https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
Not modelled: that DynamoDB trims records after 24 hours, which ends retries that have no other limit.
"""

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal, Protocol

from tableguard.local.event_source.batch_response import Verdict, judge
from tableguard.local.event_source.configuration import FOREVER, MappingConfiguration
from tableguard.local.event_source.gathering import Event, Gathering, created, sequence_number
from tableguard.local.event_source.stream_reader import Page, Shard
from tableguard.local.function.outcome import Outcome

Invoke = Callable[[Any], Outcome]
Condition = Literal["RetryAttemptsExhausted", "RecordAgeExceeded"]


class StreamReader(Protocol):
    """Where records come from."""

    def shards(self) -> Sequence[Shard]:
        """All shards of the stream."""

    def read(self, shard_id: str, after: str | None) -> Page:
        """The next records after a sequence number, or from the beginning."""


@dataclass(frozen=True)
class Batch:
    """Records that are sent together, and how often they have been."""

    events: tuple[Event, ...]
    invocations: int = 0


@dataclass(frozen=True)
class Discarded:
    """Records that are given up, and the last that was heard of them."""

    shard_id: str
    batch: Batch
    condition: Condition
    outcome: Outcome | None = None


class DeliveryError(Exception):
    """The on-failure destination refused; Lambda counts that and goes on, and so do we."""


Deliver = Callable[[Discarded], None]


def exponential_backoff(failures: int) -> float:
    """Seconds before the next attempt. AWS publishes no figures; these let ten retries end within a minute."""
    return min(0.1 * 2.0 ** min(failures - 1, 10), 10.0)


class _Shard:
    """One shard: what is being gathered of it, what is being sent, and up to where everything is settled."""

    def __init__(self, shard_id: str, start: str | None) -> None:
        self.id = shard_id
        self.checkpoint = start
        self.gathering = Gathering(start)
        self.batches: deque[Batch] = deque()  # more than one only after a split
        self.due = 0.0  # when the first of them may be sent
        self.ended = False  # read to its end, and all of it settled


class EventSourceMapping:
    """A state machine: `step` moves every shard on by at most one read and one invocation."""

    def __init__(
        self,
        configuration: MappingConfiguration,
        reader: StreamReader,
        invoke: Invoke,
        *,
        deliver: Deliver | None,
        clock: Callable[[], float],
        backoff: Callable[[int], float] = exponential_backoff,
    ) -> None:
        self.configuration = configuration  # may be replaced between steps, as UpdateEventSourceMapping does
        # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
        self.metrics: Counter[str] = Counter()
        self.iterator_age = 0.0  # milliseconds, of the last record sent
        self.delivery_errors: list[str] = []
        self._reader = reader
        self._invoke = invoke
        self._deliver = deliver
        self._clock = clock
        self._backoff = backoff
        self._shards: dict[str, _Shard] = {}

    @property
    def checkpoints(self) -> dict[str, str | None]:
        """Shard id -> sequence number up to which every record is filtered out, processed or discarded."""
        return {shard.id: shard.checkpoint for shard in self._shards.values()}

    def replay(self, checkpoints: Mapping[str, str | None] = MappingProxyType({})) -> None:
        """Forget everything and go on from these checkpoints, as when later ones were lost.

        Without any, begin anew, as when the mapping is deleted and made again.
        """
        self._shards = {shard_id: _Shard(shard_id, checkpoint) for shard_id, checkpoint in checkpoints.items()}

    def step(self) -> float | None:
        """Move on; answers the seconds until there is more to do (0: at once), None when all there is is settled."""
        if not self.configuration.enabled:
            return None
        waits = [self._advance(shard) for shard in self._readable()]
        return min((wait for wait in waits if wait is not None), default=None)

    def _readable(self) -> list[_Shard]:
        """Shards with something left, each only after its parent."""
        described = self._reader.shards()
        # LATEST concerns the shards there are at first; those that split off later are read from their beginning
        skip = self.configuration.starting_position == "LATEST" and not self._shards
        for shard in described:
            if shard.id not in self._shards:
                start = self._latest(shard.id) if skip else None
                self._shards[shard.id] = _Shard(shard.id, start)
        unfinished = {shard.id for shard in described if not self._shards[shard.id].ended}
        return [self._shards[one.id] for one in described if one.id in unfinished and one.parent not in unfinished]

    def _latest(self, shard_id: str) -> str | None:
        position = None
        while page := self._reader.read(shard_id, position).events:
            position = sequence_number(page[-1])
        return position

    def _advance(self, shard: _Shard) -> float | None:
        if not shard.batches:
            wait = self._gather(shard)
            if not shard.batches:
                return wait
        wait = shard.due - self._clock()
        if wait > 0:
            return wait
        self._attempt(shard)
        return 0.0

    def _gather(self, shard: _Shard) -> float | None:
        """Read on and, once it is time, cut a batch; otherwise the seconds to wait, None if there is nothing."""
        gathering = shard.gathering
        found = gathering.wants_more(self.configuration) and self._read(shard)
        if gathering.empty:
            shard.checkpoint = gathering.position
            shard.ended = gathering.exhausted
            return 0.0 if found or shard.ended else None
        left = gathering.left(self.configuration, self._clock())
        if left > 0:
            return 0.0 if found else left
        shard.batches.append(Batch(gathering.cut(self.configuration)))
        return 0.0

    def _read(self, shard: _Shard) -> bool:
        """Whether there was more to read."""
        page = self._reader.read(shard.id, shard.gathering.position)
        self.metrics["PolledEventCount"] += len(page.events)
        self.metrics["FilteredOutEventCount"] += shard.gathering.add(page, self.configuration)
        return bool(page.events)

    def _attempt(self, shard: _Shard) -> None:
        """Send the batch at the head once, and deal with the answer."""
        if not self._discard_expired(shard):
            return
        batch = shard.batches[0]
        self.iterator_age = max(0.0, self._clock() - created(batch.events[-1])) * 1000
        outcome = self._invoke({"Records": list(batch.events)})
        shard.batches.popleft()
        sent = replace(batch, invocations=batch.invocations + 1)
        numbers = [sequence_number(event) for event in batch.events]
        verdict = judge(outcome, numbers, self.configuration.report_batch_item_failures)
        self.metrics["InvokedEventCount"] += len(numbers)
        self.metrics["FailedInvokeEventCount"] += len(numbers) - verdict.done
        if verdict.done:
            shard.checkpoint = numbers[verdict.done - 1]
        if verdict.done < len(numbers):
            self._retry(shard, sent, verdict, outcome)

    def _retry(self, shard: _Shard, batch: Batch, verdict: Verdict, outcome: Outcome) -> None:
        limit = self.configuration.maximum_retry_attempts
        if verdict.done:
            # What is left is a new batch with the full number of retries, as recorded from AWS: 3 retries, a record
            # first sent together with others, approximateInvokeCount 4 where it had been sent 5 times.
            # https://github.com/localstack/localstack/blob/main/tests/aws/services/lambda_/event_source_mapping/test_lambda_integration_dynamodbstreams.snapshot.json
            shard.batches.appendleft(Batch(batch.events[verdict.done :]))
        elif self.configuration.bisect and len(batch.events) > 1 and not verdict.named:
            # where the function names the first record, the documented split, at that record, leaves all in one part
            half = len(batch.events) // 2
            shard.batches.extendleft((Batch(batch.events[half:]), Batch(batch.events[:half])))
        elif FOREVER < limit < batch.invocations:
            self._discard(shard, Discarded(shard.id, batch, "RetryAttemptsExhausted", outcome))
        else:
            shard.batches.appendleft(batch)
            shard.due = self._clock() + self._backoff(batch.invocations)

    def _discard_expired(self, shard: _Shard) -> bool:
        """Give up the leading records that are too old; whether any are left of the batch."""
        limit = self.configuration.maximum_record_age
        batch = shard.batches[0]
        now = self._clock()
        expired = 0
        while limit != FOREVER and expired < len(batch.events) and now - created(batch.events[expired]) >= limit:
            expired += 1
        if not expired:
            return True
        shard.batches.popleft()
        if expired < len(batch.events):
            shard.batches.appendleft(replace(batch, events=batch.events[expired:]))
        old = replace(batch, events=batch.events[:expired])
        self._discard(shard, Discarded(shard.id, old, "RecordAgeExceeded"))
        return expired < len(batch.events)

    def _discard(self, shard: _Shard, discarded: Discarded) -> None:
        count = len(discarded.batch.events)
        shard.checkpoint = sequence_number(discarded.batch.events[-1])
        if self._deliver is None:
            self.metrics["DroppedEventCount"] += count
            return
        try:
            self._deliver(discarded)
        except DeliveryError as error:
            self.delivery_errors.append(str(error))
            self.metrics["DestinationDeliveryFailures"] += 1
            self.metrics["DroppedEventCount"] += count
        else:
            self.metrics["OnFailureDestinationDeliveredEventCount"] += count
