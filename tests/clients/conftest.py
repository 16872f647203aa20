"""The estate that the clients of this folder share, once for each engine."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tableguard.local import client_configuration, estate
from tableguard.local.client_configuration import ClientConfiguration
from tableguard.local.clients.factory import Clients
from tableguard.local.landing_zone import LandingZone
from tableguard.local.run_folder.folder import RunFolder
from tests.clients.aws_cli import AwsCli
from tests.clients.aws_cli import running as running_cli
from tests.engines import DYNAMODB_LOCAL, dynamodb_local
from tests.worlds.estate import SETTINGS, ids_of

FILES = Path(__file__).with_name("files")


@pytest.fixture(scope="package")
def running(request: pytest.FixtureRequest) -> Iterator[estate.EmbeddedEstate]:
    """The estate, its table kept by the engine that is the parameter."""
    tables = dynamodb_local.engine() if request.param == DYNAMODB_LOCAL else None
    with estate.running(SETTINGS, 0, lambda step: None, tables) as started:
        yield started


@pytest.fixture(scope="package")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which clients run, with files to send."""
    made = tmp_path_factory.mktemp("clients") / "files"
    shutil.copytree(FILES, made)
    (made / "parts.bin").write_bytes(bytes(9 << 20))  # the CLI sends what is longer than 8 MB in parts
    return made


@pytest.fixture(scope="package")
def clients(running: estate.EmbeddedEstate, tmp_path_factory: pytest.TempPathFactory) -> ClientConfiguration:
    """What `tableguard up` has clients export."""
    run = RunFolder(tmp_path_factory.mktemp("up"), -1, None)
    return client_configuration.write(running, None, run)


@pytest.fixture(scope="package")
def cli(clients: ClientConfiguration, folder: Path) -> Iterator[AwsCli]:
    """The AWS CLI, with the estate's profiles."""
    with running_cli(clients, folder) as started:
        yield started


@pytest.fixture(scope="package")
def values(running: estate.EmbeddedEstate) -> Mapping[str, str]:
    """What the {names} of transcripts stand for."""
    ids = ids_of(LandingZone(SETTINGS, running.endpoint, Clients(running.endpoint)))
    return {
        "endpoint": running.endpoint,
        "key": ids.key,
        "vpc": ids.vpc,
        "vpc_endpoint": ids.endpoint,
        "group": ids.group,
    }
