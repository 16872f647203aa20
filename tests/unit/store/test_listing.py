"""Listings on an emulated table: messages and conversations come newest first, page by page, to members alone."""

import base64
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from stream_lambda import items
from stream_lambda.items import Group, User
from tableguard.errors import MessageError
from tableguard.store.messages import MessageTable
from tests.worlds.conversations import PAIR_UUID, row_of_ada, texts
from tests.worlds.messages import ADA, BOB, EVE, NOW, TABLE, at, said

# Pattern A


def test_messages_come_newest_first(talk: MessageTable) -> None:
    assert texts(talk) == [f"message {number}" for number in (4, 3, 2, 1, 0)]
    assert texts(talk, consistent=True) == texts(talk)


def test_messages_come_page_by_page(talk: MessageTable) -> None:
    first = talk.messages(PAIR_UUID, BOB.user_uuid, limit=2)
    second = talk.messages(PAIR_UUID, BOB.user_uuid, limit=2, token=first.token)
    third = talk.messages(PAIR_UUID, BOB.user_uuid, limit=2, token=second.token)
    seen = [message.text for page in (first, second, third) for message in page.items]
    assert seen == [f"message {number}" for number in (4, 3, 2, 1, 0)]
    assert third.token is None
    assert first.read_units > 0


def test_the_new_year_hides_no_message(client: Any) -> None:
    december = MessageTable(client, TABLE, clock=lambda: NOW.replace(year=2025, month=12, day=31))
    january = MessageTable(client, TABLE, clock=lambda: NOW.replace(year=2026, month=1, day=1))
    december.create_conversation(ADA, [BOB], "old year")
    january.post(PAIR_UUID, BOB.user_uuid, "new year")
    assert texts(january) == ["new year", "old year"]


def test_an_expired_message_is_not_shown_even_before_it_is_removed(client: Any) -> None:
    table = MessageTable(client, TABLE, clock=lambda: NOW)
    table.create_conversation(ADA, [BOB], "for a minute", expires_at=int(NOW.timestamp()) + 60)
    assert texts(table) == ["for a minute"]
    assert len(table.conversations(BOB.user_uuid).items) == 1
    later = replace(table, clock=lambda: NOW + timedelta(seconds=60))
    assert texts(later) == []
    assert later.conversations(BOB.user_uuid).items == ()


# Pattern B


def test_conversations_come_newest_first_with_the_other_and_the_last_message(table: MessageTable) -> None:
    table.create_conversation(ADA, [BOB], "hello bob")
    table.create_conversation(EVE, [ADA], "hello ada")
    found = table.conversations(ADA.user_uuid)
    assert [(row.other, row.last_message) for row in found.items] == [(EVE, "hello ada"), (BOB, "hello bob")]
    assert table.all_conversations(ADA.user_uuid).items == found.items
    assert table.conversations("somebody new").items == ()


def test_conversations_come_page_by_page(table: MessageTable) -> None:
    others = [User(f"user {number}", f"User {number}", f"user{number}") for number in range(5)]
    for other in others:
        table.create_conversation(ADA, [other], "hello")
    seen, token = [], None
    while True:
        page = table.conversations(ADA.user_uuid, limit=2, token=token)
        seen += [row.other for row in page.items]
        token = page.token
        if token is None:
            break
    assert seen == others[::-1]


def test_every_conversation_is_listed_across_pages(client: Any) -> None:
    table = MessageTable(client, TABLE, clock=lambda: NOW)
    group = Group("", (ADA, BOB))
    for number in range(101):
        row = items.conversation_item(
            replace(row_of_ada(group), group_uuid=f"group {number:03}", last_message_at=at(number * 37 % 101))
        )
        client.put_item(TableName=TABLE, Item=row)
    found = table.all_conversations(ADA.user_uuid).items
    assert [row.last_message_at for row in found] == [at(number) for number in range(100, -1, -1)]


