"""A trail that writes nothing raises an alarm: how long after the last record, and none while records arrive."""

import json
from collections.abc import Callable

import pytest
from moto.logs.models import logs_backends

from tableguard.local.estate import EmbeddedEstate
from tests.worlds.cloudtrail import call
from tests.worlds.estate import ACCOUNT, ON_THE_EMBEDDED_AWS, REGION, SETTINGS

pytestmark = [pytest.mark.slow, ON_THE_EMBEDDED_AWS]

ALARM, GROUP, STREAM = f"{SETTINGS.name}-trail-silent", f"/{SETTINGS.name}/trail", "silence"
MINUTES = 60


def record(running: EmbeddedEstate) -> None:
    """Write a record into the trail's log group, as the trail does."""
    group = logs_backends[ACCOUNT][REGION].groups[GROUP]
    if STREAM not in group.streams:
        group.create_log_stream(STREAM)
    now = int(running.watch.clock.now().timestamp() * 1000)
    group.put_log_events(STREAM, [{"timestamp": now, "message": json.dumps(call("kms", "Decrypt", readOnly=True))}])


def told(running: EmbeddedEstate, minutes: int, each: Callable[[EmbeddedEstate], None]) -> list[tuple[str, int]]:
    """Let minutes pass, in steps of five; return what the alarm became, with the minute."""
    changes = []
    for minute in range(0, minutes, 5):
        each(running)
        began = len(running.watch.notifications)
        running.watch.run(5 * MINUTES, step=MINUTES)
        messages = [json.loads(one.message) for one in running.watch.notifications[began:] if one.message[0] == "{"]
        changes += [(one["NewStateValue"], minute + 5) for one in messages if one.get("AlarmName") == ALARM]
    return changes


def test_a_silent_trail_raises_an_alarm_and_one_that_writes_does_not(running: EmbeddedEstate) -> None:
    told(running, 60, record)
    assert told(running, 120, record) == []
    ((state, minutes),) = told(running, 120, lambda estate: None)
    assert state == "ALARM"
    assert 30 <= minutes <= 90
    assert [state for state, _ in told(running, 60, record)] == ["OK"]


def poll(running: EmbeddedEstate) -> None:
    """Let Lambda ask the stream, as it does all the time where the clock is not moved."""
    running.poller.drain(timeout=20)


def test_polls_of_lambda_alone_keep_the_alarm_quiet(running: EmbeddedEstate) -> None:
    told(running, 60, poll)
    assert told(running, 120, poll) == []
    assert [state for state, _ in told(running, 120, lambda estate: None)] == ["ALARM"]
