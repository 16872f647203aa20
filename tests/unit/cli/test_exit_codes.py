"""A question that was not answered whole never passes for an answer, and a user reads one line."""

import errno
import io
import os
import signal
import subprocess
import sys
from typing import NoReturn

import pytest

from tableguard.cli import exit_codes
from tableguard.cli.exit_codes import exit_code, one_interruption


def ended(command: list[str], **streams: int) -> tuple[int, str]:
    ran = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False, **streams)  # type: ignore[call-overload]
    return ran.returncode, ran.stderr


class Full(io.TextIOWrapper):
    """A file on a disk without room."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO())

    def write(self, text: str) -> NoReturn:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_output_that_finds_no_room_is_one_line_and_no_answer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", Full())
    assert exit_code(lambda: print("an answer"), "tableguard prove") == 2  # noqa: T201
    assert capsys.readouterr().err == "tableguard prove: No space left on device\n"


def test_a_file_that_fails_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    def write() -> NoReturn:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "out/table.yaml")

    assert exit_code(write, "tableguard render") == 2
    assert capsys.readouterr().err == "tableguard render: out/table.yaml: Permission denied\n"


def test_a_closed_output_is_no_place_for_an_answer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert exit_code(lambda: None, "tableguard check") == 2
    assert "standard output is closed" in capsys.readouterr().err


def test_an_error_that_nobody_can_read_is_no_finding() -> None:
    mistyped = [sys.executable, "-m", "tableguard", "prov"]
    with open("/dev/full", "w", encoding="utf-8") as full:
        assert subprocess.run(mistyped, stderr=full, check=False).returncode == 2
    assert subprocess.run(["/bin/sh", "-c", 'exec "$@" 2>&-', "sh", *mistyped], check=False).returncode == 2


def test_a_reader_that_has_seen_enough_ends_a_command_in_peace() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "tableguard", "settings"]
    assert ended(command, stdout=writing) == (0, "")
    os.close(writing)


def test_letters_that_a_terminal_lacks_are_written_out(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    assert exit_code(lambda: print("a – b"), "tableguard cost") == 0  # noqa: T201
    assert written.getvalue() == b"a \\u2013 b\n"


def interrupted_twice(first: signal.Signals, second: signal.Signals) -> bool:
    """Whether what is put in order after the first signal is done in spite of the second."""
    done = False
    try:
        with one_interruption():
            try:
                signal.raise_signal(first)
            finally:
                signal.raise_signal(second)
                done = True
    except KeyboardInterrupt:
        return done
    raise AssertionError(f"{first.name} is not heard")


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("seconds", [30.0, -1.0])
def test_a_second_signal_does_not_disturb_what_is_put_in_order_for_a_while(
    monkeypatch: pytest.MonkeyPatch, first: signal.Signals, seconds: float
) -> None:
    monkeypatch.setattr(exit_codes, "ENDING", seconds)
    assert interrupted_twice(first, signal.SIGINT) is (seconds > 0)


def test_the_end_of_the_terminal_is_nothing_under_nohup() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with one_interruption():
            signal.raise_signal(signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
