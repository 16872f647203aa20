"""The estate's clock: ahead of the machine's by what it was advanced, or stopped and moved by that alone."""

from datetime import UTC, datetime, timedelta

from tableguard.local.watch.clock import Clock

MOMENT = datetime(2026, 12, 1, 12, tzinfo=UTC)


def test_a_running_clock_is_ahead_of_the_machine_s_by_what_it_was_advanced() -> None:
    clock = Clock()
    clock.advance(3600)
    assert timedelta(minutes=59) < clock.now() - datetime.now(UTC) <= timedelta(hours=1)


def test_a_stopped_clock_is_moved_by_advances_alone() -> None:
    clock = Clock(timedelta(days=1))
    clock.stop(MOMENT)
    assert clock.now() == MOMENT
    clock.advance(90)
    assert clock.now() == clock.now() == MOMENT + timedelta(seconds=90)


def test_the_lead_is_what_the_machine_s_clock_is_behind() -> None:
    clock = Clock()
    assert clock.lead() == timedelta()
    clock.advance(60)
    assert clock.lead() == timedelta(seconds=60)
    clock.stop(datetime.now(UTC) - timedelta(days=1))
    assert timedelta() <= timedelta(days=-1) - clock.lead() < timedelta(minutes=1)
