"""The table of a recorded trace is taken over beside live traffic: no message is lost, no row is wrong."""

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from stream_lambda.decide import conversation
from stream_lambda.items import Group, conversation_item, group_item, message_item
from tableguard.findings.exit_code import FINE
from tableguard.projection.migration import census
from tableguard.projection.migration.direction import Direction
from tableguard.projection.migration.plan import plan
from tableguard.projection.migration.report import MigrationReport
from tableguard.projection.migration.run import Migration
from tableguard.projection.survey import Survey
from tableguard.projection.verify import verify
from tableguard.projection.views import Reader
from tableguard.store.loading import recording
from tests.engines import dynamodb_local
from tests.engines.choice import DYNAMODB_LOCAL
from tests.worlds.live_traffic import LiveTraffic
from tests.worlds.messages import TABLE, emulated_table
from tests.worlds.migrations import FURTHER, wrong_rows
from tests.worlds.rows import write

TRACE = os.environ.get("TABLEGUARD_TRACE")
pytestmark = [
    pytest.mark.opt_in,
    dynamodb_local.needs_dynamodb_local,
    pytest.mark.skipif(not TRACE, reason="TABLEGUARD_TRACE names no recorded trace"),
]
UNDER_WAY = 6.0  # seconds: a batch here takes three at most


@dataclass(frozen=True)
class Trace:
    """The conversations of a trace that are there from the beginning, and those that begin meanwhile."""

    present: tuple[Group, ...]
    to_come: tuple[Group, ...]


def store(client: Any, path: Path) -> Trace:
    """Store the trace as the former release leaves it; every fiftieth conversation is still to begin."""
    lines = recording.read_trace(path)
    groups = recording.groups(lines)
    trace = Trace(tuple(g for n, g in enumerate(groups) if n % 50), groups[::50])
    by_uuid = {group.group_uuid: group for group in trace.present}
    messages = [message for message in recording.messages(lines) if message.group_uuid in by_uuid]
    newest = {message.group_uuid: message for message in sorted(messages, key=lambda message: message.created_at)}
    write(client, list(map(group_item, trace.present)))
    write(
        client, [conversation_item(conversation(newest[g.group_uuid], u, g)) for g in trace.present for u in g.members]
    )
    write(client, list(map(message_item, messages)))
    return trace


@pytest.fixture
def client() -> Iterator[Any]:
    with emulated_table(engine=DYNAMODB_LOCAL) as made:
        yield made


def now() -> datetime:
    return datetime.now(UTC)


def migrate(client: Any, direction: Direction) -> MigrationReport:
    reader = Reader(client, TABLE, now, workers=2)
    planned = plan(reader, direction, census.count(reader), FURTHER)
    sys.stderr.write(f"\n{planned.text()}\n")
    return Migration(reader, UNDER_WAY).run(planned)


@pytest.mark.parametrize("direction", [Direction(50), Direction(1000, back=True)], ids=["there", "back"])
def test_no_message_of_a_trace_is_lost_while_its_table_is_taken_over(client: Any, direction: Direction) -> None:
    assert TRACE
    trace = store(client, Path(TRACE))
    if direction.back:
        assert migrate(client, Direction(50)).exit_code == FINE
    traffic = LiveTraffic(client, trace.present, trace.to_come, direction.conversations_in_table)
    traffic.start()
    began = time.monotonic()
    try:
        report = migrate(client, direction)
    finally:
        seconds = time.monotonic() - began
        traffic.stop()
    sys.stderr.write(f"{report.text()}\n")
    further = census.count(Reader(client, TABLE, now)).further.total()
    wrong = wrong_rows(client, now())
    sys.stderr.write(
        f"{seconds:.0f} s, {traffic.sent} messages meanwhile, {traffic.begun} of them began a conversation: "
        f"{report.facts()['moved']} rows moved, {further} further rows at the end, {len(wrong)} rows wrong\n"
    )
    assert (report.exit_code, wrong) == (FINE, set())
    assert verify(Survey(Reader(client, TABLE, now), settle=0.0), None).exit_code == FINE
    assert (further > 0) != direction.back
