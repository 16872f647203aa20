"""The command that takes a table over says what it costs, asks, moves and verifies."""

import json
from datetime import UTC, datetime

import pytest

from stream_lambda.items import FORMER_INDEX, User
from tableguard import settings
from tableguard.store import table_admin
from tableguard.store.messages import MessageTable
from tests.worlds.command_table import TABLE, World

pytestmark = pytest.mark.slow
UMA = User("u1", "Uma", "uma")
AT_ONCE = ("--under-way", "0", "--settle", "0", "--workers", "1")


@pytest.fixture
def world(empty: World) -> World:
    """A table in which Uma has 52 conversations, all of them first rows, as the former release makes them."""
    table_admin.create(empty.client, settings.example(), TABLE)
    former = MessageTable(empty.client, TABLE, lambda: datetime.now(UTC), conversations_in_table=1000)
    for number in range(52):
        former.create_conversation(UMA, [User(f"v{number}", "Vic", "vic")], f"hello {number}")
    return empty


def test_it_says_what_it_costs_and_stops_there(world: World) -> None:
    ran = world.run("table migrate", "--dry-run")
    assert ran.code == 0
    assert (
        ran.lines[1]
        == "1 person with more than 50 first rows: 2 rows to be further rows; the newest of each person stay"
    )
    facts = json.loads(world.run("table migrate", "--dry-run", "--json").out)
    assert (facts["rows_to_move"], facts["persons_to_move"], facts["write_units"]) == (2, 1, 15)
    assert "--dry-run and --add-index exclude each other" in world.run("table migrate", "--dry-run", "--add-index").err


def test_it_asks_moves_and_verifies_and_then_has_nothing_to_move(world: World) -> None:
    assert world.refused("table migrate", *AT_ONCE, answer="no\n") == "not confirmed: nothing was done"
    assert "add --yes" in world.refused("table migrate", "--json")
    moved = world.run("table migrate", *AT_ONCE, answer=f"{TABLE}\n")
    assert (moved.code, moved.lines[-1]) == (0, "verified: every row shows what it must")
    assert "moved 2 rows for " in moved.out
    again = json.loads(world.run("table migrate", *AT_ONCE, "--yes", "--json").out)
    assert (again["moved"], again["wrong"]) == (0, [])
    assert world.run("rows verify", "--settle", "0").code == 0
    shown = world.run("messages list-conversations", UMA.user_uuid, "--limit", "100")
    assert len([line for line in shown.lines if "hello" in line]) == 52


def test_the_way_back_needs_the_former_index_and_can_add_it(world: World) -> None:
    assert world.run("table migrate", *AT_ONCE, "--yes").code == 0
    reason = world.refused("table migrate", "--back", *AT_ONCE, "--yes")
    assert reason.startswith(f"table {TABLE}: has no index {FORMER_INDEX}; set former_index = true under [table]")
    back = world.run("table migrate", "--back", "--add-index", *AT_ONCE, "--yes", "--json")
    facts = json.loads(back.out)
    assert (back.code, facts["moved"], facts["flags_removed"]) == (0, 2, 1)


def test_it_waits_for_the_functions_timeout_unless_told_otherwise(world: World) -> None:
    assert "from 0 to 3600 seconds" in world.run("table migrate", "--under-way", "-1").err
    asked = world.run("table migrate", answer="no\n")
    assert "Then it waits 65 s for batches under way" in asked.out
