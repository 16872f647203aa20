"""Members write on while a person is erased; the erasure is killed at each of its calls, and made again."""

import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stream_lambda.items import Message
from tableguard.errors import MessageError
from tableguard.store.messages import MessageTable
from tableguard.users.eraser import Eraser, Erasure
from tableguard.users.holdings import TableScan
from tests.engines.choice import BOTH
from tests.worlds.conversations import ticking_table
from tests.worlds.erasures import everything_of_ada, groups_there, places_that_name, wrong_rows
from tests.worlds.messages import ADA, BOB, EVE, TABLE, all_items, emulated_table
from tests.worlds.migrations import Batch, Killed, Stepping, batch

pytestmark = pytest.mark.slow


@dataclass
class Members:
    """What Bob and Eve write, and Ada as long as she can; the stream function comes to it at once, late or never."""

    table: MessageTable
    groups: dict[str, str]
    chance: random.Random
    said: list[Message] = field(default_factory=list)  # by who stays
    late: list[Batch] = field(default_factory=list)
    ada_writes: bool = True

    def step(self, _call: int = 0) -> None:
        """Write a message, in one of three cases as Ada, and let the function come to it or read its group only."""
        name, author = self.chance.choice([("pair", BOB), ("three", EVE), ("with eve", EVE)])
        if self.ada_writes and self.chance.random() < 1 / 3:
            with suppress(MessageError):  # she has left it
                self._project(self.table.post(self.groups[name], ADA.user_uuid, "Ada again").message)
        else:
            message = self.table.post(self.groups[name], author.user_uuid, f"news {len(self.said)}").message
            self.said.append(message)
            self._project(message)

    def _project(self, message: Message) -> None:
        fate = self.chance.randrange(3)
        if fate == 0:
            self.table.refresh(message.group_uuid)
        elif fate == 1:
            self.late.append(batch(self.table.client, [message]))

    def finish(self) -> None:
        """Let the function write the rows for which it read the members before."""
        for one in self.late:
            one.finish()
        self.late.clear()


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def erase(table: MessageTable, client: Any) -> Erasure:
    scan = TableScan(client, TABLE)
    return Eraser(scan, table.clock, workers=1, settle=0).erase(scan.holdings(ADA))


def calls_of(engine: str) -> int:
    """How many calls an erasure takes that nothing disturbs."""
    with emulated_table(engine=engine) as client:
        table = ticking_table(client)
        everything_of_ada(table)
        stepping = Stepping(client)
        erase(table, stepping)
        return stepping.calls


@dataclass
class Dying:
    """Who writes before each call of an erasure, until the call at which it dies; then every thread of it is dead."""

    members: Members
    fatal: int

    def __call__(self, call: int) -> None:
        if call >= self.fatal:
            raise Killed
        self.members.step()


@dataclass(frozen=True)
class World:
    """A table with all that Ada can have, and its members."""

    client: Any
    members: Members


def worlds(engine: str) -> Iterator[tuple[int, World]]:
    """Yield a new world for each call that can be the last."""
    for fatal in range(calls_of(engine)):
        with emulated_table(engine=engine) as client:
            table = ticking_table(client)
            members = Members(table, everything_of_ada(table), random.Random(fatal))  # noqa: S311  # traffic
            yield fatal, World(client, members)


def check_nothing_is_left(world: World, fatal: int) -> None:
    """Check that of Ada nothing is left, and of the others everything, with no wrong row."""
    members, client = world.members, world.client
    for group_uuid in members.groups.values():
        members.table.refresh(group_uuid)
    assert places_that_name(client, ADA) == [], fatal
    assert wrong_rows(client) == [], fatal
    assert groups_there(client) == set(members.groups.values()), fatal
    texts = {item["message_uuid"]["S"]: item.get("message") for item in all_items(client) if "message_uuid" in item}
    assert {one.message_uuid: {"S": one.text} for one in members.said}.items() <= texts.items(), fatal


def test_an_erasure_killed_at_any_call_is_completed_by_the_next(engine: str) -> None:
    for fatal, world in worlds(engine):
        members = world.members
        with pytest.raises(Killed):
            erase(members.table, Stepping(world.client, Dying(members, fatal)))
        members.ada_writes = False  # her account is closed, and her credentials have expired
        members.finish()
        erasure = erase(members.table, Stepping(world.client, members.step))
        members.finish()
        if erasure.left.erasable or places_that_name(world.client, ADA):  # rows came back behind the last scan
            erasure = erase(members.table, world.client)
        assert erasure.left.erasable == 0, fatal
        check_nothing_is_left(world, fatal)


@dataclass
class Throttled:
    """The answer of a table that is too busy, at one call."""

    at: int

    def __call__(self, call: int) -> None:
        if call == self.at:
            raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "too busy"}}, "any")


def test_a_throttled_call_ends_an_erasure_as_an_error_and_not_as_done(engine: str) -> None:
    for at, world in worlds(engine):
        table = world.members.table
        with pytest.raises(ClientError, match="too busy"):
            erase(table, Stepping(world.client, Throttled(at)))
        assert erase(table, world.client).left.erasable == 0
        check_nothing_is_left(world, at)
