"""Two thousand messages of a trace through the whole estate."""

import os
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tableguard.local import estate
from tableguard.store.loading import recording, replay
from tableguard.store.messages import MessageTable
from tests.engines.choice import FASTER
from tests.worlds.recordings import expected_rows

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("running", [FASTER], indirect=True, scope="package")]
# a recorded trace of private messages, if there is one: it is not part of this repository
TRACE = os.environ.get("TABLEGUARD_TRACE")


@pytest.fixture
def trace_file(tmp_path: Path) -> Path:
    """The recorded trace, or one drawn: few pairs write much, many write little, three messages a second."""
    if TRACE:
        return Path(TRACE)
    chance = random.Random(1)  # noqa: S311  # traffic, not a secret
    pairs = chance.choices(range(400), [1 / rank for rank in range(1, 401)], k=2000)
    lines = (f"{1 + pair % 40} {41 + pair % 97} 1 {1082008561 + second // 3}" for second, pair in enumerate(pairs))
    drawn = tmp_path / "trace"
    drawn.write_text("\n".join(lines) + "\n")
    return drawn


def test_two_thousand_messages_of_a_trace_leave_every_row_at_its_newest_message(
    running: estate.EmbeddedEstate, trace_file: Path
) -> None:
    trace = recording.read_trace(trace_file)[:2000]
    client = running.roles["application"].client("dynamodb")
    table = MessageTable(client, running.settings.table_name, clock=lambda: datetime.now(UTC))
    replayed = replay.replay(client, table.name, trace, table.places(), workers=1)
    assert replayed.messages == 2000
    running.poller.drain(timeout=240)
    expected = expected_rows(trace)
    shown = {
        (row.user_uuid, row.group_uuid): row.last_message_uuid
        for user in {user for user, _ in expected}
        for row in table.all_conversations(user).items
    }
    assert shown == {key: message.message_uuid for key, message in expected.items()}
