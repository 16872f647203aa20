"""Read the records, decide, write the rows; answer which record the batch must be delivered again from."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
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
from .records import Poison, read, sequence_number
from .table import UNREACHABLE, Outcome, Table, error_code

# Rows begun later would be cut off by the timeout, and with them the whole batch would come again.
STOP_MILLISECONDS = 5_000
WORKERS = 8  # rows written at once, and connections kept open

Response = dict[str, list[dict[str, str]]]


@dataclass(frozen=True)
class Handled:
    """What became of a batch: how many of what, and the record to deliver it again from, if any."""

    counts: Counter[str]
    failed_from: str | None

    @property
    def response(self) -> Response:
        """As Lambda wants it: no failure is an empty list."""
        return {"batchItemFailures": [{"itemIdentifier": self.failed_from}] if self.failed_from else []}


def handle(event: dict[str, Any], context: Any) -> Response:
    """What Lambda calls with a batch of stream records."""
    now = datetime.now(UTC)
    handled = handle_batch(event["Records"], _table(), now, context.get_remaining_time_in_millis)
    emit_metrics(context.function_name, now, handled.counts)
    return handled.response


@cache
def _table() -> Table:
    config = Config(
        retries={"mode": "standard", "total_max_attempts": 4},
        connect_timeout=2,
        read_timeout=5,
        max_pool_connections=WORKERS,
    )
    client = botocore.session.get_session().create_client("dynamodb", config=config)
    return Table(client, os.environ["TABLE_NAME"], WORKERS)


def handle_batch(records: Sequence[Any], table: Table, now: datetime, remaining: Callable[[], int]) -> Handled:
    """Make the rows of all members show the newest message of each group in the batch.

    `remaining` answers how many milliseconds are left before the function is cut off.
    """
    counts = Counter({"Records": len(records)})
    newest = newest_per_group(_messages(records, now, counts))
    groups = table.groups(newest)
    failed = set(groups.unread)
    for group_uuid in newest.keys() - groups.found.keys() - failed:
        _poison(counts, records[newest[group_uuid].index], "its group has no members")
    for row, outcome in _write(rows(newest, groups.found), table, remaining):
        if outcome == "failed":
            failed.add(row.group_uuid)
        elif outcome == "refused":
            _poison(counts, records[newest[row.group_uuid].index], "DynamoDB refused the row")
        counts[outcome.capitalize()] += 1
    counts.update(Groups=len(newest), FailedGroups=len(failed))
    index = checkpoint(newest, failed)
    return Handled(counts, None if index is None else sequence_number(records[index]))


def _messages(records: Sequence[Any], now: datetime, counts: Counter[str]) -> Iterator[tuple[int, Message]]:
    for index, record in enumerate(records):
        found = read(record, now)
        if isinstance(found, Poison):
            _poison(counts, record, found.reason)
        elif found is not None:
            yield index, found


def _poison(counts: Counter[str], record: Any, reason: str) -> None:
    counts["Poison"] += 1
    log("ERROR", "poison", reason=reason, sequence_number=sequence_number(record))


def _write(
    wanted: list[Conversation], table: Table, remaining: Callable[[], int]
) -> Iterable[tuple[Conversation, Outcome | Literal["failed"]]]:
    def write(row: Conversation) -> Outcome | Literal["failed"]:
        if remaining() < STOP_MILLISECONDS:
            return "failed"
        try:
            return table.write(row)
        except UNREACHABLE as error:
            log("ERROR", "row was not written", error=error_code(error))
            return "failed"

    with ThreadPoolExecutor(table.workers) as pool:
        return list(zip(wanted, pool.map(write, wanted), strict=True))
