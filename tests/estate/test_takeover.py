"""Break-glass takes the bootcamp's table over on the whole estate; Pattern D makes the rows, and nobody else can."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stream_lambda.items import User
from tableguard.local import estate
from tableguard.local.landing_zone import LandingZone
from tableguard.projection.takeover.copying import Copier
from tableguard.projection.takeover.run import Takeover
from tableguard.projection.takeover.source import Source
from tableguard.projection.views import Reader
from tableguard.store.bootcamp.queries import BootcampQueries
from tableguard.store.messages import MessageTable
from tests.worlds import bootcamp
from tests.worlds.estate import DENIED, ON_THE_EMBEDDED_AWS, SETTINGS, TABLE

pytestmark = [pytest.mark.slow, ON_THE_EMBEDDED_AWS]
THEIRS = "bootcamp-messages"
ADA, BOB = (User(f"takeover-{name}", name.title(), name) for name in ("ada", "bob"))


@pytest.fixture
def break_glass(zone: LandingZone) -> Any:
    """Its client, which does not go through the endpoint: that one's policy has no place for their table."""
    return zone.assume(SETTINGS.role_arn("break-glass")).client("dynamodb")


@pytest.fixture
def group(break_glass: Any) -> Iterator[str]:
    """Their table with a group of three messages."""
    bootcamp.create(break_glass, THEIRS)
    application = bootcamp.Bootcamp(break_glass, THEIRS, datetime.now(UTC) - timedelta(days=1))
    begun = application.begin(ADA, BOB, "hello 1")
    application.say(begun, BOB, "hello 2")
    application.say(begun, ADA, "hello 3")
    yield begun
    break_glass.delete_table(TableName=THEIRS)


def takeover(client: Any, running: estate.EmbeddedEstate) -> Takeover:
    """A takeover that waits for Pattern D."""
    reader = Reader(client, TABLE, lambda: datetime.now(UTC))
    places = MessageTable(client, TABLE, lambda: datetime.now(UTC)).places
    return Takeover(
        Source(client, THEIRS, UTC), Copier(reader), places, sleep=lambda seconds: running.poller.drain(timeout=20)
    )


def test_break_glass_takes_it_over_and_the_application_lists_it(
    running: estate.EmbeddedEstate, table: MessageTable, break_glass: Any, group: str
) -> None:
    report = takeover(break_glass, running).run()
    assert (report.last.is_complete, report.facts()["copied"]) == (True, 3)
    # Pattern D has made all rows; of other tests' groups nothing is said here
    assert [result for result in report.survey.results if result.drift.group_uuid == group] == []
    queries = BootcampQueries(table)
    assert [message["message"] for message in queries.list_messages(group, BOB.user_uuid)] == [
        "hello 1",
        "hello 2",
        "hello 3",
    ]
    (row,) = queries.list_message_groups(ADA.user_uuid)
    assert (row["uuid"], row["handle"], row["message"]) == (group, "bob", "hello 3")


@pytest.mark.parametrize("role", ["operator", "application", "deployer"])
def test_nobody_else_can(running: estate.EmbeddedEstate, zone: LandingZone, group: str, role: str) -> None:
    client = zone.assume(SETTINGS.role_arn(role)).client("dynamodb")
    with pytest.raises(ClientError) as refused:
        takeover(client, running).run()
    assert (refused.value.response["Error"]["Code"], group != "") == (DENIED, True)
