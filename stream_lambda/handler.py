"""Read the records, decide, write the rows; answer which record the batch must be delivered again from."""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Literal

import botocore.session
from botocore.config import Config

from .decide import checkpoint, newest_per_group, rows
from .items import Conversation, Message
from .log import emit_metrics, log
from .records import Poison, poison, read, sequence_number
from .result import BatchResult, Failure, Response
from .table import UNREACHABLE, GroupReading, ProjectionTable, WriteOutcome, error_code

# Rows begun later would be cut off by the timeout, and with them the whole batch would come again.
STOP_MILLISECONDS = 5_000
WORKERS = 8  # rows written at once, and connections kept open


def handle(event: dict[str, Any], context: Any) -> Response:
    """Bring the rows up to date with a batch of stream records. Lambda calls this."""
    now = datetime.now(UTC)
    result = handle_batch(event["Records"], _table(), now, context.get_remaining_time_in_millis)
    log_problems(result)
    emit_metrics(context.function_name, now, result.metrics)
    return result.response


@cache
def _table() -> ProjectionTable:
    config = Config(
        retries={"mode": "standard", "total_max_attempts": 4},
        connect_timeout=2,
        read_timeout=5,
        max_pool_connections=WORKERS,
    )
    client = botocore.session.get_session().create_client("dynamodb", config=config)
    return ProjectionTable(client, os.environ["TABLE_NAME"], WORKERS)


def log_problems(result: BatchResult) -> None:
    """Log everything in a batch that was not written as it should be."""
    for record in result.poison:
        log("ERROR", "poison", reason=record.reason, sequence_number=record.sequence_number)
    for reason in result.malformed_groups:
        log("ERROR", "group is malformed", reason=reason)
    for failure in result.failures:
        log("ERROR", failure.event, error=failure.error)


def handle_batch(
    records: Sequence[Any], table: ProjectionTable, now: datetime, remaining: Callable[[], int]
) -> BatchResult:
    """Write the rows of all members so that they show the newest message of each group in the batch.

    `remaining` returns how many milliseconds are left before the function is cut off. Nothing is logged.
    """
    messages, unusable = _messages(records, now)
    newest = newest_per_group(messages)
    groups = table.groups(newest)
    memberless = [group_uuid for group_uuid in newest if group_uuid not in groups.by_uuid.keys() | groups.unread]
    writes = _write(rows(newest, groups.by_uuid), table, remaining)
    outcomes = Counter(write.outcome for write in writes)
    failed = groups.unread | {write.row.group_uuid for write in writes if write.outcome == "failed"}
    refused = [write.row.group_uuid for write in writes if write.outcome == "refused"]
    index = checkpoint(newest, failed)
    return BatchResult(
        records=len(records),
        groups=len(newest),
        written=outcomes["written"],
        stale=outcomes["stale"],
        failed_groups=len(failed),
        poison=(
            *unusable,
            *(poison(records[newest[group_uuid].index], "its group has no members") for group_uuid in memberless),
            *(poison(records[newest[group_uuid].index], "DynamoDB refused the row") for group_uuid in refused),
        ),
        malformed_groups=groups.malformed,
        failures=_failures(groups, writes),
        failed_from=None if index is None else sequence_number(records[index]),
    )


def _messages(records: Sequence[Any], now: datetime) -> tuple[list[tuple[int, Message]], list[Poison]]:
    """Return the messages that records announce, with their indices, and the records that cannot be used."""
    contents = [read(record, now) for record in records]
    messages = [(index, content) for index, content in enumerate(contents) if isinstance(content, Message)]
    return messages, [content for content in contents if isinstance(content, Poison)]


@dataclass(frozen=True)
class _Write:
    """A row, whether it was written, and the error where DynamoDB could not be asked."""

    row: Conversation
    outcome: WriteOutcome | Literal["failed"]
    error: str = ""


def _write(wanted: list[Conversation], table: ProjectionTable, remaining: Callable[[], int]) -> list[_Write]:
    def write(row: Conversation) -> _Write:
        if remaining() < STOP_MILLISECONDS:
            return _Write(row, "failed")
        try:
            return _Write(row, table.write(row))
        except UNREACHABLE as error:
            return _Write(row, "failed", error_code(error))

    with ThreadPoolExecutor(table.workers) as pool:
        return list(pool.map(write, wanted))


def _failures(groups: GroupReading, writes: list[_Write]) -> tuple[Failure, ...]:
    return (
        *(Failure("members were not read", error) for error in groups.errors),
        *(Failure("row was not written", write.error) for write in writes if write.error),
    )
