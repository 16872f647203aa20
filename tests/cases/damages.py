"""Damages to conversation rows, groups and messages, each with the drift that it is."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from stream_lambda import items
from stream_lambda.items import FURTHER_AT, RowKey, flag_key, group_item, message_item, row_key
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
ADAS_FURTHER = row_key(RowKey(ADA.user_uuid, PAIR.group_uuid, further=True))
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


def make_adas_row_a_further_one(client: Any) -> None:
    """Change nothing for the worse: the group says so, the row is there, and Ada is flagged."""
    client.put_item(TableName=TABLE, Item=group_item(replace(PAIR, further=frozenset((ADA.user_uuid,)))))
    client.put_item(TableName=TABLE, Item=flag_key(ADA.user_uuid))
    place_a_row_as_if_further(client)


def place_a_row_as_if_further(client: Any) -> None:
    copy_a_row_as_if_further(client)
    remove(client, ADAS)


def copy_a_row_as_if_further(client: Any) -> None:
    row = client.get_item(TableName=TABLE, Key=ADAS)["Item"]
    client.put_item(TableName=TABLE, Item=row | ADAS_FURTHER | {FURTHER_AT: row["last_message_at"]})


def leave_a_row_at_the_first_place(client: Any) -> None:
    leave_a_first_row_beside_a_further_one(client)
    remove(client, ADAS_FURTHER)


def leave_a_first_row_beside_a_further_one(client: Any) -> None:
    row = client.get_item(TableName=TABLE, Key=ADAS)["Item"]
    make_adas_row_a_further_one(client)
    client.put_item(TableName=TABLE, Item=row)


def leave_the_only_right_row_elsewhere(client: Any) -> None:
    copy_a_row_as_if_further(client)
    leave_a_row_behind(client)


def leave_a_copy_of_a_gone_message(client: Any) -> None:
    copy_a_row_as_if_further(client)
    change(client, ADAS_FURTHER, last_message_at={"S": at(9)}, further_at={"S": at(9)})


def garble_a_row_that_has_a_copy(client: Any) -> None:
    copy_a_row_as_if_further(client)
    garble_a_row(client)


def lose_the_flag(client: Any) -> None:
    make_adas_row_a_further_one(client)
    remove(client, flag_key(ADA.user_uuid))


def let_the_flag_expire(client: Any) -> None:
    make_adas_row_a_further_one(client)
    change(client, flag_key(ADA.user_uuid), expires_at={"N": str(PAST)})


def sort_a_further_row_by_another_time(client: Any) -> None:
    make_adas_row_a_further_one(client)
    change(client, ADAS_FURTHER, further_at={"S": at(1)})


def leave_a_further_row_out_of_the_index(client: Any) -> None:
    make_adas_row_a_further_one(client)
    change(client, ADAS_FURTHER, further_at=None)


def put_a_first_row_into_the_index(client: Any) -> None:
    change(client, ADAS, further_at={"S": at(2)})


def leave_a_strangers_further_row(client: Any) -> None:
    row = client.get_item(TableName=TABLE, Key=ADAS)["Item"]
    strange = row_key(RowKey(EVE.user_uuid, PAIR.group_uuid, further=True)) | {FURTHER_AT: row["last_message_at"]}
    client.put_item(TableName=TABLE, Item=row | strange)


def lose_the_group_of_a_further_row(client: Any) -> None:
    make_adas_row_a_further_one(client)
    lose_the_group_and_every_message(client)


BOTH = [ADA.user_uuid, BOB.user_uuid]
# those of which looking at one group tells as much as looking at all
OF_PLACES = (
    place_a_row_as_if_further,
    leave_a_row_at_the_first_place,
    copy_a_row_as_if_further,
    leave_a_first_row_beside_a_further_one,
    leave_the_only_right_row_elsewhere,
    leave_a_copy_of_a_gone_message,
    garble_a_row_that_has_a_copy,
    lose_the_flag,
    let_the_flag_expire,
    sort_a_further_row_by_another_time,
    leave_a_further_row_out_of_the_index,
    put_a_first_row_into_the_index,
)
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
    place_a_row_as_if_further: [(Kind.MISPLACED, ADA.user_uuid)],
    leave_a_row_at_the_first_place: [(Kind.MISPLACED, ADA.user_uuid)],
    copy_a_row_as_if_further: [(Kind.TWICE, ADA.user_uuid)],
    leave_a_first_row_beside_a_further_one: [(Kind.TWICE, ADA.user_uuid)],
    leave_the_only_right_row_elsewhere: [(Kind.TWICE, ADA.user_uuid)],
    leave_a_copy_of_a_gone_message: [(Kind.GONE, ADA.user_uuid)],
    garble_a_row_that_has_a_copy: [(Kind.MALFORMED, ADA.user_uuid)],
    lose_the_flag: [(Kind.UNFLAGGED, ADA.user_uuid)],
    let_the_flag_expire: [(Kind.UNFLAGGED, ADA.user_uuid)],
    sort_a_further_row_by_another_time: [(Kind.UNSORTED, ADA.user_uuid)],
    leave_a_further_row_out_of_the_index: [(Kind.UNSORTED, ADA.user_uuid)],
    put_a_first_row_into_the_index: [(Kind.UNSORTED, ADA.user_uuid)],
    leave_a_strangers_further_row: [(Kind.FORMER, EVE.user_uuid)],
    lose_the_group_of_a_further_row: [(Kind.GROUPLESS, user) for user in BOTH],
    garble_the_group: [(Kind.GROUP, "")],
    garble_a_new_message: [(Kind.MESSAGE, "")],
}
