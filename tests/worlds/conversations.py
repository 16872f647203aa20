"""Conversations of Ada, Bob and others in an emulated table, as an application writes and reads them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from stream_lambda import items
from stream_lambda.decide import conversation
from stream_lambda.items import Group, User, conversation_item, message_item
from tableguard.store.messages import MessageTable, pair_group_uuid
from tests.worlds.messages import ADA, BOB, NOW, TABLE, TRIO, at, emulated_table, said

PAIR_UUID = pair_group_uuid(ADA.user_uuid, BOB.user_uuid)
NEWEST_OF_THREE = said("hello all", 5, TRIO)


def ticking_table(client: Any) -> MessageTable:
    """Return the table with a clock that goes on by a second whenever it is read."""
    seconds = iter(range(10**6))
    return MessageTable(client, TABLE, clock=lambda: NOW + timedelta(seconds=next(seconds)))


def write_five_messages(table: MessageTable) -> None:
    """Let Ada and Bob exchange five messages."""
    table.create_conversation(ADA, [BOB], "message 0")
    for number in range(1, 5):
        table.post(PAIR_UUID, (ADA, BOB)[number % 2].user_uuid, f"message {number}")


def texts(table: MessageTable, **options: Any) -> list[object]:
    """Return the texts of Ada's and Bob's messages as Ada reads them."""
    return [message.text for message in table.messages(PAIR_UUID, ADA.user_uuid, **options).items]


def row_of_ada(group: Group) -> items.Conversation:
    """Return Ada's row of a group whose newest message is Bob's."""
    return items.Conversation(ADA.user_uuid, group.group_uuid, BOB, "hello", at(0), "", "m", BOB.user_uuid)


def people(count: int) -> list[User]:
    """Return so many users."""
    return [User(f"user {number}", f"User {number}", f"user{number}") for number in range(count)]


@contextmanager
def table_of_three() -> Iterator[Any]:
    """Make a table with Ada, Bob and Eve, what Ada said to them, and their rows."""
    with emulated_table(TRIO) as emulated:
        rows = [conversation_item(conversation(NEWEST_OF_THREE, member, TRIO)) for member in TRIO.members]
        puts = [{"PutRequest": {"Item": item}} for item in (message_item(NEWEST_OF_THREE), *rows)]
        emulated.batch_write_item(RequestItems={TABLE: puts})
        yield emulated
