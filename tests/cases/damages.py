"""Damages to conversation rows, groups and messages, each with the drift that it is."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from stream_lambda import items
from stream_lambda.items import RowKey, group_item, message_item, row_key
from tableguard.projection.drift import Kind
from tests.worlds.messages import (
    ADA,
    BOB,
    EVE,
    PAIR,
    TABLE,
    TRIO,
    at,
    message_records,
    said,
)
from tests.worlds.rows import FUTURE, PAST, change, remove, send
from tests.worlds.stream_function import deliver

ADAS, BOBS = row_key(RowKey(ADA.user_uuid, PAIR.group_uuid)), row_key(RowKey(BOB.user_uuid, PAIR.group_uuid))
NEWEST = items.message_key(PAIR.group_uuid, at(2))


def lose_a_row(client: Any) -> None:
    remove(client, ADAS)


def leave_a_row_behind(client: Any) -> None:
    change(client, ADAS, last_message_at={"S": at(1)}, last_message={"S": "first"})


def falsify_a_text(client: Any) -> None:
    change(client, ADAS, last_message={"S": "forged"})


def forget_to_expire(client: Any) -> None:
    change(client, NEWEST, expires_at={"N": str(FUTURE)})
    change(client, BOBS, expires_at={"N": str(FUTURE)})


def rename_bob_in_the_group(client: Any) -> None:
    renamed = replace(PAIR, members=(ADA, replace(BOB, display_name="Robert")))
    client.put_item(TableName=TABLE, Item=group_item(renamed))


def remove_ada_from_the_group(client: Any) -> None:
    client.put_item(TableName=TABLE, Item=group_item(replace(TRIO, members=(BOB, EVE))))


def erase_the_newest_message(client: Any) -> None:
    remove(client, NEWEST)


def erase_every_message(client: Any) -> None:
    for second in (1, 2):
        remove(client, items.message_key(PAIR.group_uuid, at(second)))


def lose_the_group(client: Any) -> None:
    remove(client, items.group_key(PAIR.group_uuid))


def lose_the_group_and_its_rows(client: Any) -> None:
    lose_the_group(client)
    for key in (ADAS, BOBS):
        remove(client, key)


def lose_the_group_and_every_message(client: Any) -> None:
    lose_the_group(client)
    erase_every_message(client)


def garble_a_row(client: Any) -> None:
    change(client, ADAS, last_user_uuid={"N": "1"})


def garble_the_group(client: Any) -> None:
    change(client, items.group_key(PAIR.group_uuid), members={"S": "everybody"})


def garble_a_new_message(client: Any) -> None:
    client.put_item(TableName=TABLE, Item=message_item(said("x", 4)) | {"user_uuid": {"N": "1"}})


def hide_the_conversation_with_an_expired_message(client: Any) -> None:
    """It expired after the rows showed it, while an older message lives."""
    brief = said("brief", 5, expires_at=PAST)
    send(client, brief)
    deliver(client, message_records(brief))


BOTH = [ADA.user_uuid, BOB.user_uuid]
CASES: dict[Callable[[Any], None], list[tuple[Kind, str]]] = {
    lose_a_row: [(Kind.MISSING, ADA.user_uuid)],
    leave_a_row_behind: [(Kind.BEHIND, ADA.user_uuid)],
    falsify_a_text: [(Kind.DIFFERENT, ADA.user_uuid)],
    forget_to_expire: [(Kind.DIFFERENT, ADA.user_uuid)],
    rename_bob_in_the_group: [(Kind.NAMES, ADA.user_uuid)],
    remove_ada_from_the_group: [(Kind.NAMES, BOB.user_uuid), (Kind.NAMES, EVE.user_uuid), (Kind.FORMER, ADA.user_uuid)],
    hide_the_conversation_with_an_expired_message: [(Kind.MISSING, user) for user in BOTH],
    erase_the_newest_message: [(Kind.GONE, user) for user in BOTH],
    erase_every_message: [(Kind.EMPTY, user) for user in BOTH],
    lose_the_group: [(Kind.ORPHANED, ""), *((Kind.GROUPLESS, user) for user in BOTH)],
    lose_the_group_and_its_rows: [(Kind.ORPHANED, "")],
    lose_the_group_and_every_message: [(Kind.GROUPLESS, user) for user in BOTH],
    garble_a_row: [(Kind.MALFORMED, ADA.user_uuid)],
    garble_the_group: [(Kind.GROUP, "")],
    garble_a_new_message: [(Kind.MESSAGE, "")],
}
