"""The estate that the tests of this folder share: deploying one takes more time than all that they ask of it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tableguard.local import estate
from tableguard.local.clients.factory import Clients
from tableguard.local.function.deployed import deployed_function, role_credentials
from tableguard.local.landing_zone import LandingZone
from tableguard.store.messages import MessageTable
from tests.engines import DYNAMODB_LOCAL, dynamodb_local
from tests.worlds.estate import SETTINGS, TABLE, Ids, ids_of


@pytest.fixture(scope="package")
def running(request: pytest.FixtureRequest) -> Iterator[estate.EmbeddedEstate]:
    """The estate, its table kept by the engine that is the parameter."""
    tables = dynamodb_local.engine() if request.param == DYNAMODB_LOCAL else None
    with estate.running(SETTINGS, 0, lambda step: None, tables) as started:
        yield started


@pytest.fixture(scope="package")
def zone(running: estate.EmbeddedEstate) -> LandingZone:
    """Who may act in it."""
    return LandingZone(SETTINGS, running.endpoint, Clients(running.endpoint))


@pytest.fixture(scope="package")
def ids(zone: LandingZone) -> Ids:
    """Ids of what the stacks made."""
    return ids_of(zone)


@pytest.fixture(scope="package")
def table(running: estate.EmbeddedEstate) -> MessageTable:
    """The messages table, as the application uses it."""
    return MessageTable(running.roles["application"].client("dynamodb"), TABLE, clock=lambda: datetime.now(UTC))


@pytest.fixture(scope="package")
def function(running: estate.EmbeddedEstate) -> Callable[[str], Any]:
    """Clients with the credentials that the function is given."""
    deployer = running.roles["deployer"]
    arn = f"arn:aws:lambda:{SETTINGS.home_region}:{SETTINGS.account_id}:function:{SETTINGS.function_name}"
    deployed = role_credentials(running.endpoint, deployed_function(arn).configuration)
    keys = {
        "aws_access_key_id": deployed.access_key_id,
        "aws_secret_access_key": deployed.secret_access_key,
        "aws_session_token": deployed.session_token,
    }
    return lambda service: deployer.client(service, **keys)
