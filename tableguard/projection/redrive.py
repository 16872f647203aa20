"""Bring the rows up to date that failed batches name, with the stream function's own code.

A batch is a file, and whoever can write it could have forged it: only the keys of its records count. Each message is
read from the table again, strongly consistent, and the rows of its group are given the newest message there. What the
file says of a message is compared with the table, and reported where it differs, but written nowhere. So a message
that was erased or has expired does not come back. Applied again, in any order and however often, a batch changes
nothing more.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from stream_lambda.handler import handle_batch
from stream_lambda.items import ItemError
from stream_lambda.result import BatchResult
from stream_lambda.table import ProjectionTable
from tableguard.findings.counts import counted
from tableguard.findings.exit_code import FINDINGS, FINE, UNANSWERED
from tableguard.projection.batch_records import ImageComparison, NamedMessage, compare, named_messages, record_of
from tableguard.projection.failed_batches import BatchStore, FailedBatch, UnreadableBatch, parse
from tableguard.projection.report import printable
from tableguard.projection.views import Reader
from tableguard.store.batch_get import batch_get
from tableguard.store.consumed import ReadCost

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
    gone: int = 0  # records of messages that are not there, any more or at all
    edited: int = 0  # records of messages that were edited or deleted since
    different: tuple[str, ...] = ()  # records that say something else than the table
    bad: tuple[str, ...] = ()  # what can never be applied
    failed: tuple[str, ...] = ()  # what DynamoDB did not do this time

    @property
    def done(self) -> bool:
        """Tell whether nothing of the batch is left to apply, or to look at."""
        return not self.bad and not self.failed and not self.different

    def lines(self) -> Iterator[str]:
        """Yield the result as lines to print: sequence numbers and reasons, never the text of a message."""
        rows = f"{counted(self.applied, 'row')} applied, {self.newer} already newer"
        edited = f", {self.edited} edited since" if self.edited else ""
        yield printable(f"{self.name}: {rows}, {self.gone} of {counted(self.records, 'record')} gone{edited}")
        yield from (printable(f"  still bad: {reason}") for reason in self.bad)
        yield from (printable(f"  not done, try again: {reason}") for reason in self.failed)
        yield from (f"  record {record}: not what the table says; the table was believed" for record in self.different)
        if self.different:
            yield "  Keep this file and look at who wrote it: Lambda's own say what the table says."


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
    named, unreadable = named_messages(batch.records)
    compared, unusable = _compared(named, target, now)
    existing = [message for message, comparison in compared if comparison is not ImageComparison.GONE]
    table = ProjectionTable(target.client, target.table_name, target.workers)
    result = handle_batch(_newest_records(existing, target, now), table, now, lambda: HOUR)
    outcomes = Counter(comparison for _, comparison in compared)
    return RedriveResult(
        name=name,
        records=len(batch.records),
        applied=result.written,
        newer=result.stale,
        gone=outcomes[ImageComparison.GONE],
        edited=outcomes[ImageComparison.EDITED],
        different=tuple(message.record for message, comparison in compared if comparison is ImageComparison.DIFFERENT),
        bad=(
            *unreadable,
            *unusable,
            *(f"record {record.sequence_number}: {record.reason}" for record in result.poison),
        ),
        failed=tuple(_failures(result, batch)),
    )


def _failures(result: BatchResult, batch: FailedBatch) -> Iterator[str]:
    """Yield the errors of DynamoDB, each with how often it came, and then how many groups have to come again."""
    errors = Counter(f"{failure.event}: {failure.error}" for failure in result.failures)
    yield from (f"{error} ({times} times)" for error, times in sorted(errors.items()))
    if result.failed_groups:
        yield f"{counted(result.failed_groups, 'group')} of shard {batch.shard_id}, {batch.first} to {batch.last}"


def _compared(
    named: Sequence[NamedMessage], target: RedriveTarget, now: datetime
) -> tuple[list[tuple[NamedMessage, ImageComparison]], list[str]]:
    """Compare each message with the table, and return a reason against each that is there and of no use."""
    keys = {(message.group_uuid, message.created_at): message.key for message in named}
    read = batch_get(target.client, target.table_name, list(keys.values()), ReadCost())
    items = {(item["pk"]["S"], item["sk"]["S"]): item for item in read}
    compared: list[tuple[NamedMessage, ImageComparison]] = []
    unusable: list[str] = []
    for message in named:
        item = items.get((message.key["pk"]["S"], message.key["sk"]["S"]))
        try:
            compared.append((message, compare(message, item, now)))
        except ItemError as error:
            unusable.append(f"record {message.record}: {error}")
    return compared, unusable


def _newest_records(existing: Iterable[NamedMessage], target: RedriveTarget, now: datetime) -> list[Any]:
    """Return a record of the newest message of each group, as the table has it, named as the group's last in the batch.

    The newest, as `reconcile` takes it: a member who came later than the message must not be shown an old one.
    """
    names = {message.group_uuid: message.record for message in existing}
    newest = Reader(target.client, target.table_name, target.clock, target.workers).newest(names, now)
    return [record_of(latest, name) for group, name in names.items() if (latest := newest[group].message) is not None]


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
        """Return UNANSWERED if DynamoDB failed, FINDINGS for what can never be applied or differs, else FINE."""
        if any(result.failed for result in self.results):
            return UNANSWERED
        return FINDINGS if any(result.bad or result.different for result in self.results) else FINE

    def summary(self) -> str:
        """Return all results in one line."""
        left = sum(bool(result.bad or result.failed) for result in self.results)
        different = sum(len(result.different) for result in self.results)
        unlike = f", {counted(different, 'record')} unlike the table" if different else ""
        applied, newer = sum(result.applied for result in self.results), sum(result.newer for result in self.results)
        rows = f"{counted(applied, 'row')} applied, {newer} already newer"
        batches = counted(len(self.results), "failed batch", "failed batches")
        return f"{batches}: {rows}; {left} still bad{unlike}, {len(self.deleted)} deleted"

    def facts(self) -> dict[str, Any]:
        """Return the results for JSON."""
        batches = [
            {
                "name": result.name,
                "records": result.records,
                "rows_applied": result.applied,
                "rows_already_newer": result.newer,
                "records_gone": result.gone,
                "records_edited_since": result.edited,
                "records_unlike_the_table": result.different,
                "bad": result.bad,
                "failed": result.failed,
            }
            for result in self.results
        ]
        return {"batches": batches, "deleted": list(self.deleted)}
