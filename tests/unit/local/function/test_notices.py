"""What a terminal is told of functions: each thing once in a while, and no text that a message could hold."""

import pytest

from tableguard.local.function.notices import QUIET_SECONDS, Notices, error_logged


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_same_is_said_once_and_what_followed_is_counted() -> None:
    clock, said = Clock(), list[str]()
    notices = Notices(clock)
    notices.listen(said.append)
    for _ in range(3):
        notices.note("one")
    notices.note("two")
    assert said == ["one", "two"]
    clock.now += QUIET_SECONDS
    notices.note("one")
    assert said == ["one", "two", "one (3 times)"]


def test_what_waits_is_said_at_the_end_and_what_came_before_anybody_listened_too() -> None:
    said = list[str]()
    notices = Notices(Clock())
    notices.note("early")
    notices.listen(said.append)
    assert said == ["early"]
    notices.note("early")
    notices.flush()
    notices.flush()
    assert said == ["early", "early"]


@pytest.mark.parametrize(
    ("line", "event"),
    [
        ('{"level": "ERROR", "event": "poison"}', "poison"),
        ('{"level": "ERROR", "event": "hello there, this is my secret"}', "an error"),
        ('{"level": "CRITICAL"}', "an error"),
        ('{"level": "INFO", "event": "poison"}', None),
        ('{"level": "ERROR", "errorType": "KeyError"}', None),
        ('{"level": ["ERROR"]}', None),
        ('["level"]', None),
        ('{"level": "ERROR"', None),
        ('level "ERROR"', None),
    ],
)
def test_a_line_of_the_level_error_is_told_by_the_name_of_its_event(line: str, event: str | None) -> None:
    assert error_logged(line) == event
