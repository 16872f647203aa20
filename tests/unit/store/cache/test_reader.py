"""A cached listing asks the same question for an hour, leaves out what has expired, and needs no paginator."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from tableguard.store.cache.reader import ListingReader
from tableguard.store.messages import MessageTable
from tests.worlds.messages import ADA, BOB, NOW, TABLE, emulated_table


@dataclass
class Kept:
    """A cache as DAX's client is one: queries alone, word for word, kept for ever."""

    client: Any
    questions: list[str] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)

    def query(self, **request: Any) -> Any:
        words = repr(sorted(request.items()))
        self.questions.append(words)
        if words not in self.answers:
            self.answers[words] = self.client.query(**request)
        return self.answers[words]


def tables(client: Any, cache: Kept, **later: int) -> MessageTable:
    now = NOW.replace(minute=0) + timedelta(**later)
    return MessageTable(client, TABLE, clock=lambda: now, cache=ListingReader(cache, 5))


@pytest.mark.parametrize(("later", "questions"), [({"minutes": 59}, 1), ({"minutes": 60}, 2)])
def test_a_question_is_the_same_for_an_hour(later: dict[str, int], questions: int) -> None:
    with emulated_table() as client:
        cache = Kept(client)
        group_uuid = tables(client, cache).create_conversation(ADA, [BOB], "first").message.group_uuid
        for at in ({}, later):
            assert len(tables(client, cache, **at).messages(group_uuid, ADA.user_uuid).items) == 1
            assert len(tables(client, cache, **at).conversations(ADA.user_uuid).items) == 1
        assert len(set(cache.questions)) == 2 * questions


@pytest.mark.parametrize(("seconds", "shown"), [(9, 1), (10, 0)])
def test_what_expires_meanwhile_is_left_out_to_the_second(seconds: int, shown: int) -> None:
    with emulated_table() as client:
        cache = Kept(client)
        table = tables(client, cache)
        expires_at = int(table.clock().timestamp()) + 10
        group_uuid = table.create_conversation(ADA, [BOB], "first", expires_at).message.group_uuid
        assert len(table.messages(group_uuid, ADA.user_uuid).items) == 1
        later = tables(client, cache, seconds=seconds)
        assert len(later.messages(group_uuid, ADA.user_uuid).items) == shown


def test_pages_say_how_old_they_may_be_and_the_table_answers_what_must_be_new() -> None:
    with emulated_table() as client:
        cache = Kept(client)
        table = tables(client, cache)
        group_uuid = table.create_conversation(ADA, [BOB], "first").message.group_uuid
        assert table.messages(group_uuid, ADA.user_uuid).seconds_old == 5
        assert table.conversations(ADA.user_uuid).seconds_old == 5
        questions = len(cache.questions)
        assert table.messages(group_uuid, ADA.user_uuid, consistent=True).seconds_old == 0
        assert table.conversations(ADA.user_uuid, consistent=True).seconds_old == 0
        assert table.all_conversations(ADA.user_uuid).seconds_old == 0
        assert replace(table, cache=None).conversations(ADA.user_uuid).seconds_old == 0
        assert len(cache.questions) == questions
