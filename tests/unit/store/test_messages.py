"""The access patterns on an emulated table: what members read, what outsiders are told, and how far things go."""

import base64
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from stream_lambda import items
from stream_lambda.items import Group, User
from tableguard.aws.item_size import item_size
from tableguard.errors import MessageError
from tableguard.store.members import remove_member
from tableguard.store.messages import ATTEMPTS, MEMBERS, MessageTable, pair_group_uuid
from tests.engines.choice import BOTH
from tests.worlds.messages import ADA, BOB, EVE, NOW, TABLE, all_items, all_rows, at, emulated_table, said
from tests.worlds.watched_client import refused

PAIR_UUID = pair_group_uuid(ADA.user_uuid, BOB.user_uuid)


@pytest.fixture(params=BOTH)
def client(request: pytest.FixtureRequest) -> Iterator[Any]:
    with emulated_table(engine=request.param) as emulated:
        yield emulated


@pytest.fixture
def table(client: Any) -> MessageTable:
    """The table with a clock that goes on by a second whenever it is read."""
    seconds = iter(range(10**6))
    return MessageTable(client, TABLE, clock=lambda: NOW + timedelta(seconds=next(seconds)))


@pytest.fixture
def talk(table: MessageTable) -> MessageTable:
    """Ada and Bob have exchanged five messages."""
    table.create_conversation(ADA, [BOB], "message 0")
    for number in range(1, 5):
        table.post(PAIR_UUID, (ADA, BOB)[number % 2].user_uuid, f"message {number}")
    return table


def texts(table: MessageTable, **options: Any) -> list[object]:
    return [message.text for message in table.messages(PAIR_UUID, ADA.user_uuid, **options).items]


def row_of_ada(group: Group) -> items.Conversation:
    return items.Conversation(ADA.user_uuid, group.group_uuid, BOB, "hello", at(0), "", "m", BOB.user_uuid)


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
        Key=items.row_key(ADA.user_uuid, PAIR_UUID),
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


# Pattern C: a new conversation


def test_group_rows_and_message_appear_together(table: MessageTable, client: Any) -> None:
    posted = table.create_conversation(ADA, [BOB, EVE], "hello all")
    assert posted.created
    group = table.group(posted.message.group_uuid)
    assert group is not None
    assert group.members == (ADA, BOB, EVE)
    assert {user: row.last_message for (user, _), row in all_rows(client).items()} == {
        user.user_uuid: "hello all" for user in group.members
    }
    assert len(all_items(client)) == 5


def test_a_pair_has_one_conversation_whoever_begins_it(table: MessageTable, client: Any) -> None:
    first = table.create_conversation(ADA, [BOB], "hello bob")
    second = table.create_conversation(BOB, [ADA], "hello ada")
    assert (first.created, second.created) == (True, False)
    assert first.message.group_uuid == second.message.group_uuid == PAIR_UUID
    assert texts(table) == ["hello ada", "hello bob"]
    assert len(all_rows(client)) == 2


def test_more_than_two_may_have_several_conversations(table: MessageTable) -> None:
    first, second = (table.create_conversation(ADA, [BOB, EVE], "hello") for _ in range(2))
    assert first.message.group_uuid != second.message.group_uuid


def test_a_creation_that_loses_a_race_posts_its_message(table: MessageTable, client: Any) -> None:
    """Between the two, another process made the same conversation."""

    class Racing:
        exceptions = client.exceptions

        def __getattr__(self, name: str) -> Any:
            return getattr(client, name)

        def transact_write_items(self, **request: Any) -> Any:
            table.create_conversation(BOB, [ADA], "bob was faster")
            return client.transact_write_items(**request)

    posted = replace(table, client=Racing()).create_conversation(ADA, [BOB], "ada's message")
    assert not posted.created
    assert texts(table) == ["ada's message", "bob was faster"]


