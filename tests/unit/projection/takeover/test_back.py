"""What our application has written, edited and deleted since goes back into the bootcamp's table."""

from collections.abc import Iterator
from typing import Any

import pytest

from stream_lambda.items import User
from tableguard.findings.exit_code import FINDINGS, FINE
from tableguard.store.bootcamp.queries import BootcampQueries
from tableguard.store.members import add_member, rename
from tests.engines.choice import BOTH
from tests.worlds.bootcamp import Bootcamp
from tests.worlds.messages import ADA, BOB, EVE
from tests.worlds.takeovers import adopted, both_tables, ours, returned

World = tuple[Any, Bootcamp, str, str]


@pytest.fixture(params=BOTH)
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with both_tables(request.param) as made:
        adopted(made[0])
        yield made


def test_what_nobody_has_used_since_has_nothing_to_return(world: World) -> None:
    client, application, _, _ = world
    before = application.items()
    report = returned(client)
    assert (report.exit_code, [tally.changes for tally in report.tallies]) == (FINE, [0, 0])
    assert application.items() == before


def test_new_messages_and_groups_are_listed_by_the_bootcamps_application(world: World) -> None:
    client, application, pair, _ = world
    table = ours(client)
    table.post(pair, BOB.user_uuid, "from ours")
    begun = table.create_conversation(BOB, [EVE], "new here").message.group_uuid
    report = returned(client)
    assert report.exit_code == FINE
    assert report.text().splitlines()[-1].startswith("verified: ")
    assert application.list_messages(pair)[-2:] == ["how are you?", "from ours"]
    assert application.list_groups(ADA) == [(pair, "Bob Example", "from ours"), (world[3], "Eve Example", "hello Ada")]
    assert application.list_groups(EVE)[0] == (begun, "Bob Example", "new here")
    assert adopted(client).facts()["copied"] == 0


def test_what_was_edited_or_deleted_is_so_there_too(world: World) -> None:
    client, application, pair, _ = world
    table = ours(client)
    newest, _, oldest = table.messages(pair, ADA.user_uuid).items
    table.edit(pair, newest.created_at, ADA.user_uuid, "how do you do?")
    table.delete(pair, oldest.created_at, ADA.user_uuid)
    assert returned(client).exit_code == FINE
    assert application.list_messages(pair) == ["", "hello yourself", "how do you do?"]
    assert application.list_groups(BOB) == [(pair, "Ada Example", "how do you do?")]


def test_rows_that_its_function_left_behind_or_twice_are_one_again(world: World) -> None:
    client, application, pair, _ = world
    ours(client).post(pair, BOB.user_uuid, "from ours")
    twice = application.row(ADA, BOB, pair, "2020-01-01T00:00:00", "stale")
    client.put_item(TableName=application.table, Item=twice)
    assert returned(client).exit_code == FINE
    assert application.list_groups(ADA)[0] == (pair, "Bob Example", "from ours")
    assert len(application.list_groups(ADA)) == 2


def test_a_row_never_replaces_that_of_another_group_at_the_same_instant(world: World) -> None:
    client, application, pair, _ = world
    at = ours(client).post(pair, BOB.user_uuid, "from ours").message.created_at
    client.put_item(TableName=application.table, Item=application.row(ADA, EVE, "another", at, "mine"))
    assert returned(client).exit_code == FINE
    assert {text for _, _, text in application.list_groups(ADA)} == {"mine", "from ours", "hello Ada"}
    assert [tally.changes for tally in returned(client).tallies] == [0, 0]


def test_a_group_of_three_has_no_place_there_and_is_named(world: World) -> None:
    client, application, pair, _ = world
    add_member(ours(client), pair, ADA.user_uuid, EVE)
    before = application.items()
    report = returned(client)
    assert (report.exit_code, application.items()) == (FINDINGS, before)
    assert f"left  {pair}: 3 members; the bootcamp's groups are of two" in report.text()


def test_a_new_name_goes_with_the_rows(world: World) -> None:
    client, application, pair, _ = world
    rename(ours(client), User(BOB.user_uuid, "Robert Example", "rob"))
    assert returned(client).exit_code == FINE
    assert application.list_groups(ADA)[0] == (pair, "Robert Example", "how are you?")


def test_our_queries_and_theirs_answer_the_same_afterwards(world: World) -> None:
    client, application, pair, _ = world
    queries = BootcampQueries(ours(client))
    queries.create_message(message_group_uuid=pair, message="one more", my_user_uuid=ADA.user_uuid)
    returned(client)
    assert [message["message"] for message in queries.list_messages(pair, ADA.user_uuid)] == (
        application.list_messages(pair)
    )
