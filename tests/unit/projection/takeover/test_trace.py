"""A recorded trace in the bootcamp's table is taken over while its application writes: no message is lost."""

import os
import resource
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from stream_lambda.items import Group, message_item
from tableguard.findings.exit_code import FINE
from tableguard.store.loading import recording
from tests.engines import dynamodb_local
from tests.engines.choice import DYNAMODB_LOCAL
from tests.worlds import bootcamp
from tests.worlds.bootcamp import BOOTCAMP_TABLE, Bootcamp
from tests.worlds.messages import all_items, emulated_table
from tests.worlds.migrations import wrong_rows
from tests.worlds.takeovers import adopted

TRACE = os.environ.get("TABLEGUARD_TRACE")
pytestmark = [
    pytest.mark.opt_in,
    dynamodb_local.needs_dynamodb_local,
    pytest.mark.skipif(not TRACE, reason="TABLEGUARD_TRACE names no recorded trace"),
]


def store(client: Any, path: Path) -> list[Group]:
    """Store the trace as the bootcamp's application leaves it, its times without an offset."""
    lines = recording.read_trace(path)
    groups = recording.groups(lines)
    messages = sorted(recording.messages(lines), key=lambda message: message.created_at)
    newest = {message.group_uuid: message for message in messages}
    items = [message_item(message) | {"sk": {"S": message.created_at.removesuffix("+00:00")}} for message in messages]
    for group in groups:
        at, text = newest[group.group_uuid].created_at.removesuffix("+00:00"), str(newest[group.group_uuid].text)
        one, two = group.members
        items += [Bootcamp.row(*pair, group.group_uuid, at, text) for pair in ((one, two), (two, one))]
    # of two rows of a person at the same instant the second is put over the first, there as here
    items = list({(item["pk"]["S"], item["sk"]["S"]): item for item in items}.values())
    for start in range(0, len(items), 25):
        puts = [{"PutRequest": {"Item": item}} for item in items[start : start + 25]]
        client.batch_write_item(RequestItems={BOOTCAMP_TABLE: puts})
    return list(groups)


@dataclass
class Writer(threading.Thread):
    """The application, which writes twenty messages a second, every tenth of which begins a group."""

    application: Bootcamp
    groups: list[Group]
    ended: threading.Event = field(default_factory=threading.Event)
    sent: int = 0

    def __post_init__(self) -> None:
        """Make it a thread."""
        super().__init__()

    def run(self) -> None:
        for number in count():
            if self.ended.wait(0.05):
                return
            group = self.groups[number % len(self.groups)]
            if number % 10:
                self.application.say(group.group_uuid, group.members[0], f"news {number}")
            else:
                one, two = group.members
                self.application.begin(one, two, f"news {number}")
            self.sent += 1

    __hash__ = threading.Thread.__hash__


def test_no_message_of_a_trace_is_lost_while_its_table_is_taken_over() -> None:
    assert TRACE
    with emulated_table(engine=DYNAMODB_LOCAL) as client:
        bootcamp.create(client)
        try:
            take_over(client, store(client, Path(TRACE)))
        finally:
            client.delete_table(TableName=BOOTCAMP_TABLE)


def take_over(client: Any, groups: list[Group]) -> None:
    application = Bootcamp(client, now=datetime.now(UTC))
    writer = Writer(application, groups)
    writer.start()
    began = time.monotonic()
    try:
        first = adopted(client, now=datetime.max.replace(year=2200, tzinfo=UTC))
    finally:
        seconds = time.monotonic() - began
        writer.ended.set()
        writer.join()
    usage = resource.getrusage(resource.RUSAGE_SELF)
    sys.stderr.write(
        f"\n{first.text()}\n{seconds:.0f} s, {usage.ru_utime + usage.ru_stime:.0f} s of CPU with loading\n"
    )
    last = adopted(client, now=datetime.max.replace(year=2200, tzinfo=UTC))
    sys.stderr.write(f"{writer.sent} messages meanwhile, of which the second run copied {last.facts()['copied']}\n")
    assert first.last.is_complete
    assert (last.exit_code, last.last.arrived) == (FINE, 0)
    theirs = {item["message_uuid"]["S"] for item in application.items() if item["pk"]["S"].startswith("MSG#")}
    ours = {item["message_uuid"]["S"] for item in all_items(client) if item["pk"]["S"].startswith("MSG#")}
    assert (ours, wrong_rows(client)) == (theirs, set())
