"""An emulated DynamoDB on loopback, with and without a table of ours, and the options by which commands work on it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest

from stream_lambda import items
from tableguard import settings
from tableguard.cli.commands.messages import seed
from tableguard.cli.target import Target
from tableguard.store import table_admin
from tableguard.store.loading import conversation_file
from tableguard.store.messages import pair_group_uuid
from tests.paths import ROOT
from tests.worlds import stock_moto
from tests.worlds.commands import Ran, run
from tests.worlds.messages import REGION

TABLE = "cruddur-messages"
CONVERSATION = conversation_file.read(seed.SHIPPED)
MINA, TEO = (user.user_uuid for user in CONVERSATION.users)
GROUP = pair_group_uuid(MINA, TEO)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with stock_moto.running() as endpoint:
        yield endpoint


@dataclass(frozen=True)
class World:
    """The endpoint, a client of it, and the options that a command needs to work there."""

    client: Any
    options: tuple[str, ...]

    def run(self, name: str, *arguments: str, answer: str = "") -> Ran:
        return run(name, *arguments, *self.options, answer=answer)

    def refused(self, name: str, *arguments: str, answer: str = "") -> str:
        """The one line that a command ends with when it could not do what was asked."""
        ran = self.run(name, *arguments, answer=answer)
        assert ran.code == 2, ran
        (line,) = ran.err.splitlines()
        program, _, reason = line.partition(": ")
        assert program == f"tableguard {name}"
        return reason


@cache
def _client(server: str) -> Any:
    return boto3.Session("no", "keys", region_name=REGION).client("dynamodb", endpoint_url=server)


_make = Target.client_of
_made: dict[object, Any] = {}


def _client_of(target: Target, service: str) -> Any:
    """What a command gets: the client of one that asked for the same, as making one takes longer than a command."""
    if target.profile or not target.settings_file:
        return _make(target, service)
    environment = frozenset((name, value) for name, value in os.environ.items() if name.startswith("AWS_"))
    asked = (service, target.endpoint_url, target.region, target.settings_file.read_text(), environment)
    return _made.get(asked) or _made.setdefault(asked, _make(target, service))


@pytest.fixture
def empty(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """An endpoint without tables, and nobody's AWS configuration."""
    monkeypatch.setattr(Target, "client_of", _client_of)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    chosen = tmp_path / "settings.toml"
    example = (ROOT / "templates" / "settings" / "default.toml").read_text()
    chosen.write_text(example)
    client = _client(server)
    yield World(client, ("--endpoint-url", server, "--settings", str(chosen)))
    for table in client.list_tables()["TableNames"]:
        client.update_table(TableName=table, DeletionProtectionEnabled=False)
        client.delete_table(TableName=table)


@pytest.fixture
def world(empty: World) -> World:
    """An endpoint with an empty table of ours."""
    table_admin.create(empty.client, settings.example(), TABLE)
    return empty


@pytest.fixture(scope="module")
def shipped() -> list[items.Item]:
    """What the shipped conversation is in the table, once it has been loaded."""
    return []


@pytest.fixture
def seeded(world: World, shipped: list[items.Item]) -> World:
    """The table with the shipped conversation in it."""
    if shipped:
        puts = [{"PutRequest": {"Item": item}} for item in shipped]
        world.client.batch_write_item(RequestItems={TABLE: puts})
    else:
        assert world.run("messages seed").code == 0
        shipped += world.client.scan(TableName=TABLE)["Items"]
    return world
