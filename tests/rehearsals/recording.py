"""Record how an empty organization is deployed, changed and taken down, and write it into docs/deploy.md.

python -m tests.rehearsals.recording: each command is a process of its own, as a new user runs it beside `up --empty`.
"""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.paths import ROOT

PAGE = ROOT / "docs" / "deploy.md"
BEGIN, END = "<!-- recorded by python -m tests.rehearsals.recording -->\n", "<!-- end of the recording -->\n"
_BIN = Path(sys.executable).parent
_WAIT = 90.0  # seconds for what comes by itself: the estate, its roles' profiles, a row of the stream function
_WHO = "--profile administrator --deployer-profile deployer --management-profile management"
_BY_HAND = (
    "AWS_PROFILE=deployer python -c 'import boto3; from tableguard.stacks.credentials import assume; "
    'assume(boto3.Session(), "arn:aws:iam::111122223333:role/cruddur-deployer", "eu-central-1").client("logs")'
    '.put_retention_policy(logGroupName="/cruddur/flow", retentionInDays=365)\''
)
_VARYING = (  # times, and ids that are drawn
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.+]+"), "TIME"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC"), "TIME"),
    (re.compile(r"^\d\d:\d\d:\d\d ", re.MULTILINE), "TIME "),
    (re.compile(r"in \d+ s$", re.MULTILINE), "in … s"),
    (re.compile(r"\bp-[a-z0-9]{8,}"), "p-ID"),
)


@dataclass(frozen=True)
class Line:
    """A command, its exit code, how much of its output is shown, and what its output has once it is ready."""

    command: str
    code: int = 0
    head: int = 40
    tail: int = 0
    until: str = ""


LINES = (
    Line("tableguard cost --messages-a-day 10000 | grep '^On demand: '"),
    Line("""sed -i.example 's/"guardrails", /"bootstrap", &/' settings.toml"""),
    Line("tableguard bootstrap --profile administrator --management-profile management --yes"),
    Line(f"tableguard deploy {_WHO} --dry-run", head=10),
    Line(f"tableguard deploy {_WHO} --yes", head=1, tail=1),
    Line("tableguard status --profile administrator --management-profile management"),
    Line("tableguard messages seed --profile application", until="messages loaded"),
    Line(
        "tableguard messages list-conversations 6f1c2b1e-3a53-4c0b-9b56-0a4d7f0f3e11 --profile application",
        until="1 shown",
    ),
    Line("sed -i.400 's/^log_days = 400/log_days = 731/' settings.toml"),
    Line(f"tableguard deploy audit {_WHO} --dry-run"),
    Line(f"tableguard deploy audit {_WHO} --yes", head=0, tail=2),
    Line(_BY_HAND),
    Line("tableguard drift network --profile administrator", code=1),
    Line(f"tableguard drift network {_WHO} --revert --yes"),
    Line(
        "tableguard destroy --production --break-glass-profile break-glass --management-profile management --dry-run",
        head=4,
        tail=3,
    ),
    Line(
        "tableguard destroy --production --break-glass-profile break-glass --management-profile management --yes",
        head=0,
        tail=1,
    ),
    Line("tableguard status --profile administrator --management-profile management", code=1, head=2),
)


def recorded(folder: Path) -> str:
    """Return the block of the page: every command with what it printed, run in an empty folder."""
    environment = {**os.environ, "XDG_STATE_HOME": str(folder / "state"), "PATH": f"{_BIN}:{os.environ['PATH']}"}
    (folder / "state").mkdir()
    work = folder / "work"
    work.mkdir()
    _shell("tableguard settings > settings.toml", work, environment)
    with _estate(work, environment):
        shown = [_shown(line, work, environment, folder) for line in LINES]
    return "```\n" + "\n".join(shown) + "\n```\n"


def _shown(line: Line, work: Path, environment: dict[str, str], folder: Path) -> str:
    deadline = time.monotonic() + _WAIT
    while True:
        ran = _shell(f". {folder}/state/tableguard/up/environment && {line.command}", work, environment)
        if line.until in ran.stdout or time.monotonic() > deadline:
            break
        time.sleep(1)
    assert (ran.returncode, line.until in ran.stdout) == (line.code, True), f"{line.command}\n{ran.stdout}"
    output = [text.rstrip() for text in _constant(ran.stdout).splitlines()]
    left_out = len(output) - line.head - line.tail
    if left_out > 1:
        output = [*output[: line.head], "[...]", *output[len(output) - line.tail :]]
    return "\n".join([f"$ {line.command}", *output])


def _constant(text: str) -> str:
    for pattern, word in _VARYING:
        text = pattern.sub(word, text)
    return text


def _shell(command: str, work: Path, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=work,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


@contextlib.contextmanager
def _estate(work: Path, environment: dict[str, str]) -> Iterator[None]:
    command = [str(_BIN / "tableguard"), "up", "--empty", "--port", "0"]
    log = work / "up.log"
    with (
        log.open("w") as output,
        subprocess.Popen(command, cwd=work, env=environment, stdout=output, stderr=output) as up,
    ):
        try:
            deadline = time.monotonic() + _WAIT
            while "In another terminal" not in log.read_text():
                assert up.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.2)
            yield
        finally:
            up.terminate()


def block(page: str) -> str:
    """Return what the page has recorded."""
    return page.partition(BEGIN)[2].partition(END)[0]


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as temporary:
        fresh = recorded(Path(temporary))
    PAGE.write_text(text.replace(BEGIN + block(text) + END, BEGIN + fresh + END), encoding="utf-8")
