"""Runs files of the suite in a process of its own against an endpoint, and counts what passes."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from tableguard.local.clients.identities import SETUP_KEY
from tests.alternator import plugin, suite
from tests.alternator.suite import SuiteError
from tests.paths import ROOT

_OPTIONS = ("--aws", "--runxfail", "--quiet", "--import-mode=prepend", "-p", "no:cacheprovider", "-p", plugin.__name__)
_SETTLED = (0, 1)  # pytest's codes of a run that came to its end


@dataclass
class Count:
    """One file's tests: how many passed of those that ran, and why each other one failed."""

    passed: int = 0
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def of(self) -> int:
        """Return how many ran; the suite skips what is not for AWS."""
        return self.passed + len(self.failed)


def counts(
    tests: Path, files: tuple[str, ...], endpoint: str, seconds: float, progress: Callable[[str, int], None]
) -> dict[str, Count]:
    """Return the count of each file; `progress` is told of each test's file and how many tests have ended in it."""
    by_file = {name: Count() for name in files}
    ended = dict.fromkeys(files, 0)
    with TemporaryDirectory(prefix="alternator-") as folder:
        suite.copy(tests, Path(folder))
        for test, why in _ended(_phases(Path(folder), files, endpoint, seconds)):
            path, _, name = test.partition("::")
            file = Path(path).name
            if why == "":
                by_file[file].passed += 1
            elif why is not None:
                by_file[file].failed[name] = why
            ended[file] += 1
            progress(file, ended[file])
    return by_file


def _ended(phases: Iterable[dict[str, str]]) -> Iterator[tuple[str, str | None]]:
    """Yield each test that ended and why it failed: empty where it passed, None where it was skipped."""
    why: str | None = ""
    for phase in phases:
        if phase["outcome"] == "failed":
            why = why or phase["why"] or "no reason"
        elif phase["outcome"] == "skipped":
            why = None
        if phase["phase"] == "teardown":
            yield phase["test"], why
            why = ""


def _phases(folder: Path, files: tuple[str, ...], endpoint: str, seconds: float) -> Iterator[dict[str, str]]:
    reading, writing = os.pipe()
    with (folder / "output").open("w+") as output, os.fdopen(reading) as lines:
        command = [sys.executable, "-m", "pytest", *_OPTIONS, *(f"test/alternator/{name}" for name in files)]
        run = subprocess.Popen(
            command,
            cwd=folder,
            env=_environment(folder, endpoint) | {plugin.OUTCOMES: str(writing), plugin.SECONDS: f"{seconds:g}"},
            pass_fds=(writing,),
            stdout=output,
            stderr=output,
        )
        os.close(writing)
        try:
            yield from map(json.loads, lines)
        finally:
            run.terminate()
            _check(run.wait(), output)


def _check(code: int, output: IO[str]) -> None:
    if code in _SETTLED:
        return
    output.seek(0)
    *_, last = output.read().strip().splitlines() or ["no output"]
    raise SuiteError(f"pytest ended with {code} before the suite came to its end: {last}")


def _environment(folder: Path, endpoint: str) -> dict[str, str]:
    """Return the environment of a client of this endpoint: of the caller's, nothing that is about AWS."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTEST_"))}
    return kept | {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": SETUP_KEY,
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}",
    }
