"""A table of rows as Pattern D leaves them, and what a test does to them behind its back."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from stream_lambda.decide import conversation
from stream_lambda.items import Item, Message, conversation_item, message_item
from tableguard.projection import reconcile
from tableguard.projection.drift import Kind
from tableguard.projection.reconcile import Choice
from tableguard.projection.repair import RepairOutcome
from tableguard.projection.survey import Survey
from tableguard.projection.views import Reader
from tests.worlds.messages import (
    NOW,
    PAIR,
    TABLE,
    TRIO,
    emulated_table,
    said,
)

PAST, FUTURE = int(NOW.timestamp()) - 60, int(NOW.timestamp()) + 3600
PRIVATE = "nobody may read this in a report"


STORED = said("first", 1), said(PRIVATE, 2), said("all", 3, TRIO)
SHOWN = ((STORED[1], PAIR), (STORED[2], TRIO))


@contextmanager
def table_with_rows() -> Iterator[Any]:
    """Make a table with two messages of Ada and Bob, one of the three, and every row as Pattern D leaves it."""
    rows = [
        conversation_item(conversation(message, member, group)) for message, group in SHOWN for member in group.members
    ]
    with emulated_table(PAIR, TRIO) as emulated:
        write(emulated, [*(message_item(message) for message in STORED), *rows])
        yield emulated


def write(client: Any, items: Sequence[Item]) -> None:
    for start in range(0, len(items), 25):
        puts = [{"PutRequest": {"Item": item}} for item in items[start : start + 25]]
        client.batch_write_item(RequestItems={TABLE: puts})


def send(client: Any, *messages: Message) -> None:
    for message in messages:
        client.put_item(TableName=TABLE, Item=message_item(message))


def survey(client: Any, between: Callable[[], object] = lambda: None) -> Survey:
    """A survey whose wait for messages on their way is no wait: `between` happens instead."""
    return Survey(Reader(client, TABLE, lambda: NOW, workers=1), sleep=lambda seconds: between() and None)


def drift_found(client: Any, between: Callable[[], object] = lambda: None) -> list[tuple[Kind, str]]:
    return [(drift.kind, drift.user_uuid) for drift in survey(client, between).of_all()]


def mend(client: Any, **choice: Any) -> list[RepairOutcome | None]:
    return [finding.outcome for finding in reconcile.reconcile(survey(client), Choice(**choice)).results]


def change(client: Any, key: Item, **attributes: Any) -> None:
    """Change an item behind everybody's back; None removes an attribute."""
    item = client.get_item(TableName=TABLE, Key=key)["Item"] | attributes
    client.put_item(TableName=TABLE, Item={name: value for name, value in item.items() if value})


def remove(client: Any, key: Item) -> None:
    client.delete_item(TableName=TABLE, Key=key)


class Interrupted:
    """A client before whose next write of a row something else happens."""

    def __init__(self, client: Any, happens: Callable[[], object]) -> None:
        self.client, self.happens, self.exceptions = client, [happens], client.exceptions

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def _then(self, operation: str, request: dict[str, Any]) -> Any:
        while self.happens:
            self.happens.pop()()
        return getattr(self.client, operation)(**request)

    def update_item(self, **request: Any) -> Any:
        return self._then("update_item", request)

    def transact_write_items(self, **request: Any) -> Any:
        return self._then("transact_write_items", request)
