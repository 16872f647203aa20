"""Whoever records, delivers or evaluates reads the estate's clock, and no other."""

import re

import pytest

from tableguard.paths import ROOT

_LOCAL = ROOT / "tableguard" / "local"
_READING = re.compile(r"\b(?:datetime\.(?:now|utcnow|today)|time\.(?:time|monotonic|perf_counter)|utcnow|time_ns)\(")


@pytest.mark.parametrize("room", ["trail", "alerts", "watch"])
def test_no_room_that_watches_reads_another_clock(room: str) -> None:
    files = [file for file in (_LOCAL / room).rglob("*.py") if file.name != "clock.py"]
    assert files
    assert [
        f"{file.name}:{number}"
        for file in files
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if _READING.search(line)
    ] == []


def test_the_clock_itself_would_be_found() -> None:
    assert _READING.search((_LOCAL / "watch" / "clock.py").read_text())
