"""Checking every stack: ours beside the commands of cfn-lint and checkov, one after the other."""

import os
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tableguard import settings
from tableguard.check.engines.checkov.location import interpreter
from tableguard.errors import CheckError
from tableguard.stacks import render
from tests.benchmarks.figures import Figure, in_turn

_SCRIPTS = Path(sysconfig.get_path("scripts"))
# otherwise the stock command asks the network for guidelines and for a newer version of itself
_OFFLINE = {**os.environ, "CKV_SKIP_PACKAGE_UPDATE_CHECK": "true", "LOG_LEVEL": "ERROR"}


def missing() -> str | None:
    """Say what is missing to measure this, and what installs it."""
    try:
        interpreter()
    except CheckError as error:
        return f"no checkov: {error}"
    return None


def figures() -> Iterator[Figure]:
    """Whole processes; ours also checks the policy documents and the Config rules."""
    with tempfile.TemporaryDirectory() as folder:
        paths = render.write(render.render(settings.example()), Path(folder))

        def stock() -> None:
            _run([str(_SCRIPTS / "cfn-lint"), *map(str, paths)])
            arguments = ["--skip-download", "--quiet", "--framework", "cloudformation", "-d", folder]
            _run([interpreter(), "-m", "checkov.main", *arguments])

        ours, other = in_turn(lambda: _run([sys.executable, "-m", "tableguard", "check"]), stock, rounds=3)
    yield Figure("checking", f"{len(paths)} stacks, whole process", ours, other, "s")


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, env=_OFFLINE, capture_output=True)
