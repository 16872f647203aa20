"""The stream function on an emulated table, one batch at a time."""

from typing import Any

from stream_lambda.handler import handle_batch
from stream_lambda.result import BatchResult
from stream_lambda.table import ProjectionTable
from tests.worlds.messages import NOW, TABLE

PLENTY = 60_000  # milliseconds left


def deliver(client: Any, records: list[Any], remaining: int = PLENTY) -> BatchResult:
    """Pass one batch through the function; emulated DynamoDB is called by one thread at a time."""
    table = ProjectionTable(client, TABLE, workers=1, sleep=lambda seconds: None)
    return handle_batch(records, table, NOW, lambda: remaining)
