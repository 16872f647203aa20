"""Commands that write ask before they do so on AWS, unless --profile or --yes says it is meant; others never ask."""

import io
import os
import re
import socket
import sys
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tableguard.cli.app import main
from tableguard.cli.target import Target
from tableguard.errors import TableError
from tableguard.paths import EXAMPLE_SETTINGS
from tests.worlds.command_table import GROUP, MINA, TEO, World
from tests.worlds.commands import GROUPS

REAL = "https://dynamodb.eu-central-1.amazonaws.com"
TABLE = "cruddur-messages"
AT = "2026-01-01T00:00:00.000000+00:00"
WRITING: dict[str, tuple[str, ...]] = {
    "table create": (),
    "table drop": ("--production",),
    "table migrate": (),
    "messages change": (GROUP, AT, MINA, "--text", "hello"),
    "messages change-members": (GROUP, MINA, "--remove", TEO),
    "messages create": (MINA, "hello", "--group", GROUP),
    "messages mark-read": (GROUP, MINA),
    "messages rename-user": (MINA, "Mina", "mina"),
    "messages replay": ("trace",),
    "messages seed": (),
    "rows reconcile": ("--all",),
    "rows redrive": ("--folder", "batches"),
    "users create": ("mina", "Mina", "mina@example.com"),
    "users disable": (MINA,),
    "users enable": (MINA,),
}
READING: dict[str, tuple[str, ...]] = {
    "table list": (),
    "table scan": (),
    "table migrate --dry-run": (),
    "messages get-conversation": (GROUP, MINA),
    "messages list-conversations": (MINA,),
    "rows reconcile --dry-run": ("--all",),
    "rows verify": (),
    "table query": (f"SELECT * FROM \"{TABLE}\" WHERE pk = 'MSG#{GROUP}'",),  # noqa: S608  # PartiQL of a test
}
READING_ACCOUNTS: dict[str, tuple[str, ...]] = {"users check": (), "users export": (MINA,), "users list": ()}
# these show first what they would do, and then want a name typed: their own tests
ASKING_BY_NAME = ("table adopt", "users delete", "users sync")
READ_OPERATIONS = {
    "DescribeTable",
    "ListTables",
    "GetItem",
    "BatchGetItem",
    "TransactGetItems",
    "Query",
    "Scan",
    "ExecuteStatement",
}


class Stream(io.StringIO):
    """A standard stream, a terminal or none."""

    def __init__(self, text: str, terminal: bool) -> None:
        super().__init__(text)
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


