"""The ways to keep conversation rows that are explored: Pattern D as it is packaged, and delete-and-put."""

from collections.abc import Sequence
from functools import partial
from types import ModuleType
from typing import Any

import stream_lambda
from stream_lambda.decide import conversation
from stream_lambda.items import Group, Item, Message, conversation_item, conversation_of
from tests.explorer.program import Program, Row
from tests.naive import handler as naive
from tests.naive.table import first_rows
from tests.worlds.handler_packages import invoke
from tests.worlds.messages import TABLE


def pattern_d(package: ModuleType = stream_lambda) -> Program:
    """The function of a package, from Lambda's event to its response."""
    return Program(package.__name__, partial(invoke, package), _first_rows, _read)


def _first_rows(group: Group, message: Message) -> list[Item]:
    return [conversation_item(conversation(message, member, group)) for member in group.members]


def _read(item: Item) -> Row:
    found = conversation_of(item)
    return Row(found.user_uuid, found.group_uuid, found.last_message_at, found.last_message)


def _naive(client: Any, records: Sequence[Any]) -> None:
    naive.handle(client, TABLE, records)


def _naive_first_rows(group: Group, message: Message) -> list[Item]:
    return first_rows(group, message.created_at, str(message.text))


def _read_naive(item: Item) -> Row:
    user = item["pk"]["S"].removeprefix("GRP#")
    return Row(user, item["message_group_uuid"]["S"], item["sk"]["S"], item["message"]["S"])


DELETE_AND_PUT = Program("delete and put", _naive, _naive_first_rows, _read_naive)
