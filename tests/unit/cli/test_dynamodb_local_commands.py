"""The commands against DynamoDB Local as a developer has it: a table made, filled, read, written to and dropped."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tableguard.paths import EXAMPLE_SETTINGS
from tests.engines import dynamodb_local
from tests.worlds.command_table import CONVERSATION, GROUP, MINA, TEO
from tests.worlds.commands import Ran, run

pytestmark = pytest.mark.slow
TABLE = "scripts-messages"
Script = Callable[..., Ran]


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Script]:
    """Runs a command on the engine, with nobody's AWS configuration."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    where = ("--endpoint-url", dynamodb_local.engine().endpoint, "--table", TABLE)
    example = ("--settings", str(EXAMPLE_SETTINGS / "default.toml"))

    def on_the_engine(name: str, *arguments: str, answer: str = "") -> Ran:
        return run(name, *arguments, *where, *example, answer=answer)

    yield on_the_engine
    on_the_engine("table drop", "--yes")


@dynamodb_local.needs_dynamodb_local
def test_a_table_is_made_filled_read_and_dropped(script: Script, tmp_path: Path) -> None:
    assert script("table create").lines == [
        f"made {TABLE}: arn:aws:dynamodb:ddblocal:000000000000:table/{TABLE}",
    ]
    assert "exists already" in script("table create").err
    assert script("messages seed").lines[0].startswith("20 messages loaded")
    assert len(script("table scan").lines) == 23
    shown = script("messages get-conversation", GROUP, TEO).lines
    assert [line.split(": ", 1)[1] for line in shown] == [line.text for line in CONVERSATION.lines[::-1]]
    assert script("messages create", MINA, "one more", "--group", GROUP, "--refresh").code == 0
    assert script("messages list-conversations", TEO).lines[0].endswith("mina: one more")
    trace = tmp_path / "trace"
    trace.write_text("1 2 1 1082008561\n2 1 1 1082008562\n3 1 1 1082008563\n")
    replayed = script("messages replay", str(trace), "--workers", "1").lines[0]
    assert replayed.startswith("3 messages, 3 new, in 2 conversations")
    assert "write units not reported" in replayed
    dropped = script("table drop", answer=f"{TABLE}\n")
    assert dropped.lines[0].endswith("(development) and the 29 items in it.")
    assert TABLE not in script("table list").lines


@dynamodb_local.needs_dynamodb_local
def test_a_stranger_and_an_absent_table_are_refused_alike(script: Script) -> None:
    assert f"no table {TABLE}" in script("table scan").err
    script("table create")
    script("messages seed")
    refused = script("messages get-conversation", GROUP, "eve")
    assert (refused.code, "is not a member of group" in refused.err) == (2, True)
