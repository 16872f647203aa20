"""The listing of conversations: first rows from the table and further rows from the index, as one, newest first."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stream_lambda.items import Conversation, RowKey, conversation_item, flag_key, marker_key, row_key
from tableguard.store import inbox as inbox_module
from tableguard.store.inbox import Inbox
from tests.engines.choice import BOTH
from tests.worlds.messages import ADA, BOB, NOW, TABLE, at, emulated_table

USER = ADA.user_uuid


@dataclass
class Counting:
    """A client that counts its queries, and what they read."""

    client: Any
    queries: list[str] = field(default_factory=list)
    scanned: list[int] = field(default_factory=list)

    def query(self, **request: Any) -> Any:
        answer = self.client.query(**request)
        self.queries.append(request.get("IndexName", TABLE))
        self.scanned.append(answer["ScannedCount"])
        return answer

    def get_paginator(self, operation: str) -> Any:
        assert operation == "query"
        return self

    def paginate(self, **request: Any) -> Iterator[Any]:
        """Yield the answers, page by page, as boto3's own does."""
        while True:
            answer = self.query(**request)
            yield answer
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def row(group_uuid: str, second: int, further: bool = False, **changes: Any) -> Conversation:
    conversation = Conversation(
        USER, group_uuid, BOB, group_uuid, at(second), "", "uuid", BOB.user_uuid, further=further
    )
    return replace(conversation, **changes)


def put(client: Any, rows: Sequence[Conversation], user_uuid: str = USER) -> None:
    for one in rows:
        client.put_item(TableName=TABLE, Item=conversation_item(replace(one, user_uuid=user_uuid)))
    if any(one.further for one in rows):
        client.put_item(TableName=TABLE, Item=flag_key(user_uuid))


def listed(client: Any, limit: int, user_uuid: str = USER) -> list[list[str]]:
    inbox = Inbox(client, TABLE, user_uuid, NOW)
    pages = [inbox.page(limit, None, consistent=False)]
    while pages[-1].token:
        pages.append(inbox.page(limit, pages[-1].token, consistent=False))
    return [[conversation.group_uuid for conversation in page.items] for page in pages]


MIXED = [row("a", 5), row("b", 9, True), row("c", 7), row("d", 8, True), row("e", 6, True), row("f", 1, True)]


@pytest.mark.parametrize(
    ("limit", "pages"), [(2, ["bd", "ce", "af"]), (3, ["bdc", "eaf"]), (4, ["bdce", "af"]), (20, ["bdceaf"])]
)
def test_both_are_listed_as_one_newest_first(client: Any, limit: int, pages: list[str]) -> None:
    put(client, MIXED)
    assert listed(client, limit) == [list(page) for page in pages]


@pytest.mark.parametrize("limit", [1, 2, 3, 20])
def test_conversations_of_the_same_moment_are_all_listed(client: Any, limit: int) -> None:
    same = [row(group_uuid, 7, further=group_uuid in "bdfh") for group_uuid in "abcdefgh"]
    put(client, [row("z", 9, True), *same, row("y", 5, True), row("x", 3)])
    pages = listed(client, limit)
    assert [group for page in pages for group in page] == list("zhgfedcbayx")
    assert all(len(page) <= limit for page in pages)


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
@pytest.mark.parametrize("first", [0, 3, 4])
def test_every_page_but_the_last_is_full(client: Any, limit: int, first: int) -> None:
    put(client, [row(f"g{second}", second, further=second < 10 - first) for second in range(10)])
    pages = listed(client, limit)
    assert [group for page in pages for group in page] == [f"g{second}" for second in reversed(range(10))]
    assert {len(page) for page in pages[:-1]} == {limit}


@contextmanager
def counting(client: Any) -> Iterator[tuple[Inbox, list[str]]]:
    counted = Counting(client)
    yield Inbox(counted, TABLE, USER, NOW), counted.queries


def test_who_has_first_rows_only_asks_once_and_strongly_consistently(client: Any) -> None:
    put(client, [row("a", 1), row("b", 2)])
    with counting(client) as (inbox, queries):
        page = inbox.page(20, None, consistent=True)
    assert (queries, page.consistent, len(page.items)) == ([TABLE], True, 2)


def test_who_has_further_rows_asks_twice_a_page_and_is_told_that_it_is_not_strongly_consistent(client: Any) -> None:
    put(client, MIXED)
    with counting(client) as (inbox, queries):
        page = inbox.page(2, None, consistent=True)
        inbox.page(2, page.token, consistent=True)
    assert queries == [TABLE, "further-conversations"] * 2
    assert not page.consistent
    assert inbox.all().consistent


def test_without_the_flag_further_rows_are_not_seen_and_all_sees_them(client: Any) -> None:
    put(client, MIXED)
    client.delete_item(TableName=TABLE, Key=flag_key(USER))
    assert listed(client, 20) == [["c", "a"]]
    assert len(Inbox(client, TABLE, USER, NOW).all().items) == len(MIXED)


def test_a_conversation_that_moves_up_between_pages_hides_no_other(client: Any) -> None:
    put(client, MIXED)
    inbox = Inbox(client, TABLE, USER, NOW)
    first = inbox.page(2, None, consistent=False)
    put(client, [row("f", 20, True), row("a", 21), row("b", 22, True)])
    second = inbox.page(4, first.token, consistent=False)
    assert [conversation.group_uuid for conversation in second.items] == ["c", "e"]


