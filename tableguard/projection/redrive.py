"""Apply failed batches with the stream function's own code.

Records of messages that were erased or have expired are left out: an erased text must not come back from a failed
batch. Applied again, in any order and however often, a batch changes nothing more.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from stream_lambda.handler import handle_batch
from stream_lambda.items import Message
from stream_lambda.records import read
from stream_lambda.result import BatchResult
from stream_lambda.table import ProjectionTable
from tableguard.findings.counts import counted
from tableguard.findings.exit_code import FINDINGS, FINE, UNANSWERED
from tableguard.projection.failed_batches import BatchStore, FailedBatch, UnreadableBatch, parse
from tableguard.store.batch_get import batch_get
from tableguard.store.consumed import ReadCost
from tableguard.store.rows import is_hidden

Observe = Callable[[Iterable[str]], Iterable[str]]
HOUR = 3_600_000  # milliseconds left, for handle_batch: nothing cuts it off here


@dataclass(frozen=True)
class RedriveTarget:
    """The table to write to, a client for it, the clock, and how many rows are written at once."""

    client: Any  # botocore makes its classes at run time
    table_name: str
    clock: Callable[[], datetime]
    workers: int = 8


@dataclass(frozen=True)
class RedriveResult:
    """The rows of one failed batch by outcome, and what could not be applied."""

    name: str
    records: int = 0
    applied: int = 0  # rows
    newer: int = 0  # rows that showed this message or a newer one already
    gone: int = 0  # records of messages that are there no more
    bad: tuple[str, ...] = ()  # what can never be applied
    failed: tuple[str, ...] = ()  # what DynamoDB did not do this time

    @property
    def done(self) -> bool:
        """Tell whether nothing of the batch is left to apply."""
        return not self.bad and not self.failed

    def lines(self) -> Iterator[str]:
        """Yield the result as lines to print: sequence numbers and reasons, never the text of a message."""
        rows = f"{counted(self.applied, 'row')} applied, {self.newer} already newer"
        yield f"{self.name}: {rows}, {self.gone} of {counted(self.records, 'record')} gone"
        yield from (f"  still bad: {reason}" for reason in self.bad)
        yield from (f"  not done, try again: {reason}" for reason in self.failed)


def redrive(source: BatchStore, target: RedriveTarget, observe: Observe = iter) -> Iterator[RedriveResult]:
    """Apply every failed batch, one after the other; `observe` sees the name of each pass."""
    for name in observe(source.names()):
        try:
            batch = parse(source.read(name), target.table_name)
        except UnreadableBatch as error:
            yield RedriveResult(name, bad=(str(error),))
        else:
            yield _apply(name, batch, target)


def _apply(name: str, batch: FailedBatch, target: RedriveTarget) -> RedriveResult:
    now = target.clock()
    records = list(_of_existing_messages(batch.records, target, now))
    table = ProjectionTable(target.client, target.table_name, target.workers)
    result = handle_batch(records, table, now, lambda: HOUR)
    return RedriveResult(
        name=name,
        records=len(batch.records),
        applied=result.written,
        newer=result.stale,
        gone=len(batch.records) - len(records),
        bad=tuple(f"record {record.sequence_number}: {record.reason}" for record in result.poison),
        failed=tuple(_failures(result, batch)),
    )


def _failures(result: BatchResult, batch: FailedBatch) -> Iterator[str]:
    """Yield the errors of DynamoDB, each with how often it came, and then how many groups have to come again."""
    errors = Counter(f"{failure.event}: {failure.error}" for failure in result.failures)
    yield from (f"{error} ({times} times)" for error, times in sorted(errors.items()))
    if result.failed_groups:
        yield f"{counted(result.failed_groups, 'group')} of shard {batch.shard_id}, {batch.first} to {batch.last}"


def _of_existing_messages(records: Iterable[Any], target: RedriveTarget, now: datetime) -> Iterator[Any]:
    """Yield the records but those of messages that nobody can read any more."""
    keys = {_key(record): record["dynamodb"]["Keys"] for record in records if isinstance(read(record, now), Message)}
    items = batch_get(
        target.client, target.table_name, list(keys.values()), ReadCost(), projection="pk, sk, expires_at"
    )
    existing = {(item["pk"]["S"], item["sk"]["S"]) for item in items if not is_hidden(item, now)}
    for record in records:
        if not isinstance(read(record, now), Message) or _key(record) in existing:
            yield record


def _key(record: Any) -> tuple[str, str]:
    keys = record["dynamodb"]["Keys"]
    return keys["pk"]["S"], keys["sk"]["S"]


def delete_applied(source: BatchStore, results: Sequence[RedriveResult]) -> list[str]:
    """Delete the batches of which nothing is left to apply, and return their names."""
    names = [result.name for result in results if result.done]
    for name in names:
        source.delete(name)
    return names


@dataclass(frozen=True)
class RedriveReport:
    """The results of all batches, and the names of those that were deleted then."""

    results: Sequence[RedriveResult]
    deleted: Sequence[str]

    @property
    def exit_code(self) -> int:
        """Return UNANSWERED if DynamoDB failed, FINDINGS if something can never be applied, else FINE."""
        if any(result.failed for result in self.results):
            return UNANSWERED
        return FINDINGS if any(result.bad for result in self.results) else FINE

    def summary(self) -> str:
        """Return all results in one line."""
        left = sum(not result.done for result in self.results)
        applied, newer = sum(result.applied for result in self.results), sum(result.newer for result in self.results)
        rows = f"{counted(applied, 'row')} applied, {newer} already newer"
        batches = counted(len(self.results), "failed batch", "failed batches")
        return f"{batches}: {rows}; {left} still bad, {len(self.deleted)} deleted"

    def facts(self) -> dict[str, Any]:
        """Return the results for JSON."""
        batches = [
            {
                "name": result.name,
                "records": result.records,
                "rows_applied": result.applied,
                "rows_already_newer": result.newer,
                "records_gone": result.gone,
                "bad": result.bad,
                "failed": result.failed,
            }
            for result in self.results
        ]
        return {"batches": batches, "deleted": list(self.deleted)}
