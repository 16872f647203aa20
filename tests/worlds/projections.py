"""The stream function and the delete-and-put way, each on a table of its own, made ready and measured alike."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from stream_lambda.decide import conversation
from stream_lambda.handler import WORKERS, handle_batch
from stream_lambda.items import Group, Item, Message, conversation_item, group_item
from stream_lambda.table import ProjectionTable
from tableguard import settings
from tableguard.store import table_admin
from tests.cases.message_batches import Batch, first_messages, records
from tests.naive import handler as naive_handler
from tests.naive import table as naive_table
from tests.worlds.dynamodb_meter import Meter
from tests.worlds.messages import NOW

OURS, NAIVE = "ours", "naive"


@dataclass(frozen=True)
class Measured:
    """What a message took on average."""

    write_units: float
    read_units: float
    calls: float
    milliseconds: float


@dataclass(frozen=True)
class Projection:
    """One way of keeping conversation rows: its table, the rows it begins with, and what handles a batch."""

    client: Any
    table_name: str
    meter: Meter
    rows: Callable[[Group, Message], list[Item]]
    handle: Callable[[Sequence[Any]], object]

    def measure(self, batches: Iterable[Batch]) -> Measured:
        """Handle the batches, with all that they need in place."""
        delivered = [records(batch) for batch in batches]
        self.meter.reset()
        started = time.perf_counter()
        for batch in delivered:
            self.handle(batch)
        seconds, count = time.perf_counter() - started, sum(map(len, delivered))
        meter = self.meter
        return Measured(
            meter.write_units / count, meter.read_units / count, meter.calls / count, 1000 * seconds / count
        )

    def begin(self, groups: Iterable[Group]) -> None:
        """Put the conversations into the table as their first message leaves them, each at an instant of its own."""
        self.put([item for group, message in first_messages(groups) for item in self.rows(group, message)])

    def put(self, items: Sequence[Item]) -> None:
        """Write items, 25 a call: the most that DynamoDB takes."""
        for start in range(0, len(items), 25):
            puts = [{"PutRequest": {"Item": item}} for item in items[start : start + 25]]
            assert not self.client.batch_write_item(RequestItems={self.table_name: puts})["UnprocessedItems"]


def ours(client: Any, stream: bool = False) -> Projection:
    """The stream function on the table of the templates."""
    table_admin.create(client, settings.example(), OURS)
    _set_stream(client, OURS, stream)
    table = ProjectionTable(client, OURS, WORKERS)
    return Projection(
        client, OURS, _watched(client), _our_rows, lambda batch: handle_batch(batch, table, NOW, lambda: 60_000)
    )


def naive(client: Any, stream: bool = False) -> Projection:
    """The delete-and-put way on its own table."""
    naive_table.create(client, NAIVE)
    _set_stream(client, NAIVE, stream)
    return Projection(
        client,
        NAIVE,
        _watched(client),
        lambda group, message: naive_table.first_rows(group, message.created_at, str(message.summary)),
        lambda batch: naive_handler.handle(client, NAIVE, batch),
    )


def _set_stream(client: Any, table_name: str, stream: bool) -> None:
    # a write takes DynamoDB Local the longer, the more stream records it keeps: 16 puts a second at 40,000
    if not stream:
        client.update_table(TableName=table_name, StreamSpecification={"StreamEnabled": False})


def _watched(client: Any) -> Meter:
    meter = Meter()
    meter.watch(client)
    return meter


def _our_rows(group: Group, message: Message) -> list[Item]:
    return [group_item(group), *(conversation_item(conversation(message, member, group)) for member in group.members)]
