"""The whole estate in another partition: deployed, read back, used, and its table refused to an administrator."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tableguard.local import estate
from tableguard.local.clients.factory import Clients
from tableguard.local.demo import MEMBERS
from tableguard.local.estate import EmbeddedEstate
from tableguard.local.landing_zone import LandingZone
from tableguard.store.messages import MessageTable
from tests.worlds.estate import refusal
from tests.worlds.partitions import settings_in

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["aws-us-gov", "aws-cn"])
def running(request: pytest.FixtureRequest) -> Iterator[EmbeddedEstate]:
    with estate.running(settings_in(request.param), 0, lambda _: None) as elsewhere:
        yield elsewhere


def test_every_resource_is_there_as_declared(running: EmbeddedEstate) -> None:
    assert running.read_back.different == ()


def test_a_message_reaches_the_rows_through_the_function(running: EmbeddedEstate) -> None:
    client = running.roles["application"].client("dynamodb")
    table = MessageTable(client, running.settings.table_name, clock=lambda: datetime.now(UTC))
    mina, teo = MEMBERS[:2]
    group = table.create_conversation(mina, [teo], "From elsewhere").message.group_uuid
    running.poller.drain(timeout=20)
    (row,) = table.conversations(teo.user_uuid).items
    assert (row.group_uuid, row.last_message) == (group, "From elsewhere")


def test_the_scp_refuses_what_it_refuses_in_every_partition(running: EmbeddedEstate) -> None:
    settings = running.settings
    zone = LandingZone(settings, running.endpoint, Clients(running.endpoint))
    administrator = zone.session("administrator").client("dynamodb")
    code, message = refusal(administrator.delete_table, TableName=settings.table_name)
    assert code == "AccessDeniedException"
    assert f"on resource: arn:{settings.partition}:dynamodb:{settings.home_region}:" in message
    assert "with an explicit deny in a service control policy" in message
