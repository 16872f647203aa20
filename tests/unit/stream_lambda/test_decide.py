"""Which rows are written: the newest message of each group, whatever the order and the repetitions."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_lambda.decide import checkpoint, newest_per_group, rows
from stream_lambda.items import FORMER, Group, Message, User
from tests.worlds.messages import ADA, BOB, EVE, OTHER_PAIR, PAIR, TRIO, at, said

GROUPS = {group.group_uuid: group for group in (PAIR, OTHER_PAIR, TRIO)}

# What the text is follows from group, time and version, as it does in the table.
sent = st.builds(
    lambda group, second, version: said(
        f"{second} version {version}", second, group, edited_at=at(100 + version) if version else ""
    ),
    st.sampled_from(list(GROUPS.values())),
    st.integers(0, 5),
    st.integers(0, 3),
)


def newest(messages: Sequence[Message]) -> dict[str, Message]:
    return {group: found.message for group, found in newest_per_group(enumerate(messages)).items()}


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[Message], list[Message]]:
    """Messages, and the same messages as they may be delivered: any order, some of them repeatedly."""
    messages = draw(st.lists(sent, min_size=1, max_size=12))
    repeated = draw(st.lists(st.sampled_from(messages)))
    return messages, draw(st.permutations(messages + repeated))


@given(deliveries())
def test_neither_order_nor_repetition_changes_what_is_newest(delivery: tuple[list[Message], list[Message]]) -> None:
    once, delivered = delivery
    assert newest(delivered) == newest(once)


@given(st.lists(sent, min_size=1, max_size=12))
def test_the_newest_is_the_greatest_by_time_and_then_by_version(messages: list[Message]) -> None:
    for group_uuid, message in newest(messages).items():
        assert message.stamp == max(known.stamp for known in messages if known.group_uuid == group_uuid)


def test_a_batch_of_one_group_folds_to_one_message() -> None:
    messages = [said(f"message {second}", second) for second in (3, 9, 1, 5)]
    assert newest(messages) == {PAIR.group_uuid: messages[1]}


def test_an_edit_of_an_old_message_does_not_bring_it_back() -> None:
    old, new = said("old, edited much later", 1, edited_at=at(900)), said("new", 2)
    assert newest([new, old]) == {PAIR.group_uuid: new}


@pytest.mark.parametrize("later_first", [False, True])
def test_an_edit_of_the_newest_message_wins_over_it(later_first: bool) -> None:
    original, edited = said("helo", 1), said("hello", 1, edited_at=at(2))
    assert newest([edited, original] if later_first else [original, edited]) == {PAIR.group_uuid: edited}


def test_among_records_of_the_same_version_the_last_is_the_item_as_it_is() -> None:
    found = newest_per_group([(0, said("first", 1)), (1, said("touched", 1))])
    assert (found[PAIR.group_uuid].message.text, found[PAIR.group_uuid].index) == ("touched", 1)


@pytest.mark.parametrize(
    ("group", "seen_by"),
    [
        (PAIR, {ADA.user_uuid: BOB, BOB.user_uuid: ADA}),
        (TRIO, {ADA.user_uuid: BOB, BOB.user_uuid: ADA, EVE.user_uuid: ADA}),
        (Group("alone", (ADA,)), {ADA.user_uuid: FORMER}),
        (Group("nobody", ()), {}),
    ],
    ids=["pair", "three", "one", "none"],
)
def test_every_member_gets_a_row_that_names_the_other(group: Group, seen_by: dict[str, User]) -> None:
    message = said("hello", 1, Group(group.group_uuid, (BOB,)), expires_at=7)
    found = rows(newest_per_group([(0, message)]), {group.group_uuid: group})
    assert {row.user_uuid: row.other for row in found} == seen_by
    assert {(row.last_message, row.last_user_uuid, row.expires_at) for row in found} <= {("hello", BOB.user_uuid, 7)}


def test_a_group_that_is_not_known_gets_no_rows() -> None:
    found = rows(newest_per_group([(0, said("hello", 1)), (1, said("hello", 1, TRIO))]), {PAIR.group_uuid: PAIR})
    assert {row.group_uuid for row in found} == {PAIR.group_uuid}


@pytest.mark.parametrize(
    ("failed", "expected"),
    [((), None), ((PAIR,), 4), ((OTHER_PAIR,), 1), ((PAIR, OTHER_PAIR), 1), ((PAIR, OTHER_PAIR, TRIO), 1)],
)
def test_the_batch_comes_again_from_the_lowest_newest_record_of_a_failed_group(
    failed: tuple[Group, ...], expected: int | None
) -> None:
    batch = [said("old", 1), said("hi", 1, OTHER_PAIR), said("three", 1, TRIO), said("mid", 2), said("new", 3)]
    found = newest_per_group(enumerate(batch))
    assert checkpoint(found, {group.group_uuid for group in failed}) == expected