@pytest.fixture
def damaged(talk: MessageTable, client: Any) -> MessageTable:
    """Ada's row with Bob lacks a handle; the one with Eve is as it should be."""
    talk.create_conversation(EVE, [ADA], "hello ada")
    client.update_item(
        TableName=TABLE,
        Key=items.row_key(items.RowKey(ADA.user_uuid, PAIR_UUID)),
        UpdateExpression="REMOVE other_user_handle",
    )
    return talk


def test_a_damaged_row_hides_no_other_and_is_named_with_what_mends_it(damaged: MessageTable) -> None:
    for page in (damaged.conversations(ADA.user_uuid), damaged.all_conversations(ADA.user_uuid)):
        assert [row.last_message for row in page.items] == ["hello ada"]
        assert (page.damaged, page.refusals) == (
            1,
            (
                f"item GRP#user-ada / {PAIR_UUID}: other_user_handle: absent or not of type S; "
                f"tableguard rows reconcile --group {PAIR_UUID} --force writes the row anew",
            ),
        )
    for page in (damaged.conversations(BOB.user_uuid), damaged.all_conversations(BOB.user_uuid)):
        assert (len(page.items), page.damaged, page.refusals) == (1, 0, ())


# Tokens


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("not base64!", "damaged"),
        ("", "another listing"),
        ("gICA", "damaged"),
        ("bm8gdG9rZW4=", "another listing"),
    ],
)
def test_a_token_that_is_none_is_refused(talk: MessageTable, token: str, reason: str) -> None:
    with pytest.raises(MessageError, match=reason):
        talk.messages(PAIR_UUID, ADA.user_uuid, token=token)


def test_a_token_continues_the_listing_it_was_made_for_and_no_other(talk: MessageTable) -> None:
    other = talk.create_conversation(ADA, [EVE], "hello eve").message.group_uuid
    token = talk.messages(PAIR_UUID, ADA.user_uuid, limit=1).token
    assert talk.messages(PAIR_UUID, BOB.user_uuid, limit=1, token=token).items[0].text == "message 3"
    with pytest.raises(MessageError, match="another listing"):
        talk.messages(other, ADA.user_uuid, limit=1, token=token)
    with pytest.raises(MessageError, match="another listing"):
        talk.conversations(ADA.user_uuid, token=token)
    with pytest.raises(MessageError, match="another listing"):
        replace(talk, name="another-table").conversations(ADA.user_uuid, token=token)


def test_a_token_cut_short_or_drawn_out_is_refused(talk: MessageTable) -> None:
    token = talk.messages(PAIR_UUID, ADA.user_uuid, limit=1).token
    assert token is not None
    plain = base64.urlsafe_b64decode(token).decode()
    for wrong in (plain.rpartition("\n")[0], plain.rpartition("\n")[0] + "\n", plain + "\nmore", plain + "x" * 1024):
        with pytest.raises(MessageError, match="damaged"):
            talk.messages(PAIR_UUID, ADA.user_uuid, token=base64.urlsafe_b64encode(wrong.encode()).decode())


def test_a_token_shows_nobodys_name(talk: MessageTable) -> None:
    talk.create_conversation(ADA, [EVE], "hello eve")
    token = talk.conversations(ADA.user_uuid, limit=1).token
    assert token is not None
    assert ADA.user_uuid not in base64.urlsafe_b64decode(token).decode()


@pytest.mark.parametrize("limit", [0, 101])
def test_a_limit_out_of_range_is_refused(talk: MessageTable, limit: int) -> None:
    assert len(texts(talk, limit=1)) == 1
    with pytest.raises(MessageError, match=f"limit {limit}: from 1 to 100"):
        texts(talk, limit=limit)


def test_a_malformed_item_is_an_error_that_names_it(talk: MessageTable, client: Any) -> None:
    item = items.message_item(said("hello", 9999, Group(PAIR_UUID, (ADA,))))
    client.put_item(TableName=TABLE, Item=item | {"user_uuid": {"N": "1"}})
    with pytest.raises(MessageError, match=f"item MSG#{PAIR_UUID} / .*: user_uuid: absent or not of type S"):
        texts(talk)
