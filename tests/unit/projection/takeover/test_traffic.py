"""The bootcamp's application and its function work on while its table is taken over; killed anywhere, and run again."""

import os
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from stream_lambda.items import Item
from tableguard.findings.exit_code import FINE
from tests.engines.choice import FASTER
from tests.worlds.bootcamp import Bootcamp
from tests.worlds.messages import ADA, BOB, EVE, all_items
from tests.worlds.migrations import Killed, Stepping
from tests.worlds.takeovers import adopted, both_tables, ours, returned

pytestmark = pytest.mark.slow
PEOPLE = (ADA, BOB, EVE)
SEEDS = range(int(os.environ.get("TABLEGUARD_TAKEOVERS", "4")))


@dataclass
class Writing:
    """Messages and groups by the bootcamp's application, and rows that its function puts again late or never."""

    application: Bootcamp
    chance: random.Random
    groups: dict[str, tuple[int, int]] = field(default_factory=dict)
    late: list[Item] = field(default_factory=list)

    def step(self, _call: int = 0) -> None:
        """Do one of these, or nothing, one time in two."""
        act: Callable[[], None] = self.chance.choices((self.say, self.begin, self.project, _nothing), (3, 1, 2, 6))[0]
        act()

    def begin(self) -> None:
        one, two = self.chance.sample(range(len(PEOPLE)), 2)
        group_uuid = self.application.begin(PEOPLE[one], PEOPLE[two], "begun")
        self.groups[group_uuid] = (one, two)

    def say(self) -> None:
        if self.groups:
            group_uuid = self.chance.choice(list(self.groups))
            author = PEOPLE[self.chance.choice(self.groups[group_uuid])]
            self.late.append(self.application.write(group_uuid, author, f"news {len(self.late)}"))

    def project(self) -> None:
        """Let the function come to one of its messages, not always the oldest, and let it write meanwhile."""
        if self.late:
            self.application.project(self.late.pop(self.chance.randrange(len(self.late))), between=self.say)


def _nothing() -> None:
    """Do nothing."""


def uuids(items: list[Item]) -> dict[str, tuple[str, str]]:
    """The uuid of each message, with its group and text."""
    return {
        item["message_uuid"]["S"]: (item["pk"]["S"], item["message"]["S"])
        for item in items
        if item["pk"]["S"].startswith("MSG#")
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_that_was_written_is_lost_and_all_of_it_is_listed(seed: int) -> None:
    with both_tables(FASTER) as (client, application, pair, other):
        writing = Writing(application, random.Random(seed), {pair: (0, 1), other: (2, 0)})  # noqa: S311  # traffic
        first = adopted(Stepping(client, writing.step))
        assert not first.wrong
        assert first.last.is_complete
        last = adopted(client)  # its application has ended
        assert (last.exit_code, last.last.arrived) == (FINE, 0)
        assert uuids(all_items(client)) == uuids(application.items())
        for person in PEOPLE:
            listed = {row.group_uuid for row in ours(client).all_conversations(person.user_uuid).items}
            index = PEOPLE.index(person)
            assert listed == {group_uuid for group_uuid, pair in writing.groups.items() if index in pair}


def calls(run: Callable[[Any], object]) -> int:
    """How many calls a run takes that nothing disturbs."""
    with both_tables(FASTER) as (client, *_):
        stepping = Stepping(client)
        run(stepping)
        return stepping.calls


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_takeover_killed_at_any_call_is_taken_up_by_the_next_run(when: str) -> None:
    for fatal in range(calls(adopted)):
        with both_tables(FASTER) as (client, application, _, _):
            before = application.items()
            with pytest.raises(Killed):
                adopted(killed_at(client, fatal, when))
            report = adopted(client)
            assert report.exit_code == FINE, fatal
            assert uuids(all_items(client)) == uuids(before), fatal
            assert application.items() == before, fatal
            assert adopted(client).facts()["copied"] == 0


def used_since(client: Any, pair: str) -> None:
    """Let our application write, edit and begin after a takeover."""
    adopted(client)
    table = ours(client)
    table.post(pair, BOB.user_uuid, "from ours")
    oldest = table.messages(pair, ADA.user_uuid).items[-1]
    table.edit(pair, oldest.created_at, ADA.user_uuid, "edited in ours")
    table.create_conversation(BOB, [EVE], "begun in ours")


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_way_back_killed_at_any_call_is_taken_up_by_the_next_run(when: str) -> None:
    for fatal in range(24):
        with both_tables(FASTER) as (client, application, pair, _):
            used_since(client, pair)
            with suppress(Killed):  # a call that is refused has no moment after it
                returned(killed_at(client, fatal, when))
            assert returned(client).exit_code == FINE, fatal
            assert uuids(application.items()) == uuids(all_items(client)), fatal
            assert [text for _, _, text in application.list_groups(ADA)] == ["from ours", "hello Ada"], fatal
            assert {text for _, _, text in application.list_groups(BOB)} == {"from ours", "begun in ours"}, fatal
            assert len(application.list_groups(EVE)) == 2, fatal


def killed_at(client: Any, fatal: int, when: str) -> Stepping:
    """A client that dies before or after one of its calls."""

    def kill(call: int) -> None:
        if call == fatal:
            raise Killed

    return Stepping(client, kill) if when == "before" else Stepping(client, after=kill)


def test_two_takeovers_at_once_copy_each_message_once() -> None:
    with both_tables(FASTER) as (client, application, _, _):
        nested: list[int] = []

        def run_another(call: int) -> None:
            if call == 6 and not nested:
                nested.append(call)
                adopted(client)

        assert adopted(Stepping(client, run_another)).exit_code == FINE
        assert nested
        assert uuids(all_items(client)) == uuids(application.items())
        assert len([item for item in all_items(client) if item["pk"]["S"].startswith("MSG#")]) == 4
