"""An idle poller asks next to nothing, and hears at once of what it waits for."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.model import OperationModel

from tableguard.local import server
from tableguard.local.clients import factory
from tableguard.local.clients.factory import make_client
from tableguard.local.event_source.activity import ACTIVITY, Activity
from tableguard.local.event_source.lag import StreamLag
from tableguard.local.event_source.mapping_runner import IDLE_SECONDS, POLL_SECONDS
from tests.engines import DYNAMODB_LOCAL, MOTO, dynamodb_local
from tests.engines.choice import BOTH
from tests.worlds.lambdas import TELLING, Aws, within

pytestmark = pytest.mark.slow

A_MINUTE = 12  # requests at most, of one mapping that has nothing to do
A_WHILE = 4 * POLL_SECONDS


class Counted(Aws):
    """The embedded AWS, and the requests that a poller has made to it."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(endpoint)
        self.requests: list[str] = []

    def make_client(self, service: str, **arguments: Any) -> Any:
        """Return a client of the product whose requests are counted."""
        client = make_client(service, **arguments)
        client.meta.events.register("before-call", self._note)
        return client

    def _note(self, model: OperationModel, **_: object) -> None:
        self.requests.append(model.name)

    def in_a_while(self) -> list[str]:
        """Return the requests of a while in which nobody does anything."""
        time.sleep(POLL_SECONDS)
        before = len(self.requests)
        time.sleep(A_WHILE)
        return self.requests[before:]


@pytest.fixture
def aws(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counted]:
    engine = getattr(request, "param", MOTO)
    tables = dynamodb_local.engine() if engine == DYNAMODB_LOCAL else None
    with server.start(tables=tables) as running:
        counted = Counted(running.endpoint)
        monkeypatch.setattr(factory, "make_client", counted.make_client)
        counted.furnish()
        yield counted
        counted.functions.close()


@pytest.mark.parametrize("aws", BOTH, indirect=True)
def test_an_idle_poller_makes_a_few_requests_a_minute(aws: Counted) -> None:
    aws.deploy(TELLING)
    aws.put("one")
    with aws.poller(activity=ACTIVITY) as poller:
        poller.drain(20)
        assert within(5, lambda: aws.in_a_while() == [])  # its own thread has nothing to do either
        before = len(aws.requests)
        poller.drain(20)  # one poll that has nothing to do
        assert len(aws.requests[before:]) * 60 / IDLE_SECONDS <= A_MINUTE
        time.sleep(POLL_SECONDS)
        assert poller.lag() == StreamLag()
        assert aws.in_a_while() == []


def test_one_that_nobody_tells_of_writes_polls_all_the_time(aws: Counted) -> None:
    aws.deploy(TELLING)
    with aws.poller() as poller:
        poller.drain(20)
        assert len(aws.in_a_while()) * 60 / A_WHILE > 10 * A_MINUTE


@pytest.mark.parametrize("aws", BOTH, indirect=True)
def test_a_write_wakes_an_idle_poller(aws: Counted) -> None:
    aws.deploy(TELLING)
    with aws.poller(activity=ACTIVITY) as poller:
        poller.drain(20)
        time.sleep(2 * POLL_SECONDS)
        aws.put("one")
        assert within(IDLE_SECONDS / 3, lambda: aws.batches == [["one"]])


def test_the_twin_is_not_told_and_sleeps_on(aws: Counted) -> None:
    aws.deploy(TELLING)
    with aws.poller(activity=Activity()) as poller:
        poller.drain(20)
        time.sleep(2 * POLL_SECONDS)
        aws.put("one")
        time.sleep(A_WHILE)
        assert aws.batches == []


def test_the_kill_switch_is_noticed_at_once_and_what_was_held_back_is_behind(aws: Counted) -> None:
    uuid = aws.deploy(TELLING)
    with aws.poller(activity=ACTIVITY) as poller:
        poller.drain(20)
        aws.client("lambda").update_event_source_mapping(UUID=uuid, Enabled=False)
        aws.put("one")
        time.sleep(A_WHILE)
        assert aws.batches == []
        assert poller.lag().records == 1
        aws.client("lambda").update_event_source_mapping(UUID=uuid, Enabled=True)
        assert within(IDLE_SECONDS / 3, lambda: aws.batches == [["one"]])
        assert within(IDLE_SECONDS / 3, lambda: poller.lag() == StreamLag())
