"""A plugin of the pytest that runs the suite: the engine counts as AWS, a test has a time limit, outcomes are sent."""

import importlib
import json
import os
import signal
from collections.abc import Generator
from types import FrameType
from typing import Any

import pytest

OUTCOMES, SECONDS = "ALTERNATOR_OUTCOMES", "ALTERNATOR_SECONDS"
_SKIPPING = ("skip_env", "skip_bug", "veryslow")


class _TookTooLongError(Exception):
    """The test was stopped."""


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Make the suite take the endpoint for AWS's, before its conftest and files import the function that decides so."""
    util: Any = importlib.import_module("test.alternator.util")
    util.is_aws = lambda _: True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what the suite's own plugin would."""
    for item in items:
        for name in filter(item.get_closest_marker, _SKIPPING):
            item.add_marker(pytest.mark.skip(reason=name))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Generator[None, bool, bool]:
    """Stop a test, with its fixtures, when its time is over."""
    seconds = float(os.environ[SECONDS])
    signal.signal(signal.SIGALRM, _stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, seconds)
    try:
        return (yield)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise _TookTooLongError(f"stopped after {os.environ[SECONDS]} seconds")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Send the outcome of each phase of a test."""
    crash = getattr(report.longrepr, "reprcrash", None)
    why = str(crash.message if crash else report.longrepr or "").partition("\n")[0]
    _send({"test": report.nodeid, "phase": report.when, "outcome": report.outcome, "why": why})


def _send(line: dict[str, Any]) -> None:
    os.write(int(os.environ[OUTCOMES]), f"{json.dumps(line)}\n".encode())
