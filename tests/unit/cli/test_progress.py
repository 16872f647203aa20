"""Progress is one line on a terminal, where a command takes its time, and nothing elsewhere."""

import io
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from tableguard.cli.progress import shown


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def slowly() -> Iterator[int]:
    for number in range(3):
        time.sleep(0.55)
        yield number


def test_a_terminal_shows_how_far_a_slow_command_is_on_one_line_that_goes_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    before = set(threading.enumerate())
    assert list(shown(slowly(), "promises", 3)) == [0, 1, 2]
    assert "2/3" in terminal.getvalue()
    assert "promises" in terminal.getvalue()
    assert terminal.getvalue().count("\n") == 1
    assert terminal.getvalue().endswith("\x1b[1A\x1b[2K")  # up, and the line is erased
    for thread in set(threading.enumerate()) - before:
        thread.join(5)
        assert not thread.is_alive()


def test_a_terminal_shows_nothing_of_what_is_soon_done(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert list(shown(range(3), "promises")) == [0, 1, 2]
    assert terminal.getvalue() == ""


def test_what_is_no_terminal_is_told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.StringIO()
    monkeypatch.setattr(sys, "stderr", file)
    assert list(shown(slowly(), "promises", 3)) == [0, 1, 2]
    assert file.getvalue() == ""