def test_expired_rows_are_left_out_of_either_place(client: Any) -> None:
    gone = int(NOW.timestamp())
    put(client, [*MIXED, row("x", 10, expires_at=gone), row("y", 11, True, expires_at=gone)])
    assert [group for page in listed(client, 2) for group in page] == list("bdceaf")


def test_a_group_at_both_places_is_listed_once_at_its_newest(client: Any) -> None:
    put(client, [row("a", 5), row("a", 9, True), row("b", 7)])
    assert listed(client, 20) == [["a", "b"]]
    assert [one.last_message_at for one in Inbox(client, TABLE, USER, NOW).all().items] == [at(9), at(7)]


def test_a_damaged_row_is_named_on_the_first_page_and_hides_no_other(client: Any) -> None:
    put(client, MIXED)
    client.put_item(TableName=TABLE, Item=row_key(RowKey(USER, "z")) | {"last_message": {"S": "x"}})
    inbox = Inbox(client, TABLE, USER, NOW)
    first = inbox.page(4, None, consistent=False)
    second = inbox.page(4, first.token, consistent=False)
    assert ["/ z: " in refusal for refusal in first.refusals] == [True]
    assert (first.damaged, second.damaged) == (1, 0)
    assert [one.group_uuid for page in (first, second) for one in page.items] == list("bdceaf")


def mark(client: Any, group_uuid: str, second: int, further: bool) -> None:
    key = marker_key(RowKey(USER, group_uuid, further))
    client.put_item(TableName=TABLE, Item=key | {"last_read_at": {"S": at(second)}})


def test_markers_of_either_place_are_how_far_the_user_has_read_and_no_conversations(client: Any) -> None:
    put(client, MIXED)
    for group_uuid, second, further in (("a", 4, False), ("f", 3, True), ("b", 2, False), ("b", 8, True)):
        mark(client, group_uuid, second, further)
    inbox = Inbox(client, TABLE, USER, NOW)
    page = inbox.page(20, None, consistent=False, unread=True)
    assert page.read_until == inbox.all(unread=True).read_until == {"a": at(4), "b": at(8), "f": at(3)}
    assert len(page.items) == len(MIXED)
    assert inbox.page(20, None, consistent=False).read_until == {}


@pytest.mark.parametrize(("unread", "damaged"), [(True, 1), (False, 0)])
def test_a_damaged_marker_is_named_where_markers_are_asked_for_and_hides_no_row(
    client: Any, unread: bool, damaged: int
) -> None:
    put(client, MIXED)
    client.put_item(TableName=TABLE, Item=marker_key(RowKey(USER, "a")) | {"last_read_at": {"N": "1"}})
    inbox = Inbox(client, TABLE, USER, NOW)
    for page in (inbox.page(20, None, consistent=False, unread=unread), inbox.all(unread)):
        assert ["last_read_at: " in refusal for refusal in page.refusals] == [True] * damaged
        assert (page.damaged, len(page.items)) == (damaged, len(MIXED))


def test_markers_of_further_rows_are_not_read_by_a_listing(client: Any) -> None:
    put(client, MIXED)
    counted = Counting(client)
    for number in range(10):
        mark(client, f"e{number}", 1, further=True)
    Inbox(counted, TABLE, USER, NOW).page(20, None, consistent=False)
    assert counted.scanned[0] == 3  # two first rows and the flag
    mark(client, "e", 1, further=False)
    Inbox(counted, TABLE, USER, NOW).page(20, None, consistent=False)
    assert counted.scanned[2] == 4


def test_markers_of_further_rows_behind_very_many_others_are_read_by_their_keys(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(client, [row("a", 5, True), row("b", 9, True), row("z", 7, True), row("ä", 3, True), row("c", 4)])
    for group_uuid in ("b", "ba", "bb", "z", "ä"):
        mark(client, group_uuid, 1, further=True)
    expected = {"b": at(1), "ba": at(1), "bb": at(1), "z": at(1), "ä": at(1)}
    inbox = Inbox(client, TABLE, USER, NOW)
    assert inbox.page(20, None, consistent=False, unread=True).read_until == expected
    monkeypatch.setattr(inbox_module, "_MARKERS", 2)
    few = inbox.page(20, None, consistent=False, unread=True).read_until
    assert few == {group: time for group, time in expected.items() if group != "bb"}


@pytest.fixture(params=BOTH, scope="module")
def either_engine(request: pytest.FixtureRequest) -> Iterator[Any]:
    with emulated_table(engine=request.param) as client:
        yield client


_users = iter(range(10**9))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(st.text("abcdef0129-", min_size=1, max_size=3), st.tuples(st.integers(0, 9), st.booleans())),
    st.integers(1, 7),
)
def test_however_pages_are_cut_every_conversation_is_listed_once_and_in_order(
    either_engine: Any, places: dict[str, tuple[int, bool]], limit: int
) -> None:
    user_uuid = f"user {next(_users)}"
    apart = {
        group: (second * 100 + number, further) for number, (group, (second, further)) in enumerate(places.items())
    }
    put(either_engine, [row(group, second, further) for group, (second, further) in apart.items()], user_uuid)
    pages = listed(either_engine, limit, user_uuid)
    newest_first = sorted(apart, key=lambda group: apart[group][0], reverse=True)
    assert [group for page in pages for group in page] == newest_first
    assert all(len(page) <= limit for page in pages)
