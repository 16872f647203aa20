"""A new conversation on an emulated table: group, rows and message appear together or not at all."""

from dataclasses import replace
from typing import Any

import pytest

from stream_lambda import items
from stream_lambda.items import Group, User
from tableguard.errors import MessageError
from tableguard.store.messages import ATTEMPTS, MEMBERS, MessageTable
from tests.worlds.conversations import PAIR_UUID, people, row_of_ada, texts
from tests.worlds.messages import ADA, BOB, EVE, TABLE, all_items, all_rows

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


@pytest.mark.parametrize(
    ("others", "reason"),
    [
        ([], "1 members: a conversation has from 2 to 50"),
        (people(MEMBERS), "51 members"),
        ([ADA], "'user-ada' is named twice"),
        ([BOB, replace(BOB, handle="bobby")], "'user-bob' is named twice"),
        ([replace(BOB, user_uuid="")], "user ''"),
        ([replace(BOB, user_uuid="two\nlines")], r"user 'two\\nlines'"),
        ([replace(BOB, user_uuid="ü" * 513)], "from 1 to 1018 bytes"),
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
