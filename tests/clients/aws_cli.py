"""The AWS CLI in an environment of its own, which scripts/engines/aws-cli makes, as one process that runs commands."""

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tableguard.local.client_configuration import ClientConfiguration
from tableguard.paths import ROOT
from tests.engines.absence import needs

ENVIRONMENT = ROOT / ".engines" / "aws-cli"
PYTHON = ENVIRONMENT / "bin" / "python"
_WORKER = Path(__file__).with_name("cli_worker.py")

needs_aws_cli = needs("AWS CLI", PYTHON.exists(), "scripts/engines/aws-cli installs it")


@dataclass(frozen=True)
class Answer:
    """How a command ended: its exit code, what it printed, and each HTTP status and repetition on the way."""

    code: int
    out: str
    err: str
    statuses: Sequence[int]
    retries: int
    cpu: float


@dataclass(frozen=True)
class AwsCli:
    """The running CLI."""

    process: "subprocess.Popen[str]"

    def run(self, arguments: Sequence[str]) -> Answer:
        """Run one command, given without the `aws`."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(arguments) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the CLI's process has ended; its error is above"
        return Answer(**json.loads(line))


@contextmanager
def running(clients: ClientConfiguration, folder: Path) -> Iterator[AwsCli]:
    """Start the CLI in a folder, with what `tableguard up` exports and nobody's own settings."""
    with subprocess.Popen(
        [PYTHON, _WORKER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=environment(clients, folder),
    ) as process:
        yield AwsCli(process)
        assert process.stdin is not None
        process.stdin.close()


def environment(clients: ClientConfiguration, home: Path) -> dict[str, str]:
    """Return what a client's process finds: what `tableguard up` exports, and nothing of whoever runs the tests."""
    return {"PATH": os.environ["PATH"], "HOME": str(home), **clients.variables}
