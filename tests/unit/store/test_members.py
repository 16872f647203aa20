"""Who belongs to a conversation under way, what its members are called, and when its rows expire."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from stream_lambda.decide import conversation
from stream_lambda.items import Group, RowKey, User, conversation_item, group_item, message_item, row_of_key
from stream_lambda.table import ProjectionTable
from tableguard.errors import MessageError
from tableguard.projection.drift import Kind
from tableguard.projection.reconcile import Choice, reconcile
from tableguard.projection.survey import Survey
from tableguard.projection.views import Reader
from tableguard.store.members import add_member, remove_member, rename
from tableguard.store.messages import MEMBERS, MessageTable, pair_group_uuid
from tests.worlds.conversations import NEWEST_OF_THREE, people, table_of_three
from tests.worlds.messages import (
    ADA,
    BOB,
    EVE,
    NOW,
    OTHER_PAIR,
    TABLE,
    TRIO,
    all_items,
    all_rows,
    message_records,
    said,
)
from tests.worlds.stream_function import deliver

DAN = User("user-dan", "Dan Example", "dan")
GROUP = TRIO.group_uuid


@pytest.fixture
def client() -> Iterator[Any]:
    with table_of_three() as emulated:
        yield emulated


@pytest.fixture
def table(client: Any) -> MessageTable:
    return MessageTable(client, TABLE, clock=lambda: NOW)


def listed(table: MessageTable, user: User) -> list[tuple[str, str, object]]:
    """What a user's conversation list shows: group, handle of the other, last message."""
    return [(row.group_uuid, row.other.handle, row.last_message) for row in table.conversations(user.user_uuid).items]


def all_keys(client: Any) -> list[RowKey]:
    """The keys of all rows, those that have expired among them."""
    return [key for item in all_items(client) if (key := row_of_key(item))]


def drift(client: Any) -> set[Kind]:
    survey = Survey(Reader(client, TABLE, lambda: NOW, workers=1), sleep=lambda seconds: None)
    return {found.kind for found in survey.of_all()}


# Members


def test_a_new_member_sees_the_group_with_its_newest_message_at_once(table: MessageTable, client: Any) -> None:
    group = add_member(table, GROUP, BOB.user_uuid, DAN)
    assert group.members == (*TRIO.members, DAN)
    assert table.group(GROUP) == group
    assert listed(table, DAN) == [(GROUP, "ada", "hello all")]
    assert table.messages(GROUP, DAN.user_uuid).items == (NEWEST_OF_THREE,)
    assert drift(client) == set()


def test_a_new_member_sees_what_is_written_next(table: MessageTable, client: Any) -> None:
    add_member(table, GROUP, BOB.user_uuid, DAN)
    posted = table.post(GROUP, DAN.user_uuid, "hello from dan").message
    deliver(client, message_records(posted))
    assert listed(table, DAN) == [(GROUP, "ada", "hello from dan")]


def test_adding_again_changes_nothing_but_restores_a_lost_row(table: MessageTable, client: Any) -> None:
    add_member(table, GROUP, BOB.user_uuid, DAN)
    before = all_items(client)
    add_member(table, GROUP, BOB.user_uuid, DAN)
    assert all_items(client) == before
    client.delete_item(TableName=TABLE, Key={"pk": {"S": "GRP#user-dan"}, "sk": {"S": GROUP}})
    add_member(table, GROUP, BOB.user_uuid, DAN)
    assert listed(table, DAN) == [(GROUP, "ada", "hello all")]


class Racing:
    """A client before whose first update, or the first of an item of a partition, something else happens."""

    def __init__(self, client: Any, happens: Any, pk: str = "") -> None:
        self.client, self.happens, self.exceptions, self.pk = client, [happens], client.exceptions, pk

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def update_item(self, **request: Any) -> Any:
        if request["Key"]["pk"]["S"].startswith(self.pk):
            self._let_happen()
        return self.client.update_item(**request)

    def transact_write_items(self, **request: Any) -> Any:
        self._let_happen()
        return self.client.transact_write_items(**request)

    def _let_happen(self) -> None:
        while self.happens:
            self.happens.pop()()