@dataclass(frozen=True)
class Commands:
    """Runs commands of which none may leave this machine."""

    monkeypatch: pytest.MonkeyPatch

    def run(self, name: str, *arguments: str, terminal: bool, answer: str = "") -> str:
        """Return what a command said on stderr: "CONTACTED" where it went on to the service."""
        stderr = Stream("", terminal)
        with self.monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", Stream(answer, terminal))
            patch.setattr(sys, "stderr", stderr)
            code = main([*name.split(), *arguments, "--settings", str(EXAMPLE_SETTINGS / "default.toml")])
        said = stderr.getvalue()
        assert code == 2
        return "CONTACTED" if said.endswith("CONTACTED\n") else said


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Commands:
    """Commands with keys among the variables, a profile of another name, and no network."""

    def contact(_target: Target, _service: str) -> NoReturn:
        raise TableError("CONTACTED")

    def connect(_socket: socket.socket, address: Any) -> NoReturn:
        pytest.fail(f"{address} is contacted")

    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    (tmp_path / "config").write_text("[profile work]\nregion = us-east-1\n")
    (tmp_path / "batches").mkdir()
    (tmp_path / "trace").write_text("1 2 1 1082008561\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setattr(Target, "client_of", contact)
    monkeypatch.setattr(socket.socket, "connect", connect)
    return Commands(monkeypatch)


def test_every_command_on_a_table_writes_or_reads() -> None:
    named = {" ".join(name.split()[:2]) for name in (*WRITING, *READING, *READING_ACCOUNTS, *ASKING_BY_NAME)}
    assert named == {f"{group} {name}" for group, names in GROUPS.items() for name in names}


@pytest.mark.parametrize("name", WRITING)
def test_what_writes_asks_only_where_nobody_named_the_place(commands: Commands, name: str) -> None:
    places = {"real": (), "loopback": ("--endpoint-url", "http://127.0.0.1:9")}
    namings = {"unnamed": (), "named": ("--profile", "work")}
    for (place, at), (naming, by), terminal in product(places.items(), namings.items(), (True, False)):
        said = commands.run(name, *WRITING[name], *at, *by, terminal=terminal, answer="no\n")
        case = f"{place}, {naming}, {'terminal' if terminal else 'none'}"
        if (place, naming) != ("real", "unnamed"):
            assert said == "CONTACTED", case
            continue
        assert f"table {TABLE} in eu-central-1 at {REAL}, with the default AWS credentials" in said, case
        assert ("Type yes to go on: " in said) is terminal, case
        wanted = "not confirmed: nothing was done\n" if terminal else "or add --yes if that is meant\n"
        assert said.endswith(wanted), case
        assert said.count("\n") == (2 if terminal else 1), case


@pytest.mark.parametrize("name", WRITING)
def test_what_writes_goes_on_when_it_is_meant(commands: Commands, name: str) -> None:
    assert commands.run(name, *WRITING[name], terminal=True, answer="yes\n") == "CONTACTED"
    assert commands.run(name, *WRITING[name], "--yes", terminal=False) == "CONTACTED"


@pytest.mark.parametrize("name", [*READING, *READING_ACCOUNTS])
def test_what_reads_never_asks(commands: Commands, name: str) -> None:
    arguments = {**READING, **READING_ACCOUNTS}[name]
    for terminal in (True, False):
        assert commands.run(name, *arguments, terminal=terminal) == "CONTACTED"


@pytest.mark.parametrize("answer", ["", "\n", "y\n", "YES\n", f"{TABLE}\n"])
def test_no_other_answer_than_yes_is_one(commands: Commands, answer: str) -> None:
    assert commands.run("messages seed", terminal=True, answer=answer).endswith("not confirmed: nothing was done\n")


@pytest.mark.parametrize(
    ("variables", "region", "whose"),
    [
        ({}, "eu-central-1", "the default AWS credentials"),
        ({"AWS_PROFILE": "work"}, "us-east-1", "profile work, which AWS_PROFILE names"),
        (
            {"AWS_PROFILE": "absent", "AWS_DEFAULT_PROFILE": "work"},
            "us-east-1",
            "profile work, which AWS_DEFAULT_PROFILE names",
        ),
        (
            {"AWS_PROFILE": "work", "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"},
            "us-east-1",
            "AWS_ACCESS_KEY_ID in the environment",
        ),
        ({"AWS_DEFAULT_REGION": "eu-west-1"}, "eu-west-1", "the default AWS credentials"),
    ],
)
def test_the_question_says_where_and_with_whose_credentials(
    commands: Commands, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], region: str, whose: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    said = commands.run("messages seed", terminal=True)
    assert f"{TABLE} in {region} at https://dynamodb.{region}.amazonaws.com, with {whose}.\n" in said
    assert "AKIAIOSFODNN7EXAMPLE" not in said
    assert "secret" not in said


@pytest.mark.parametrize(
    ("variables", "asked"),
    [
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, False),
        ({"AWS_ENDPOINT_URL_DYNAMODB": "http://localhost:9"}, False),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, True),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ENDPOINT_URL_DYNAMODB": REAL}, True),
        ({"AWS_PROFILE": "work"}, True),
    ],
)
def test_variables_say_where_the_table_is_as_for_any_client(
    commands: Commands, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], asked: bool
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert ("would write to table" in commands.run("messages seed", terminal=False)) is asked


def test_nothing_is_sent_unencrypted_for_the_question(commands: Commands) -> None:
    said = commands.run("messages seed", "--endpoint-url", "http://dynamodb.example.com", terminal=True)
    assert said.endswith("messages would travel unencrypted; use https://\n")


@pytest.mark.parametrize("name", READING)
def test_what_never_asks_sends_nothing_that_writes(seeded: World, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    sent: list[str] = []
    made = Target.client_of

    def watched(target: Target, service: str) -> Any:
        client = made(target, service)
        client.meta.events.register("before-call.dynamodb", note)
        return client

    def note(model: Any, **_: Any) -> None:
        sent.append(model.name)

    monkeypatch.setattr(Target, "client_of", watched)
    settle = ("--settle", "0") if re.match("rows|table migrate", name) else ()
    assert seeded.run(name, *READING[name], *settle).code in (0, 1)
    assert sent
    assert set(sent) <= READ_OPERATIONS
