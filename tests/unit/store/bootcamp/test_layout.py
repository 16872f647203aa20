"""Items of the bootcamp's table are told apart by their keys, and their times become instants."""

from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

import pytest

from stream_lambda.items import Item, ItemError, row_of_key
from tableguard.store.bootcamp import layout
from tests.worlds.bootcamp import Bootcamp
from tests.worlds.messages import ADA, BOB

TORONTO = ZoneInfo("America/Toronto")
NAIVE, WITH_OFFSET = "2023-03-15T10:16:00.375877", "2023-03-15T10:16:00.375877-04:00"


def message(at: str = NAIVE, **changes: dict[str, str]) -> Item:
    return Bootcamp.message("group", at, ADA, "hello") | changes


def row(at: str = NAIVE) -> Item:
    return Bootcamp.row(ADA, BOB, "group", at, "hello")


@pytest.mark.parametrize(
    ("text", "zone", "instant"),
    [
        (NAIVE, UTC, "2023-03-15T10:16:00.375877+00:00"),
        (NAIVE, TORONTO, "2023-03-15T14:16:00.375877+00:00"),
        (WITH_OFFSET, UTC, "2023-03-15T14:16:00.375877+00:00"),
        ("2023-01-15T10:16:00", TORONTO, "2023-01-15T15:16:00.000000+00:00"),
        ("2023-11-05T01:30:00", TORONTO, "2023-11-05T05:30:00.000000+00:00"),  # the first of two
    ],
)
def test_a_time_without_an_offset_is_of_the_writers_zone(text: str, zone: tzinfo, instant: str) -> None:
    assert layout.instant(text, zone) == instant


def test_a_message_is_read_at_its_instant() -> None:
    read = layout.message_of(message(), TORONTO)
    assert (read.group_uuid, read.author, read.text) == ("group", ADA, "hello")
    assert read.created_at == "2023-03-15T14:16:00.375877+00:00"


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (message("yesterday"), "sk: not an ISO 8601 timestamp"),
        (message("0001-01-01T00:00:00+23:00"), "sk: not an ISO 8601 timestamp"),
        (message(message_uuid={"N": "1"}), "message_uuid: absent or not of type S"),
        (message(user_uuid={"N": "1"}), "user_uuid: absent or not of type S"),
    ],
)
def test_what_is_no_message_is_refused_with_the_attribute(item: Item, reason: str) -> None:
    with pytest.raises(ItemError, match=reason):
        layout.message_of(item, UTC)


def test_a_row_names_whose_it_is_and_whom_it_is_with() -> None:
    read = layout.row_of(row())
    assert read == layout.GroupRow(ADA.user_uuid, "group", BOB, NAIVE, "hello")
    assert layout.row_item(read) == row()


@pytest.mark.parametrize("name", ["message", "message_group_uuid", "user_uuid", "user_handle", "user_display_name"])
def test_a_row_that_lacks_anything_is_refused(name: str) -> None:
    with pytest.raises(ItemError, match=name):
        layout.row_of({key: value for key, value in row().items() if key != name})
    if name.endswith("uuid"):
        with pytest.raises(ItemError, match="empty"):
            layout.row_of(row() | {name: {"S": ""}})


def test_their_rows_are_none_of_ours() -> None:
    ours = {"pk": {"S": "GRP#user-ada"}, "sk": {"S": "2023-group"}}
    assert (layout.is_row(row()), row_of_key(row())) == (True, None)
    assert not layout.is_row(ours)
    assert row_of_key(ours) is not None
    assert not layout.is_row(message())
    assert (layout.is_message(message()), layout.is_message(row())) == (True, False)
