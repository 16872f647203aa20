"""A scan asks for keys alone, sorts them by kind, and matches messages with groups within a bound of memory."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from stream_lambda.items import (
    Group,
    RowKey,
    flag_key,
    group_item,
    group_key,
    marker_key,
    message_item,
    message_key,
    row_key,
)
from tableguard.projection.scan import KINDS, KeyPage, UnknownItems, Unmatched, scan
from tableguard.projection.views import Reader
from tests.worlds.messages import ADA, NOW, PAIR, TABLE, TRIO, at, emulated_table, said
from tests.worlds.rows import PAST, survey, table_with_rows, write
from tests.worlds.watched_client import Watched


@pytest.fixture
def client() -> Iterator[Any]:
    with emulated_table() as emulated:
        yield emulated


def page(*keys: Any) -> KeyPage:
    sorted_in = KeyPage()
    for key in keys:
        sorted_in.add(key)
    return sorted_in


def messages(count: int, group: str = "g") -> KeyPage:
    return page(*(message_key(group, at(second)) for second in range(count)))


def reader(client: Any) -> Reader:
    return Reader(client, TABLE, lambda: NOW, workers=1)


def test_each_key_of_ours_is_sorted_in_and_the_rest_is_unknown() -> None:
    stray = row_key(RowKey(ADA.user_uuid, "g")) | {"pk": {"S": "user-ada"}}
    keys = (
        message_key("g", at(1)),
        group_key("g"),
        row_key(RowKey(ADA.user_uuid, "g")),
        row_key(RowKey(ADA.user_uuid, "g", further=True)),
        flag_key(ADA.user_uuid),
        marker_key(RowKey(ADA.user_uuid, "g")),
        stray,
    )
    rows = [RowKey(ADA.user_uuid, "g"), RowKey(ADA.user_uuid, "g", further=True)]
    assert page(*keys) == KeyPage(["g"], rows, [ADA.user_uuid], Counter({"g": 1}), [stray])


def test_nothing_but_keys_is_asked_for_and_what_has_expired_is_not_there(client: Any) -> None:
    gone = message_item(said("gone", 1, expires_at=PAST))
    write(client, [message_item(said("private", 2)), gone])
    (only,) = scan(reader(client))
    assert (only.messages, only.unknown) == ({PAIR.group_uuid: 1}, [])


def missing(unmatched: Unmatched, pages: Sequence[KeyPage]) -> list[tuple[str, int]]:
    pairs = [pair for one in pages for pair in unmatched.add(one.groups, one.messages)]
    return pairs + list(unmatched.missing())


def keys_read(watched: Watched) -> list[str]:
    requests = [request["RequestItems"][TABLE]["Keys"] for _, request in watched.asked]
    return [key["pk"]["S"] for keys in requests for key in keys]


@pytest.mark.parametrize("first", [True, False], ids=["the group first", "its messages first"])
def test_messages_are_matched_with_their_group_and_nothing_is_read_for_it(client: Any, first: bool) -> None:
    pages = [page(group_key("g")), messages(3), messages(2)]
    watched = Watched(client)
    assert missing(Unmatched(reader(watched).groups), pages if first else pages[::-1]) == []
    assert keys_read(watched) == []


def test_messages_that_no_group_was_seen_of_are_missing_one_only_if_it_is_not_there(client: Any) -> None:
    watched = Watched(client)
    client.put_item(TableName=TABLE, Item=group_item(Group("late", ())))
    pages = [messages(3), messages(1, "late"), messages(2)]
    assert missing(Unmatched(reader(watched).groups), pages) == [("g", 5)]
    assert sorted(keys_read(watched)) == ["META#g", "META#late"]


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_with_little_memory_more_is_read_and_the_same_is_missing(client: Any, limit: int) -> None:
    names = [f"g{number}" for number in range(6)]
    for name in names[:-1]:
        client.put_item(TableName=TABLE, Item=group_item(Group(name, ())))
    pages = [page(*map(group_key, names[:-1])), *(messages(1, name) for name in names)]
    unmatched = Unmatched(reader(client).groups, limit)
    pairs = []
    for one in pages:
        pairs += list(unmatched.add(one.groups, one.messages))
        assert max(len(unmatched._seen), len(unmatched._needed)) <= limit
    assert pairs + list(unmatched.missing()) == [("g5", 1)]


def test_many_messages_cost_as_many_read_units_as_few_but_for_the_scan(client: Any) -> None:
    def units(emulated: Any) -> float:
        scanned = reader(emulated)
        list(scan(scanned))
        looked = survey(emulated)
        assert list(looked.of_all()) == []
        return looked.reader.cost.units - scanned.cost.units

    with table_with_rows() as emulated:
        before = units(emulated)
        write(emulated, [message_item(said("earlier", second / 1000, TRIO)) for second in range(200)])
        assert units(emulated) == before


def test_kinds_are_told_apart_up_to_a_number_and_counted_beyond_it() -> None:
    unknown = UnknownItems()
    unknown.add([{"pk": {"S": f"K{number}#1"}, "sk": {"S": "x"}} for number in range(KINDS + 2)] * 2)
    assert (len(unknown.kinds), unknown.kinds["K0#… / …"], unknown.kinds["other kinds"]) == (KINDS + 1, 2, 4)
    assert unknown.kinds.total() == 2 * (KINDS + 2)