def test_two_who_add_at_once_both_succeed(table: MessageTable, client: Any) -> None:
    other = replace(DAN, user_uuid="user-fay", handle="fay")
    racing = Racing(client, lambda: add_member(table, GROUP, ADA.user_uuid, other))
    add_member(replace(table, client=racing), GROUP, BOB.user_uuid, DAN)
    group = table.group(GROUP)
    assert group is not None
    assert group.members == (*TRIO.members, other, DAN)
    assert drift(client) == set()


def test_a_message_that_arrives_while_a_member_is_added_is_what_the_member_sees(
    table: MessageTable, client: Any
) -> None:
    def meanwhile() -> None:
        add_member(table, GROUP, BOB.user_uuid, DAN)
        deliver(client, message_records(table.post(GROUP, ADA.user_uuid, "newer").message))

    add_member(replace(table, client=Racing(client, meanwhile)), GROUP, BOB.user_uuid, DAN)
    assert listed(table, DAN) == [(GROUP, "ada", "newer")]


def test_who_is_removed_sees_and_reads_the_group_no_more(table: MessageTable, client: Any) -> None:
    group = remove_member(table, GROUP, BOB.user_uuid, ADA.user_uuid)
    assert group.members == (BOB, EVE)
    assert listed(table, ADA) == []
    with pytest.raises(MessageError, match="is not a member"):
        table.messages(GROUP, ADA.user_uuid)
    assert (listed(table, BOB), listed(table, EVE)) == ([(GROUP, "eve", "hello all")], [(GROUP, "bob", "hello all")])
    assert drift(client) == set()


def test_who_comes_back_sees_the_group_again(table: MessageTable, client: Any) -> None:
    remove_member(table, GROUP, ADA.user_uuid, ADA.user_uuid)
    add_member(table, GROUP, BOB.user_uuid, ADA)
    assert listed(table, ADA) == [(GROUP, "bob", "hello all")]
    assert drift(client) == set()


def test_who_comes_back_sees_the_newest_though_an_older_message_arrives_meanwhile(
    table: MessageTable, client: Any
) -> None:
    remove_member(table, GROUP, ADA.user_uuid, ADA.user_uuid)
    older, newest = (table.post(GROUP, BOB.user_uuid, text).message for text in ("older", "newest"))
    write = ProjectionTable(client, TABLE, workers=1).write
    racing = Racing(client, lambda: write(conversation(older, ADA, TRIO)), pk="GRP#")
    add_member(replace(table, client=racing), GROUP, BOB.user_uuid, ADA)
    assert racing.happens == []
    assert listed(table, ADA) == [(GROUP, "bob", newest.text)]


def test_who_was_added_and_removed_meanwhile_has_one_row_where_the_group_says(table: MessageTable, client: Any) -> None:
    def meanwhile() -> None:
        add_member(table, GROUP, ADA.user_uuid, DAN)
        remove_member(table, GROUP, ADA.user_uuid, DAN.user_uuid)

    crowded = replace(table, client=Racing(client, meanwhile, pk="META#"), conversations_in_table=0)
    group = add_member(crowded, GROUP, BOB.user_uuid, DAN)
    assert group.further == frozenset()
    assert [key for key in all_keys(client) if key.user_uuid == DAN.user_uuid] == [RowKey(DAN.user_uuid, GROUP)]
    assert listed(table, DAN) == [(GROUP, "ada", "hello all")]


def test_what_pattern_d_was_writing_for_the_removed_is_found_as_drift(table: MessageTable, client: Any) -> None:
    remove_member(table, GROUP, BOB.user_uuid, EVE.user_uuid)
    late = conversation_item(conversation(NEWEST_OF_THREE, EVE, TRIO))
    client.put_item(TableName=TABLE, Item=late)
    assert drift(client) == {Kind.FORMER}


