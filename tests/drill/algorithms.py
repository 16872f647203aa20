"""What is drilled: Pattern D as it is deployed, and the delete-and-put way, which is known to fail."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from stream_lambda.items import Group, Item, Message, flag_key, group_item, row_of_key
from tableguard import settings
from tableguard.stacks import package
from tableguard.store import table_admin
from tests.drill.kinds import OF_DELIVERY, Kind
from tests.naive import handler as naive_handler
from tests.naive import table as naive_table
from tests.worlds.lambda_package import package as package_of

Shown = tuple[str, ...]  # what a row says, as far as the drill compares it
PREVIEW = 140
_NAIVE_ENTRY = """
import os
import botocore.session

_client = botocore.session.get_session().create_client("dynamodb")

def entry(event, context):
    handle(_client, os.environ["TABLE_NAME"], event["Records"])
"""


@dataclass(frozen=True)
class Algorithm:
    """A function's package, the table it works on, and how to tell what its rows must show."""

    name: str
    package: Callable[[], bytes]
    handler: str
    create: Callable[[Any, str], object]
    beginning: Callable[[Group], Iterable[Item]]  # what a conversation has before its first message
    group: Callable[[Item], str]
    shown: Callable[[Item], Shown]
    expected: Callable[[Message], Shown]
    kinds: frozenset[Kind]  # the faults that can come about
    ours: bool  # whether redrive and verify-projection know its rows


def _texts(item: Mapping[str, Any], *names: str) -> Shown:
    return tuple(str(item.get(name, {}).get("S")) for name in names)


def _row(item: Item) -> Shown:
    return _texts(item, "last_message_at", "last_message", "last_message_uuid", "last_user_uuid")


def _group_of_row(item: Item) -> str:
    key = row_of_key(item)
    return key.group_uuid if key else ""


def _row_of(message: Message) -> Shown:
    return message.created_at, str(message.text)[:PREVIEW], message.message_uuid, message.author.user_uuid


PATTERN_D = Algorithm(
    name="pattern-d",
    package=package.build,
    handler="stream_lambda.handler.handle",
    create=lambda client, name: table_admin.create(client, settings.example(), name),
    beginning=lambda group: [group_item(group), *map(flag_key, sorted(group.further))],
    group=_group_of_row,
    shown=_row,
    expected=_row_of,
    kinds=frozenset(Kind),
    ours=True,
)
NAIVE = Algorithm(
    name="naive",
    package=lambda: package_of(inspect.getsource(naive_handler) + _NAIVE_ENTRY),
    handler="app.entry",
    create=naive_table.create,
    beginning=lambda group: naive_table.first_rows(group, "0001-01-01T00:00:00.000000+00:00", ""),
    group=lambda item: str(item["message_group_uuid"]["S"]),
    shown=lambda item: _texts(item, "sk", "message"),
    expected=lambda message: (message.created_at, str(message.text)),
    kinds=OF_DELIVERY,
    ours=False,
)
BY_NAME = {found.name: found for found in (PATTERN_D, NAIVE)}
