"""The terminal of `up` hears that Pattern D is behind, has caught up or has stopped, and nothing where all is well."""

import pytest

from tableguard.errors import EmbeddedError
from tableguard.local.event_source.lag import StreamLag
from tableguard.local.lag_watch import BEHIND, LagWatch


def lines(*lags: StreamLag | str) -> list[str]:
    """Return what is reported at these looks; a text is the error of one."""
    heard: list[str] = []
    left = list(lags)

    def measure() -> StreamLag:
        lag = left.pop(0)
        if isinstance(lag, str):
            raise EmbeddedError(lag)
        return lag

    watch = LagWatch(measure, heard.append)
    for _ in lags:
        watch.look()
    return heard


@pytest.mark.parametrize(("seconds", "said"), [(BEHIND - 0.1, 0), (BEHIND, 1)])
def test_records_that_have_just_come_are_not_worth_a_line(seconds: float, said: int) -> None:
    assert len(lines(StreamLag(3, seconds))) == said


def test_it_is_said_while_it_is_behind_and_once_when_it_is_no_more() -> None:
    late = StreamLag(1200, 12.4)
    assert lines(StreamLag(), late, StreamLag(1, 60.0), StreamLag(1, 1.0), StreamLag(), StreamLag()) == [
        "Pattern D is behind: 1200 records of the stream to go, the oldest 12 s old",
        "Pattern D is behind: 1 record of the stream to go, the oldest 60 s old",
        "Pattern D has caught up: no record of the stream has waited for 5 s",
    ]
    assert "at least 1200 records" in lines(StreamLag(1200, 12.4, more=True))[0]


def test_what_makes_a_mapping_stand_still_is_said_once_and_that_it_runs_again() -> None:
    assert lines("mapping: gone", "mapping: gone", "mapping: denied", StreamLag(), StreamLag()) == [
        "stands still, and is tried again every few seconds: mapping: gone",
        "stands still, and is tried again every few seconds: mapping: denied",
        "all event source mappings run again",
    ]
