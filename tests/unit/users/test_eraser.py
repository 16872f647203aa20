"""An erasure leaves nothing of a person in the table but what is named, and a table in which nothing is wrong."""

from typing import Any

from stream_lambda.items import FORMER, User
from tableguard.store.members import remove_member
from tableguard.store.messages import MessageTable
from tableguard.users.holdings import TableScan
from tests.worlds.erasures import eraser, everything_of_ada, groups_there, places_that_name, wrong_rows
from tests.worlds.messages import ADA, BOB, EVE, TABLE, all_items


def erase(table: MessageTable, user: User = ADA) -> Any:
    return eraser(table).erase(TableScan(table.client, TABLE).holdings(user))


def test_nothing_of_the_person_is_left_and_no_row_is_wrong(table: MessageTable) -> None:
    groups = everything_of_ada(table)
    assert places_that_name(table.client, ADA)
    erasure = erase(table)
    assert erasure.left.erasable == 0
    assert places_that_name(table.client, ADA) == []
    assert wrong_rows(table.client) == []
    assert groups_there(table.client) == set(groups.values())


def test_who_is_left_reads_their_own_words_and_an_empty_place(table: MessageTable) -> None:
    groups = everything_of_ada(table)
    before = [message.text for message in table.messages(groups["pair"], BOB.user_uuid).items]
    erase(table)
    page = table.messages(groups["pair"], BOB.user_uuid).items
    assert before == ["how is it going?", "and to you", "hello"]
    assert [(one.text, one.author, one.deleted) for one in page] == [
        ("", FORMER, True),
        ("and to you", BOB, False),
        ("", FORMER, True),
    ]


def test_the_lists_of_others_name_who_is_left_and_show_no_word(table: MessageTable) -> None:
    groups = everything_of_ada(table)
    erase(table)
    rows = {row.group_uuid: row for row in table.all_conversations(BOB.user_uuid).items}
    assert (rows[groups["pair"]].other, rows[groups["pair"]].last_message) == (FORMER, "")
    assert (rows[groups["three"]].other, rows[groups["three"]].last_message) == (EVE, "good")


def test_a_conversation_that_nobody_else_is_left_in_goes_whole(table: MessageTable) -> None:
    groups = everything_of_ada(table)
    erase(table, BOB)
    assert groups["pair"] in groups_there(table.client)
    erase(table, ADA)
    assert groups_there(table.client) == {groups["with eve"], groups["three"]}
    erase(table, EVE)
    assert all_items(table.client) == []


def test_messages_in_a_group_that_the_person_has_left_are_emptied_too(table: MessageTable) -> None:
    groups = everything_of_ada(table)
    remove_member(table, groups["three"], BOB.user_uuid, ADA.user_uuid)
    erase(table)
    assert places_that_name(table.client, ADA) == []
    assert {one.text for one in table.messages(groups["three"], BOB.user_uuid).items} == {"all of us", "good", ""}


def test_an_erasure_that_is_made_again_changes_nothing(table: MessageTable) -> None:
    everything_of_ada(table)
    assert erase(table).writes > 0
    before = all_items(table.client)
    assert erase(table).writes == 0
    assert all_items(table.client) == before
