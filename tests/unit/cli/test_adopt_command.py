"""The command that takes the bootcamp's table over says what it costs, asks, copies and verifies."""

import json

import pytest

from tests.worlds import bootcamp
from tests.worlds.command_table import TABLE, World
from tests.worlds.messages import ADA, BOB

pytestmark = pytest.mark.slow
THEIRS = ("--from", "theirs")
AT_ONCE = ("--settle", "0", "--workers", "1")


def group_of(world: World) -> str:
    (item,) = (item for item in world.client.scan(TableName=TABLE)["Items"] if item["sk"]["S"] == "META")
    return str(item["pk"]["S"]).removeprefix("META#")


@pytest.fixture
def adopting(world: World) -> World:
    """Our table, empty, and the bootcamp's beside it with a group of three messages."""
    bootcamp.create(world.client, "theirs")
    application = bootcamp.Bootcamp(world.client, "theirs")
    group = application.begin(ADA, BOB, "hello 1")
    application.say(group, BOB, "hello 2")
    application.say(group, ADA, "hello 3")
    return world


def test_it_says_what_it_costs_and_stops_there(adopting: World) -> None:
    ran = adopting.run("table adopt", *THEIRS, "--dry-run")
    assert ran.code == 0
    assert ran.lines == [
        "1 group, 3 messages and 2 rows in the bootcamp's table",
        "to copy: 3 messages and 1 group, for 4 write units, and those of their rows; there already: 0 messages",
    ]
    facts = json.loads(adopting.run("table adopt", *THEIRS, "--dry-run", "--json").out)
    assert (facts["standings"], facts["new_groups"], facts["write_units"]) == ({"missing": 3}, 1, 4)
    assert adopting.client.scan(TableName=TABLE)["Count"] == 0


def test_it_asks_copies_and_verifies_and_then_has_nothing_to_copy(adopting: World) -> None:
    assert adopting.refused("table adopt", *THEIRS, answer="no\n") == "not confirmed: nothing was done"
    assert "add --yes" in adopting.refused("table adopt", *THEIRS, "--json")
    ran = adopting.run("table adopt", *THEIRS, *AT_ONCE, answer=f"{TABLE}\n")
    assert (ran.code, ran.lines[-1]) == (
        0,
        "verified: every message of the bootcamp's table is in ours, and every row shows what it must",
    )
    again = json.loads(adopting.run("table adopt", *THEIRS, *AT_ONCE, "--yes", "--json").out)
    assert (again["copied"], again["standings"], again["wrong"]) == (0, {"same": 3}, [])
    shown = adopting.run("messages list-conversations", BOB.user_uuid)
    assert len([line for line in shown.lines if group_of(adopting) in line and line.endswith("ada: hello 3")]) == 1


def test_a_pair_that_was_taken_over_is_listed_as_two_and_gets_no_second_conversation(adopting: World) -> None:
    assert adopting.run("table adopt", *THEIRS, *AT_ONCE, "--yes").code == 0
    (line,) = adopting.run("messages list-conversations", BOB.user_uuid).lines
    assert " with ada — " in line
    to = ("--to", ADA.user_uuid, ADA.display_name, ADA.handle, "--as", BOB.display_name, BOB.handle)
    written = json.loads(adopting.run("messages create", BOB.user_uuid, "hello 4", *to, "--json", "--yes").out)
    assert written["group"] == group_of(adopting)  # there is one group, still


def test_the_way_back_says_what_it_writes_and_asks_for_the_bootcamps_table(adopting: World) -> None:
    assert adopting.run("table adopt", *THEIRS, *AT_ONCE, "--yes").code == 0
    adopting.run("messages create", "--group", group_of(adopting), ADA.user_uuid, "from ours", "--yes")
    dry = adopting.run("table adopt", *THEIRS, "--back", "--dry-run")
    assert (dry.code, dry.lines) == (0, ["to write into the bootcamp's table: 1 message, 0 edits, 2 rows, of 1 group"])
    assert adopting.refused("table adopt", *THEIRS, "--back", answer=f"{TABLE}\n") == "not confirmed: nothing was done"
    back = adopting.run("table adopt", *THEIRS, "--back", answer="theirs\n")
    assert (back.code, back.lines[-1]) == (
        0,
        "verified: every message of ours is in the bootcamp's table, and its rows show the newest",
    )
    facts = json.loads(adopting.run("table adopt", *THEIRS, "--back", "--yes", "--json").out)
    assert [reading["messages"] for reading in facts["readings"]] == [0, 0]
    assert "--back and --authors exclude each other" in adopting.run("table adopt", *THEIRS, "--back", "--authors").err


def test_what_it_cannot_begin_with_is_refused_before_anything_is_read(adopting: World) -> None:
    assert "the table that it would be copied into" in adopting.refused("table adopt", "--from", TABLE, "--yes")
    assert "no table elsewhere at " in adopting.refused("table adopt", "--from", "elsewhere", "--yes")
    assert "no zone of that name" in adopting.refused("table adopt", *THEIRS, "--zone", "Nowhere/Land", "--yes")