class Conflicting:
    """A client whose transactions are cancelled for the given reasons, one after the other, and then succeed."""

    def __init__(self, client: Any, *reasons: list[str]) -> None:
        self.client, self.reasons, self.exceptions = client, list(reasons), client.exceptions

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def transact_write_items(self, **request: Any) -> Any:
        if not self.reasons:
            return self.client.transact_write_items(**request)
        response: Any = {
            "Error": {"Code": "TransactionCanceledException"},
            "CancellationReasons": [{"Code": code} for code in self.reasons.pop(0)],
        }
        raise self.exceptions.TransactionCanceledException(response, "TransactWriteItems")


def test_a_conflict_with_another_transaction_is_tried_again(table: MessageTable, client: Any) -> None:
    conflicting = Conflicting(client, ["TransactionConflict", "None"], ["None", "TransactionConflict"])
    assert replace(table, client=conflicting).create_conversation(ADA, [BOB], "hello").created


def test_a_conflict_that_never_ends_is_an_error(table: MessageTable, client: Any) -> None:
    conflicting = Conflicting(client, *[["TransactionConflict"]] * ATTEMPTS)
    with pytest.raises(MessageError, match="in conflict"):
        replace(table, client=conflicting).create_conversation(ADA, [BOB], "hello")
    assert all_items(client) == []


def test_a_transaction_cancelled_for_another_reason_is_the_callers_to_see(table: MessageTable, client: Any) -> None:
    conflicting = Conflicting(client, ["None", "ThrottlingError"])
    with pytest.raises(client.exceptions.TransactionCanceledException):
        replace(table, client=conflicting).create_conversation(ADA, [BOB], "hello")


def test_rows_without_their_group_are_not_overwritten(table: MessageTable, client: Any) -> None:
    orphan = items.conversation_item(replace(row_of_ada(Group(PAIR_UUID, ())), last_message="orphan"))
    client.put_item(TableName=TABLE, Item=orphan)
    with pytest.raises(MessageError, match="exist without it"):
        table.create_conversation(ADA, [BOB], "hello")
    assert all_items(client) == [orphan]


def people(count: int) -> list[User]:
    return [User(f"user {number}", f"User {number}", f"user{number}") for number in range(count)]


@pytest.mark.parametrize(
    ("others", "reason"),
    [
        ([], "1 members: a conversation has from 2 to 50"),
        (people(MEMBERS), "51 members"),
        ([ADA], "'user-ada' is named twice"),
        ([BOB, replace(BOB, handle="bobby")], "'user-bob' is named twice"),
        ([replace(BOB, user_uuid="")], "user ''"),
        ([replace(BOB, user_uuid="two\nlines")], r"user 'two\\nlines'"),
        ([replace(BOB, user_uuid="ü" * 513)], "from 1 to 1024 bytes"),
        ([replace(BOB, display_name="")], "display name ''"),
        ([replace(BOB, handle="")], "handle ''"),
    ],
)
def test_a_conversation_with_these_is_refused(
    table: MessageTable, client: Any, others: list[User], reason: str
) -> None:
    with pytest.raises(MessageError, match=reason):
        table.create_conversation(ADA, others, "hello")
    assert all_items(client) == []


def test_fifty_members_are_not_too_many(table: MessageTable, client: Any) -> None:
    table.create_conversation(ADA, people(MEMBERS - 1), "hello")
    assert len(all_rows(client)) == MEMBERS


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
        ("x" * 1025, ADA.user_uuid, "from 1 to 1024 bytes"),
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


def test_a_refusal_by_dynamodb_is_the_callers_to_see(talk: MessageTable, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(**request: Any) -> Any:
        raise refused("AccessDeniedException")

    monkeypatch.setattr(talk.client, "put_item", denied)
    with pytest.raises(talk.client.exceptions.ClientError, match="AccessDenied"):
        talk.post(PAIR_UUID, ADA.user_uuid, "hello")
