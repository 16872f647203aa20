"""With whom a conversation is, and whose words its row shows."""

from dataclasses import replace

import pytest

from stream_lambda.decide import conversation
from stream_lambda.items import FORMER, Conversation, Group, User
from tableguard.store.messages import pair_group_uuid
from tableguard.store.senders import attributions, column
from tests.worlds.messages import ADA, BOB, EVE, TRIO, said

DIRECT = Group(pair_group_uuid(ADA.user_uuid, BOB.user_uuid), (ADA, BOB))
WITH_EVE = Group(pair_group_uuid(ADA.user_uuid, EVE.user_uuid), (ADA, EVE))


def row(group: Group, author: User) -> Conversation:
    """Ada's row of a group in which somebody has just written."""
    return conversation(replace(said("hello", 1, group), author=author), ADA, group)


def told(*rows: Conversation) -> list[str]:
    return [f"with {each.partner} — {each.author}" for each in attributions(rows)]


@pytest.mark.parametrize(
    ("group", "author", "wanted"),
    [
        (DIRECT, ADA, "with bob — you"),
        (DIRECT, BOB, "with bob — bob"),
        (TRIO, ADA, "with bob and others — you"),
        (TRIO, BOB, "with bob and others — bob"),
        (TRIO, EVE, "with bob and others — a member"),
        (TRIO, FORMER, "with bob and others — former-member"),
        (replace(DIRECT, members=(ADA,)), FORMER, "with former-member — former-member"),
    ],
)
def test_a_row_is_attributed_to_who_wrote_it(group: Group, author: User, wanted: str) -> None:
    assert told(row(group, author)) == [wanted]


def test_a_pair_that_was_taken_over_is_shown_as_two() -> None:
    taken_over = Group("its-own-uuid", (ADA, BOB))
    (shown,) = attributions([row(taken_over, BOB)], pairs={"its-own-uuid"})
    assert (shown.partner, shown.author) == ("bob", "bob")
    (unknown,) = attributions([row(taken_over, BOB)], pairs={"another"})
    assert unknown.partner == "bob and others"


def test_a_third_is_named_where_another_row_of_the_listing_is_with_them() -> None:
    assert told(row(TRIO, EVE), row(WITH_EVE, ADA))[0] == "with bob and others — eve"
    assert told(row(TRIO, EVE), row(DIRECT, ADA))[0] == "with bob and others — a member"


def test_what_follows_a_column_is_aligned_unless_a_name_is_very_long() -> None:
    assert column(["ada", "robert"]) == ["ada   ", "robert"]
    assert column(["ada", "x" * 1000]) == ["ada" + 29 * " ", "x" * 1000]
    assert column([]) == []
