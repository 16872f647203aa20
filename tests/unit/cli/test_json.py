"""Every command on a table prints as JSON what it prints as lines."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.worlds.command_table import CONVERSATION, GROUP, MINA, TABLE, TEO, World
from tests.worlds.commands import run
from tests.worlds.messages import REGION

VIC, WIM = ("--to", "u2", "Vic", "vic"), ("--to", "u3", "Wim", "wim")


def facts(world: World, name: str, *arguments: str) -> Any:
    """Return the facts that a command prints with --json; nothing of it goes to stderr."""
    ran = world.run(name, *arguments, "--json")
    assert (ran.code, ran.err) == (0, ""), ran
    return json.loads(ran.out)


def test_tables_are_made_listed_and_dropped(empty: World) -> None:
    arn = f"arn:aws:dynamodb:{REGION}:123456789012:table/{TABLE}"
    assert facts(empty, "table create") == {"table": TABLE, "arn": arn}
    assert facts(empty, "table list") == {"tables": [TABLE]}
    dropped = facts(empty, "table drop", "--yes")["dropped"]
    assert (dropped["arn"], dropped["environment"], dropped["items"]) == (arn, "development", 0)
    assert facts(empty, "table list") == {"tables": []}


def test_items_are_those_of_the_lines(seeded: World) -> None:
    lines = seeded.run("table scan").lines
    assert facts(seeded, "table scan")["items"] == [json.loads(line) for line in lines]


def test_a_seed_tells_what_it_loaded_and_what_shows_it(world: World) -> None:
    first = facts(world, "messages seed")
    assert (first["messages"], first["group_uuid"]) == (20, GROUP)
    assert [command.split()[2] for command in first["commands"]] == ["list-conversations", "get-conversation"]


def test_a_conversation_is_told_page_by_page(seeded: World) -> None:
    first = facts(seeded, "messages get-conversation", GROUP, TEO, "--limit", "15")
    rest = facts(seeded, "messages get-conversation", GROUP, TEO, "--token", first["token"])
    texts = [message["text"] for message in (*first["messages"], *rest["messages"])]
    assert texts == [message.text for message in CONVERSATION.lines[::-1]]
    assert (rest["token"], rest["not_shown"]) == (None, [])


def test_conversations_are_told_with_what_is_unread(seeded: World) -> None:
    (conversation,) = facts(seeded, "messages list-conversations", MINA, "--unread")["conversations"]
    assert (conversation["group"], conversation["with"], conversation["unread"]) == (GROUP, "teo", True)
    (plain,) = facts(seeded, "messages list-conversations", TEO)["conversations"]
    assert "unread" not in plain
    assert plain["last_message"] == CONVERSATION.lines[-1].text


def test_a_message_is_told_when_it_is_written_changed_and_read(seeded: World) -> None:
    written = facts(seeded, "messages create", MINA, "hello", "--group", GROUP)
    assert written["group"] == GROUP
    assert written["write_units"] > 0
    changed = facts(seeded, "messages change", GROUP, written["created_at"], MINA, "--text", "hello again")
    assert changed["edited_at"] > written["created_at"]
    assert facts(seeded, "messages mark-read", GROUP, TEO)["moved"] is True
    assert facts(seeded, "messages mark-read", GROUP, TEO)["moved"] is False


def test_members_and_names_are_told(seeded: World) -> None:
    begun = facts(seeded, "messages create", "u1", "hi", "--as", "Uma", "uma", *VIC, *WIM)
    left = facts(seeded, "messages change-members", begun["group"], "u3", "--remove", "u3")
    assert [member["handle"] for member in left["members"]] == ["uma", "vic"]
    renamed = facts(seeded, "messages rename-user", "u1", "Uma Thorne", "umat")
    assert (renamed["user"], renamed["groups"]) == ("u1", 1)


def test_a_replay_tells_its_figures(world: World, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    trace.write_text("1 2 1 1082008561\n")
    replayed = facts(world, "messages replay", str(trace), "--workers", "1")
    assert {name: replayed[name] for name in ("users", "groups", "messages", "new_messages", "seed")} == {
        "users": 2,
        "groups": 1,
        "messages": 1,
        "new_messages": 1,
        "seed": 0,
    }


def test_rendered_files_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert json.loads(run("render table --json").out) == {"files": ["templates/rendered/table.yaml"]}


@pytest.mark.parametrize(
    "words",
    ["table create", "table scan", "table drop --yes", "messages seed", "messages list-conversations u", "rows verify"],
)
def test_a_table_named_by_the_shipped_example_is_told_once(
    empty: World,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    ran = run(words, *empty.options[:2], "--region", REGION)
    assert ran.err.count("no settings.toml here: the shipped example is used\n") == 1
