"""An embedded AWS has one watch, which lets time pass in steps and is emptied with the AWS."""

from datetime import UTC, datetime, timedelta

import pytest

from tableguard.local import assembly, server
from tableguard.local.trail.trails import Delays
from tableguard.local.watch import watch
from tests.worlds.trails import event, small_aws

_BEGUN = datetime(2026, 3, 1, tzinfo=UTC)


def test_a_running_aws_has_a_watch_with_the_delays_it_is_given() -> None:
    delays = Delays(event_bus=1)
    with server.start(delays=delays) as running:
        assert watch.in_use() is running.watch
        assert running.watch.delays == delays
    assert watch.in_use() is None


@pytest.mark.parametrize(("seconds", "steps"), [(60, 1), (61, 2), (299, 5), (300, 5)])
def test_time_passes_in_steps_and_exactly(seconds: int, steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with server.start() as running:
        clock, ticks = running.watch.clock, list[datetime]()
        clock.stop(_BEGUN)
        monkeypatch.setattr(running.watch, "tick", lambda: ticks.append(clock.now()))
        running.watch.run(seconds)
        assert (len(ticks), ticks[-1]) == (steps, _BEGUN + timedelta(seconds=seconds))


def test_what_was_observed_goes_with_the_aws_that_is_emptied() -> None:
    with small_aws() as small:
        small.happens(event())
        small.caller("cloudtrail").describe_trails()
        assembly.reset()
        small.watch.run(300)
        assert small.heard.events == []
        assert small.watch.calls.history() == ()
