"""Run AWS CLI commands in one process: a request a line on standard input, an answer a line on standard output.

The CLI's own interpreter runs this file, so it imports nothing of this repository. A process for each command would
take half a second of CPU to start.
"""

import json
import os
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from functools import cache
from itertools import pairwise
from typing import IO, Any
from urllib.parse import urlsplit

from awscli.clidriver import create_clidriver  # type: ignore[import-not-found]  # not in this repository's environment

_LOOPBACK = ("127.0.0.1", "localhost")
_GLOBAL_OPTIONS = ("--profile", "--region", "--endpoint-url")


class LeavesLoopbackError(Exception):
    """The request would go to a host that is not here."""


@dataclass
class Traffic:
    """What has gone over the network in the command of now."""

    statuses: list[int] = field(default_factory=list)
    retries: int = 0

    def stay(self, request: Any, **_: Any) -> None:
        """Let no request leave this machine."""
        host = urlsplit(request.url).hostname
        if host not in _LOOPBACK:
            raise LeavesLoopbackError(f"would go to {host}")

    def answer(self, response_dict: dict[str, Any] | None, **_: Any) -> None:
        """Note the status of an answer."""
        if response_dict is not None:
            self.statuses.append(response_dict["status_code"])

    def attempt(self, attempts: int, **_: Any) -> None:
        """Note how often a request was repeated."""
        self.retries = max(self.retries, attempts - 1)


@cache
def _driver(_options: tuple[str, ...]) -> tuple[Any, Traffic]:
    """Return the CLI for these global options, which its session keeps from one command to the next."""
    driver, traffic = create_clidriver(), Traffic()
    driver.session.register("before-send.*", traffic.stay)
    driver.session.register("response-received.*", traffic.answer)
    driver.session.register("needs-retry.*", traffic.attempt)
    return driver, traffic


def run(arguments: list[str]) -> dict[str, Any]:
    """Run one command; return how it ended, and what went over the network."""
    options = (pair for pair in pairwise(arguments) if pair[0] in _GLOBAL_OPTIONS)
    driver, traffic = _driver(tuple(word for pair in options for word in pair))
    traffic.statuses, traffic.retries = [], 0
    began = time.process_time()
    try:
        code = driver.main(arguments)
    except SystemExit as end:  # of the CLI's parser of arguments
        code = end.code
    return {"code": code, "cpu": time.process_time() - began, **asdict(traffic)}


def _taken(stream: IO[str]) -> str:
    stream.seek(0)
    text = stream.read()
    stream.seek(0)
    stream.truncate()
    return text


def main() -> None:
    """Answer until the input ends; what commands print goes to files, as some write past Python's own streams."""
    with os.fdopen(os.dup(1), "w") as answers, tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        for line in sys.stdin:
            ended = run(json.loads(line))
            sys.stdout.flush()
            sys.stderr.flush()
            answers.write(json.dumps({**ended, "out": _taken(out), "err": _taken(err)}) + "\n")
            answers.flush()


if __name__ == "__main__":
    main()
