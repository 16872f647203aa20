"""Failed batches handed to the stream function's own code once more; ends 0 if nothing is left of them.

Records of messages that are there no more, or have expired, are left out: an erased text must not come back from a
failed batch. Everything else is the function's: applied again, in any order and however often, it changes nothing.
"""

import io
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tqdm import tqdm

from stream_lambda.handler import handle_batch
from stream_lambda.items import Message
from stream_lambda.records import read
from stream_lambda.table import Table
from tableguard.projection.failed_batches import FailedBatch, Source, UnreadableBatch, parse
from tableguard.store.batch_get import batch_get
from tableguard.store.consumed import ReadCost
from tableguard.store.rows import is_hidden

FINE, FINDINGS, COULD_NOT = 0, 1, 2
HOUR = 3_600_000  # milliseconds that handle_batch is told are left: nothing cuts it off here


@dataclass(frozen=True)
class Target:
    """The table to write to, a client for it, the clock, and how many rows are written at once."""

    client: Any  # botocore makes its classes at run time
    table_name: str
    clock: Callable[[], datetime]
    workers: int = 8


@dataclass(frozen=True)
class Redriven:
    """What became of one failed batch."""

    name: str
    records: int = 0
    applied: int = 0  # rows
    newer: int = 0  # rows that showed this message or a newer one already
    gone: int = 0  # records of messages that are there no more
    bad: tuple[str, ...] = ()  # what can never be applied
    failed: tuple[str, ...] = ()  # what DynamoDB did not do this time

    @property
    def done(self) -> bool:
        """Whether the batch is of no use any more."""
        return not self.bad and not self.failed

    def lines(self) -> Iterator[str]:
        """What a reader has to know of it; sequence numbers and reasons, never texts."""
        told = f"{self.applied} rows applied, {self.newer} already newer, {self.gone} of {self.records} records gone"
        yield f"{self.name}: {told}"
        yield from (f"  still bad: {reason}" for reason in self.bad)
        yield from (f"  not done, try again: {reason}" for reason in self.failed)


def redrive(source: Source, target: Target, progress: bool = False) -> Iterator[Redriven]:
    """Apply every failed batch there is, one after the other."""
    for name in tqdm(source.names(), unit=" batches", delay=1, disable=not progress):
        try:
            batch = parse(source.read(name), target.table_name)
        except UnreadableBatch as error:
            yield Redriven(name, bad=(str(error),))
        else:
            yield _applied(name, batch, target)


def _applied(name: str, batch: FailedBatch, target: Target) -> Redriven:
    now = target.clock()
    records = list(_still_there(batch.records, target, now))
    table = Table(target.client, target.table_name, target.workers)
    with redirect_stdout(io.StringIO()) as log:  # the function tells there what it makes of each record
        counts = handle_batch(records, table, now, lambda: HOUR).counts
    bad, failed = _told(log.getvalue())
    if counts["FailedGroups"]:
        failed = (*failed, f"{counts['FailedGroups']} groups of shard {batch.shard_id}, {batch.first} to {batch.last}")
    gone = len(batch.records) - len(records)
    return Redriven(name, len(batch.records), counts["Written"], counts["Stale"], gone, bad, failed)


def _still_there(records: Iterable[Any], target: Target, now: datetime) -> Iterator[Any]:
    """The records without those of messages that nobody can read any more."""
    keys = {_key(record): record["dynamodb"]["Keys"] for record in records if isinstance(read(record, now), Message)}
    found = batch_get(
        target.client, target.table_name, list(keys.values()), ReadCost(), projection="pk, sk, expires_at"
    )
    there = {(item["pk"]["S"], item["sk"]["S"]) for item in found if not is_hidden(item, now)}
    for record in records:
        if not isinstance(read(record, now), Message) or _key(record) in there:
            yield record


def _key(record: Any) -> tuple[str, str]:
    keys = record["dynamodb"]["Keys"]
    return keys["pk"]["S"], keys["sk"]["S"]


def _told(log: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the function said is poison, and which errors of DynamoDB it met, each with how often."""
    lines = [json.loads(line) for line in log.splitlines()]
    bad = tuple(f"record {line['sequence_number']}: {line['reason']}" for line in lines if line["event"] == "poison")
    errors = Counter(f"{line['event']}: {line['error']}" for line in lines if "error" in line)
    return bad, tuple(f"{error} ({times} times)" for error, times in sorted(errors.items()))


def run(source: Source, target: Target, *, delete: bool = False, as_json: bool = False, progress: bool = False) -> int:
    """Redrive and print, and delete the batches that are done with if that is wanted; the exit code."""
    batches: list[Redriven] = []
    for batch in redrive(source, target, progress):
        batches.append(batch)
        if not as_json:
            sys.stdout.writelines(f"{line}\n" for line in batch.lines())
    deleted = [batch.name for batch in batches if batch.done and delete]
    for name in deleted:
        source.delete(name)
    sys.stdout.write((_json(batches, deleted) if as_json else _summary(batches, deleted)) + "\n")
    if any(batch.failed for batch in batches):
        return COULD_NOT
    return FINDINGS if any(batch.bad for batch in batches) else FINE


def _summary(batches: list[Redriven], deleted: list[str]) -> str:
    left = sum(not batch.done for batch in batches)
    applied, newer = sum(batch.applied for batch in batches), sum(batch.newer for batch in batches)
    told = f"{applied} rows applied, {newer} already newer"
    return f"{len(batches)} failed batches: {told}; {left} still bad, {len(deleted)} deleted"


def _json(batches: list[Redriven], deleted: list[str]) -> str:
    facts = [
        {
            "name": batch.name,
            "records": batch.records,
            "rows_applied": batch.applied,
            "rows_already_newer": batch.newer,
            "records_gone": batch.gone,
            "bad": batch.bad,
            "failed": batch.failed,
        }
        for batch in batches
    ]
    return json.dumps({"batches": facts, "deleted": deleted}, indent=2, sort_keys=True)
