"""The bootcamp's table is taken over into ours while messages arrive; killed anywhere, and run again."""

from collections.abc import Iterator
from typing import Any

import pytest

from tableguard.findings.exit_code import FINE
from tests.engines.choice import BOTH
from tests.worlds.bootcamp import Bootcamp
from tests.worlds.messages import ADA, BOB, EVE
from tests.worlds.takeovers import adopted, both_tables, ours

World = tuple[Any, Bootcamp, str, str]


@pytest.fixture(params=BOTH)
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with both_tables(request.param) as made:
        yield made


def test_every_message_and_both_members_lists_are_in_our_table(world: World) -> None:
    client, _, pair, other = world
    report = adopted(client)
    assert (report.exit_code, report.facts()["copied"]) == (FINE, 4)
    assert report.text().splitlines()[-1].startswith("verified: every message")
    messages = ours(client).messages(pair, BOB.user_uuid).items
    assert [(m.author, m.text) for m in messages] == [
        (ADA, "how are you?"),
        (BOB, "hello yourself"),
        (ADA, "hello Bob"),
    ]
    rows = ours(client).conversations(ADA.user_uuid).items
    assert [(row.group_uuid, row.other, row.last_message) for row in rows] == [
        (pair, BOB, "how are you?"),
        (other, EVE, "hello Ada"),
    ]