def test_fifty_members_are_enough(table: MessageTable, client: Any) -> None:
    crowd = Group("crowd", tuple(people(MEMBERS - 1)))
    client.put_item(TableName=TABLE, Item=group_item(crowd))
    assert len(add_member(table, "crowd", "user 0", DAN).members) == MEMBERS
    with pytest.raises(MessageError, match="has 50 members, and no room for more"):
        add_member(table, "crowd", "user 0", EVE)


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda table: add_member(table, GROUP, "user-dan", DAN), "user 'user-dan' is not a member of group"),
        (lambda table: add_member(table, GROUP, "user-ada", replace(DAN, handle="")), "handle ''"),
        (lambda table: add_member(table, "nowhere", "user-ada", DAN), "no group 'nowhere'"),
        (lambda table: remove_member(table, GROUP, "user-dan", "user-ada"), "user 'user-dan' is not a member"),
        (lambda table: remove_member(table, GROUP, "user-ada", "user-dan"), "user 'user-dan' is not a member"),
        (lambda table: rename(table, replace(ADA, display_name="")), "display name ''"),
    ],
)
def test_a_change_like_this_is_refused(table: MessageTable, client: Any, call: Any, reason: str) -> None:
    before = all_items(client)
    with pytest.raises(MessageError, match=reason):
        call(table)
    assert all_items(client) == before


def test_two_people_stay_two_and_the_last_one_stays(table: MessageTable, client: Any) -> None:
    pair = Group(pair_group_uuid(ADA.user_uuid, BOB.user_uuid), (ADA, BOB))
    for group in (pair, Group("alone", (ADA,))):
        client.put_item(TableName=TABLE, Item=group_item(group))
    with pytest.raises(MessageError, match="is the conversation of two people"):
        add_member(table, pair.group_uuid, ADA.user_uuid, EVE)
    with pytest.raises(MessageError, match="is the conversation of two people"):
        remove_member(table, pair.group_uuid, ADA.user_uuid, BOB.user_uuid)
    with pytest.raises(MessageError, match="its last member cannot be removed"):
        remove_member(table, "alone", ADA.user_uuid, ADA.user_uuid)


# Names

ADELE = replace(ADA, display_name="Adele Example", handle="adele")


def test_a_new_name_is_seen_in_every_conversation_and_only_what_differs_is_written(
    table: MessageTable, client: Any
) -> None:
    to_eve = said("to eve", 6, OTHER_PAIR)
    client.put_item(TableName=TABLE, Item=group_item(OTHER_PAIR))
    client.put_item(TableName=TABLE, Item=message_item(to_eve))
    deliver(client, message_records(to_eve))
    done = rename(table, ADELE)
    assert (done.groups, done.rows) == (2, 3)  # Bob's and Eve's rows of the three, and Eve's of the two
    assert listed(table, BOB) == [(GROUP, "adele", "hello all")]
    assert [handle for _, handle, _ in listed(table, EVE)] == ["adele", "adele"]
    assert table.post(GROUP, ADA.user_uuid, "as adele").message.author == ADELE
    assert (rename(table, ADELE).groups, rename(table, ADELE).rows) == (0, 0)


def test_a_new_name_survives_the_next_message(table: MessageTable, client: Any) -> None:
    rename(table, ADELE)
    deliver(client, message_records(said("later", 9, TRIO)))
    assert listed(table, BOB) == [(GROUP, "adele", "later")]


def test_a_rename_that_was_interrupted_is_drift_and_completed_when_made_again(table: MessageTable, client: Any) -> None:
    renamed = replace(TRIO, members=(ADELE, BOB, EVE))
    client.put_item(TableName=TABLE, Item=group_item(renamed))
    assert drift(client) == {Kind.NAMES}
    assert rename(table, ADELE).rows == 2
    assert drift(client) == set()


# Retention


def test_rows_go_with_the_message_they_show_and_the_list_follows_what_is_left(table: MessageTable, client: Any) -> None:
    expires_at = int(NOW.timestamp()) + 60
    brief = table.post(GROUP, ADA.user_uuid, "for a minute", expires_at).message
    deliver(client, message_records(brief))
    assert {row.expires_at for row in all_rows(client).values()} == {expires_at}
    later = replace(table, clock=lambda: NOW + timedelta(minutes=2))
    assert listed(later, BOB) == []
    reader = Reader(client, TABLE, later.clock, workers=1)
    assert {found.kind for found in Survey(reader, sleep=lambda seconds: None).of_all()} == {Kind.MISSING}
    later.refresh(GROUP)
    assert listed(later, BOB) == []  # Pattern D takes no row back; reconcile does, as nobody sees this one
    reconcile(Survey(reader, sleep=lambda seconds: None), Choice())
    assert listed(later, BOB) == [(GROUP, "ada", "hello all")]
