"""Keys and items: the shape in the table, there and back, and what is refused."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_lambda import items
from stream_lambda.items import Conversation, Group, ItemError, Message, User
from tests.worlds.messages import ADA, BOB, PAIR, TRIO, at, said

names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
group_names = names.filter(items.is_group_name)
instants = st.datetimes(timezones=st.just(UTC)).map(items.timestamp)
contents = st.one_of(st.text(st.characters(exclude_categories=["Cs"])), st.binary())
users = st.builds(User, names, names, names)
expiries = st.none() | st.integers(0, 2**40)
messages = st.builds(
    Message,
    group_names,
    instants,
    names,
    users,
    contents,
    st.none() | contents,
    st.just("") | instants,
    st.booleans(),
    expiries,
)
members = st.lists(users, max_size=5).map(tuple)
groups = st.builds(
    lambda name, members, further: Group(name, members, frozenset(user.user_uuid for user in members[:further])),
    group_names,
    members,
    st.integers(0, 5),
)
rows = st.builds(
    Conversation,
    *(names, group_names, users, contents, instants, names, names, names, expiries, st.booleans()),
)


@given(messages)
def test_a_message_is_read_as_it_was_written(message: Message) -> None:
    assert items.message_of(items.message_item(message)) == message


@given(groups)
def test_a_group_is_read_as_it_was_written(group: Group) -> None:
    assert items.group_of(items.group_item(group)) == group


@given(rows)
def test_a_conversation_row_is_read_as_it_was_written(row: Conversation) -> None:
    assert items.conversation_of(items.conversation_item(row)) == row


def test_the_keys_are_those_that_policies_and_filters_name() -> None:
    assert items.message_key("g", at(0)) == {"pk": {"S": "MSG#g"}, "sk": {"S": "2026-06-26T10:00:00.000000+00:00"}}
    assert items.row_key(items.RowKey("u", "g")) == {"pk": {"S": "GRP#u"}, "sk": {"S": "g"}}
    assert items.row_key(items.RowKey("u", "g", further=True)) == {"pk": {"S": "GRP#u"}, "sk": {"S": "!g"}}
    assert items.flag_key("u") == {"pk": {"S": "GRP#u"}, "sk": {"S": "#FURTHER"}}
    assert items.group_key("g") == {"pk": {"S": "META#g"}, "sk": {"S": "META"}}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2023-06-26T10:16:00.375877+00:00", "2023-06-26T10:16:00.375877+00:00"),
        ("2023-06-26T10:16:00.375877", "2023-06-26T10:16:00.375877+00:00"),
        ("2023-06-26T10:16:00.375877Z", "2023-06-26T10:16:00.375877+00:00"),
        ("2023-06-26T12:16:00.375877+02:00", "2023-06-26T10:16:00.375877+00:00"),
        ("2023-06-26T03:16:00-07:00", "2023-06-26T10:16:00.000000+00:00"),
        ("2023-06-26T10:16:00", "2023-06-26T10:16:00.000000+00:00"),
        ("2023-06-26 10:16:00.3", "2023-06-26T10:16:00.300000+00:00"),
    ],
)
def test_every_way_to_write_an_instant_has_one_canonical_form(written: str, meant: str) -> None:
    assert items.canonical(written) == meant


@pytest.mark.parametrize("written", ["", "soon", "2023-13-01T00:00:00", "0001-01-01T00:00:00+23:59"])
def test_what_is_no_instant_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"isoformat|out of range|month must be"):
        items.canonical(written)


zoned = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=st.timezones())


@given(zoned, zoned)
def test_the_text_order_of_instants_is_their_time_order(one: datetime, other: datetime) -> None:
    texts = items.timestamp(one), items.timestamp(other)
    assert (texts[0] < texts[1]) == (one.astimezone(UTC) < other.astimezone(UTC))


def test_a_microsecond_later_carries_over() -> None:
    assert items.microsecond_later("2026-12-31T23:59:59.999999+00:00") == "2027-01-01T00:00:00.000000+00:00"


@pytest.mark.parametrize(
    ("message", "summary"),
    [
        (said("short", 0), "short"),
        (said("x" * 141, 0), "x" * 140),
        (said("whole text", 0, preview="preview"), "preview"),
        (said(b"\x00" * 200, 0), b"\x00" * 200),
        (said(b"\x00" * 200, 0, preview=b"\x01" * 150), b"\x01" * 150),
        (said("", 0, deleted=True), ""),
        (said("left over", 0, deleted=True, preview=b"left over"), ""),
    ],
    ids=[
        "text",
        "long text is cut",
        "preview",
        "ciphertext whole",
        "ciphertext preview",
        "deleted",
        "deleted, not empty",
    ],
)
def test_a_conversation_list_shows(message: Message, summary: object) -> None:
    assert message.summary == summary


PRIVATE = "nobody may read this in a log"
MESSAGE = items.message_item(said(PRIVATE, 0, edited_at=at(1), expires_at=1, preview=PRIVATE))
ROW = items.conversation_item(Conversation("u", "g", ADA, PRIVATE, at(0), "", "m", "u", 1))


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("pk", None),
        ("pk", {"S": "GRP#someone"}),
        ("pk", {"S": "MSG#"}),
        ("pk", {"S": "MSG#" + "g" * 1019}),
        ("pk", {"N": "1"}),
        ("sk", None),
        ("sk", {"S": PRIVATE}),
        ("message_uuid", None),
        ("message_uuid", {"N": "1"}),
        ("user_uuid", None),
        ("user_handle", {"N": "1"}),
        ("message", None),
        ("message", {"N": "1"}),
        ("message", {"B": PRIVATE}),
        ("message", PRIVATE),
        ("preview", {"NULL": True}),
        ("edited_at", {"S": PRIVATE}),
        ("deleted", {"S": "yes"}),
        ("expires_at", {"S": "1"}),
        ("expires_at", {"N": "1.5"}),
        ("expires_at", {"N": "-1"}),
    ],
)
def test_what_is_no_message_is_refused_without_quoting_it(name: str, wrong: Any) -> None:
    broken = {**MESSAGE, name: wrong}
    if wrong is None:
        del broken[name]
    assert items.message_of(MESSAGE).message_uuid, "the twin, whole, is a message"
    with pytest.raises(ItemError) as refused:
        items.message_of(broken)
    assert str(refused.value).startswith(f"{name}: ")
    assert PRIVATE not in str(refused.value)


def test_the_names_of_the_author_may_be_missing() -> None:
    item = {name: value for name, value in MESSAGE.items() if name not in ("user_display_name", "user_handle")}
    assert items.message_of(item).author == User(ADA.user_uuid, "", "")


@given(names, names, st.booleans())
def test_a_users_partition_holds_rows_markers_and_the_flag_apart(user: str, name: str, further: bool) -> None:
    group_uuid = f"g{name}"
    row, marker, flag = (
        items.RowKey(user, group_uuid, further),
        items.marker_key(items.RowKey(user, group_uuid)),
        items.flag_key(user),
    )
    assert items.row_of_key(items.row_key(row)) == row
    assert [items.row_of_key(key) for key in (marker, flag)] == [None, None]
    assert [items.is_flag(key) for key in (items.row_key(row), marker, flag)] == [False, False, True]
    assert [key["sk"]["S"] >= items.FIRST_ROWS for key in (items.row_key(row), marker, flag)] == [
        not further,
        True,
        True,
    ]


@pytest.mark.parametrize("name", ["!g", '"g', "#FURTHER", "#", " g", "\n", "READ#g", "READ#"])
def test_a_group_has_no_name_whose_row_is_taken_for_something_else(name: str) -> None:
    assert items.message_of(MESSAGE | {"pk": {"S": f"MSG#g{name}"}}).group_uuid == f"g{name}"
    with pytest.raises(ItemError, match="no name of a group"):
        items.message_of(MESSAGE | {"pk": {"S": f"MSG#{name}"}})
    with pytest.raises(ItemError, match="no name of a group"):
        items.group_of({"pk": {"S": f"META#{name}"}, "members": {"L": []}})


@pytest.mark.parametrize("length", [1018, 1019])
def test_a_group_name_must_fit_a_sort_key(length: int) -> None:
    item = MESSAGE | {"pk": {"S": "MSG#" + "ü" * (length // 2) + "x" * (length % 2)}}
    if length == 1018:
        assert len(items.message_of(item).group_uuid.encode()) == length
    else:
        with pytest.raises(ItemError, match="1018 bytes"):
            items.message_of(item)


@pytest.mark.parametrize(
    "members",
    [None, {"S": "ada"}, {"L": ["ada"]}, {"L": [{"S": "ada"}]}, {"L": [{"M": {"user_uuid": {"S": "ada"}}}]}],
)
def test_what_is_no_group_is_refused(members: Any) -> None:
    assert items.group_of(items.group_item(PAIR)) == PAIR
    with pytest.raises(ItemError):
        items.group_of({**items.group_item(PAIR), "members": members})


@pytest.mark.parametrize("name", sorted(set(ROW) - {"expires_at"}))
def test_a_row_without_an_attribute_is_refused(name: str) -> None:
    assert items.conversation_of(ROW).expires_at == 1
    with pytest.raises(ItemError, match=f"^{name}: "):
        items.conversation_of({key: value for key, value in ROW.items() if key != name})


@pytest.mark.parametrize(("group", "kind"), [(PAIR, "dm"), (TRIO, "group"), (replace(PAIR, members=(BOB,)), "dm")])
def test_a_group_says_its_kind(group: Group, kind: str) -> None:
    assert items.group_item(group)["kind"] == {"S": kind}
