"""Messages in an existing group on an emulated table: posted, edited, deleted, by members alone."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from stream_lambda import items
from tableguard.aws.item_size import item_size
from tableguard.errors import MessageError
from tableguard.store.members import remove_member
from tableguard.store.messages import MessageTable
from tests.worlds.conversations import PAIR_UUID, texts
from tests.worlds.messages import ADA, BOB, EVE, NOW, TABLE, all_items, all_rows, at
from tests.worlds.watched_client import refused

pytestmark = pytest.mark.slow


# Pattern C: an existing group


def test_a_message_is_posted_under_the_names_of_its_author(talk: MessageTable) -> None:
    posted = talk.post(PAIR_UUID, BOB.user_uuid, "hello again")
    assert posted.message.author == BOB
    assert talk.messages(PAIR_UUID, ADA.user_uuid, limit=1).items == (posted.message,)
    assert posted.read_units > 0
    assert posted.write_units > 0


def test_messages_of_the_same_instant_are_all_kept(client: Any) -> None:
    table = MessageTable(client, TABLE, clock=lambda: NOW)
    table.create_conversation(ADA, [BOB], "message 0")
    stamps = [table.post(PAIR_UUID, ADA.user_uuid, f"message {number}").message.created_at for number in (1, 2)]
    assert stamps == ["2026-06-26T10:30:00.000001+00:00", "2026-06-26T10:30:00.000002+00:00"]
    assert texts(table) == ["message 2", "message 1", "message 0"]


def test_too_many_messages_of_the_same_instant_are_an_error(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tableguard.store.messages.ATTEMPTS", 3)
    table = MessageTable(client, TABLE, clock=lambda: NOW)
    table.create_conversation(ADA, [BOB], "message 0")
    for _ in range(2):
        table.post(PAIR_UUID, ADA.user_uuid, "message")
    with pytest.raises(MessageError, match="at the same instant"):
        table.post(PAIR_UUID, ADA.user_uuid, "one too many")


def test_a_put_repeated_after_a_lost_answer_writes_one_message(table: MessageTable, client: Any) -> None:
    table.create_conversation(ADA, [BOB], "hello")

    class Repeating:
        exceptions = client.exceptions
        get_item = client.get_item

        def put_item(self, **request: Any) -> Any:
            client.put_item(**request)
            return client.put_item(**request)

    replace(table, client=Repeating()).post(PAIR_UUID, BOB.user_uuid, "once")
    assert texts(table) == ["once", "hello"]


@pytest.mark.parametrize(
    ("group", "user", "reason"),
    [
        (PAIR_UUID, EVE.user_uuid, f"user 'user-eve' is not a member of group {PAIR_UUID}"),
        (PAIR_UUID, "", "user '' is not a member"),
        ("nowhere", ADA.user_uuid, "table messages: no group 'nowhere'"),
        ("", ADA.user_uuid, "group ''"),
        ("x" * 1019, ADA.user_uuid, "from 1 to 1018 bytes"),
    ],
)
def test_an_outsider_neither_reads_nor_writes(
    talk: MessageTable, client: Any, group: str, user: str, reason: str
) -> None:
    before = all_items(client)
    for call in (partial(talk.messages, group, user), partial(talk.post, group, user, "let me in")):
        with pytest.raises(MessageError, match=reason) as refusal:
            call()
        assert "\n" not in str(refusal.value)
    assert all_items(client) == before


@pytest.mark.parametrize(
    ("text", "reason"),
    [("", "needs a text"), (" \n\t", "needs a text"), ("half a \ud83d pair", "not valid Unicode at character 8")],
)
def test_a_text_like_this_is_refused(talk: MessageTable, text: str, reason: str) -> None:
    for call in (
        partial(talk.post, PAIR_UUID, ADA.user_uuid, text),
        partial(talk.create_conversation, ADA, [EVE], text),
        partial(talk.edit, PAIR_UUID, at(1800), ADA.user_uuid, text),
    ):
        with pytest.raises(MessageError, match=reason):
            call()


def overhead(talk: MessageTable) -> int:
    posted = talk.post(PAIR_UUID, ADA.user_uuid, "x")
    return item_size(items.message_item(posted.message)) - 1


def test_a_message_may_fill_an_item_and_not_a_byte_more(talk: MessageTable, monkeypatch: pytest.MonkeyPatch) -> None:
    room = 409_600 - overhead(talk)
    put: list[int] = []

    def put_item(**request: Any) -> dict[str, Any]:
        """The emulated table would take 405,000 bytes only."""
        put.append(len(request["Item"]["message"]["S"]))
        return {}

    monkeypatch.setattr(talk.client, "put_item", put_item)
    talk.post(PAIR_UUID, ADA.user_uuid, "x" * room)
    assert put == [room]
    with pytest.raises(MessageError, match="item of 409601 bytes: DynamoDB takes at most 409600") as refusal:
        talk.post(PAIR_UUID, ADA.user_uuid, "x" * (room + 1))
    assert put == [room]
    assert "xxx" not in str(refusal.value)


@pytest.mark.parametrize("seconds", [-1, 0, 1])
def test_a_message_cannot_expire_before_it_is_written(client: Any, seconds: int) -> None:
    table = MessageTable(client, TABLE, clock=lambda: NOW)
    expires_at = int(NOW.timestamp()) + seconds
    if seconds > 0:
        assert table.create_conversation(ADA, [BOB], "hello", expires_at).message.expires_at == expires_at
    else:
        with pytest.raises(MessageError, match="in the past"):
            table.create_conversation(ADA, [BOB], "hello", expires_at)


# Edits


def test_an_edit_replaces_the_text_and_keeps_the_rest(talk: MessageTable, client: Any) -> None:
    (newest,) = talk.messages(PAIR_UUID, ADA.user_uuid, limit=1).items
    edited = talk.edit(PAIR_UUID, newest.created_at, newest.author.user_uuid, "better").message
    assert talk.messages(PAIR_UUID, ADA.user_uuid, limit=1).items == (edited,)
    assert replace(edited, text=newest.text, edited_at="") == newest
    assert talk.refresh(PAIR_UUID) == 2
    assert {row.last_message for row in all_rows(client).values()} == {"better"}


def test_two_edits_within_a_tick_of_the_clock_are_two_versions(talk: MessageTable) -> None:
    (newest,) = talk.messages(PAIR_UUID, ADA.user_uuid, limit=1).items
    still = replace(talk, clock=lambda: NOW)
    first, second = (
        still.edit(PAIR_UUID, newest.created_at, ADA.user_uuid, text).message for text in ("first", "second")
    )
    assert second.edited_at == items.microsecond_later(first.edited_at)
    assert texts(talk, limit=1) == ["second"]


def test_a_deleted_message_stays_as_an_empty_one(talk: MessageTable, client: Any) -> None:
    (newest,) = talk.messages(PAIR_UUID, ADA.user_uuid, limit=1).items
    talk.delete(PAIR_UUID, newest.created_at, ADA.user_uuid)
    talk.refresh(PAIR_UUID)
    assert texts(talk, limit=2) == ["", "message 3"]
    assert {row.last_message for row in all_rows(client).values()} == {""}
    with pytest.raises(MessageError, match="is deleted"):
        talk.edit(PAIR_UUID, newest.created_at, ADA.user_uuid, "back again")


def test_only_its_author_edits_a_message(talk: MessageTable) -> None:
    (newest,) = talk.messages(PAIR_UUID, ADA.user_uuid, limit=1).items
    for call in (
        partial(talk.edit, PAIR_UUID, newest.created_at, BOB.user_uuid, "forged"),
        partial(talk.delete, PAIR_UUID, newest.created_at, BOB.user_uuid),
    ):
        with pytest.raises(MessageError, match="was not written by 'user-bob'"):
            call()
    with pytest.raises(MessageError, match="no message at"):
        talk.edit(PAIR_UUID, at(0), ADA.user_uuid, "nothing there")
    assert texts(talk, limit=1) == ["message 4"]


def test_who_has_been_removed_changes_messages_no_more_and_who_stays_does(talk: MessageTable) -> None:
    group = talk.create_conversation(ADA, [BOB, EVE], "hello all").message.group_uuid
    of_bob, of_eve = (talk.post(group, user.user_uuid, "mine").message for user in (BOB, EVE))
    remove_member(talk, group, ADA.user_uuid, EVE.user_uuid)
    for call in (
        partial(talk.edit, group, of_eve.created_at, EVE.user_uuid, "not any more"),
        partial(talk.delete, group, of_eve.created_at, EVE.user_uuid),
    ):
        with pytest.raises(MessageError, match=f"^user 'user-eve' is not a member of group {group}$"):
            call()
    talk.edit(group, of_bob.created_at, BOB.user_uuid, "still mine")
    assert [m.text for m in talk.messages(group, BOB.user_uuid).items] == ["mine", "still mine", "hello all"]


# Rows


def test_refresh_brings_rows_up_to_date_and_says_how_many_were_behind(talk: MessageTable, client: Any) -> None:
    assert {row.last_message for row in all_rows(client).values()} == {"message 0"}
    assert [talk.refresh(PAIR_UUID), talk.refresh(PAIR_UUID)] == [2, 0]
    assert {row.last_message for row in all_rows(client).values()} == {"message 4"}
    with pytest.raises(MessageError, match="no group"):
        talk.refresh("nowhere")


def test_a_refusal_by_dynamodb_is_the_callers_to_see(talk: MessageTable, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(**request: Any) -> Any:
        raise refused("AccessDeniedException")

    monkeypatch.setattr(talk.client, "put_item", denied)
    with pytest.raises(talk.client.exceptions.ClientError, match="AccessDenied"):
        talk.post(PAIR_UUID, ADA.user_uuid, "hello")
