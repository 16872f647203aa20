"""Runs DynamoDB Local, AWS's own DynamoDB for development: on loopback, empty, in memory, leaving no trace.

It keeps tables apart by access key id and region; with its id as the key id, each account has tables of its own.
"""

import re
import shutil
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, build_opener

from tableguard.errors import EmbeddedError
from tableguard.local.dynamodb_local.sources import IMAGE, Image, Jars, Source, fetch
from tableguard.local.run_folder import processes

START_SECONDS = 60  # it takes two; a busy machine is not a broken engine
STOP_SECONDS = 5

_PROGRAM = Path(__file__).with_name("data") / "DynamoDbLocal.java"
# starts twice as fast as with the optimizing compiler and the parallel collector, and lives for minutes
_QUICK_START = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")


@dataclass(frozen=True)
class Engine:
    """A running DynamoDB Local, by its address."""

    endpoint: str


@contextmanager
def running(source: Source | None = None, report: Callable[[str], None] = lambda _: None) -> Iterator[Engine]:
    """Run DynamoDB Local in the block, from `source` or else from what the machine has or Maven fetches."""
    source = source or fetch(report=report)
    with TemporaryDirectory(prefix="tableguard-dynamodb-local-") as folder:
        started = _from_jars(source, Path(folder)) if isinstance(source, Jars) else _from_image(source, Path(folder))
        with started as engine:
            yield engine


@contextmanager
def _from_jars(jars: Jars, folder: Path) -> Iterator[Engine]:
    java = shutil.which("java")
    if java is None:
        raise EmbeddedError("DynamoDB Local needs Java 17 or later; install a JDK and put its `java` on the PATH")
    places = list(map(str, jars.folders))
    libraries = [f"-Djava.library.path={':'.join(places)}", f"-Djava.io.tmpdir={folder}"]
    classes = ["--class-path", ":".join(f"{place}/*" for place in places)]
    with _process([java, *_QUICK_START, *libraries, *classes, str(_PROGRAM)], folder) as process:
        match = _wait_for(process, lambda: re.search(r"^port (\d+)$", process.output(), re.MULTILINE))
        yield _wait_until_answering(process, int(match[1]))


@contextmanager
def _from_image(image: Image, folder: Path) -> Iterator[Engine]:
    name = f"tableguard-dynamodb-local-{uuid.uuid4()}"
    options = ["--rm", f"--name={name}", "--publish=127.0.0.1::8000"]
    arguments = ["-jar", "DynamoDBLocal.jar", "-inMemory", "-disableTelemetry"]

    def port() -> re.Match[str] | None:
        answer = subprocess.run([image.docker, "port", name, "8000"], capture_output=True, text=True, check=False)
        return re.search(r":(\d+)$", answer.stdout, re.MULTILINE)

    try:
        processes.record_container(folder, image.docker, name)
        with _process([image.docker, "run", *options, IMAGE, *arguments], folder) as process:
            yield _wait_until_answering(process, int(_wait_for(process, port)[1]))
            subprocess.run([image.docker, "stop", "--time=1", name], capture_output=True, check=False)
    finally:
        subprocess.run([image.docker, "rm", "--force", name], capture_output=True, check=False)


@dataclass(frozen=True)
class _Process:
    popen: subprocess.Popen[bytes]
    written: Path

    def output(self) -> str:
        """Return what the process has printed so far."""
        return self.written.read_text(encoding="utf-8", errors="replace")


@contextmanager
def _process(command: list[str], folder: Path) -> Iterator[_Process]:
    """Run a process in its own folder and session; at the end its input is closed, and 5 s later it is killed."""
    written = folder / "output"
    with (
        written.open("wb") as output,
        subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is meant for the parent, which needs the engine until its own end
        ) as popen,
    ):
        try:
            processes.record(folder, popen.pid)
            yield _Process(popen, written)
        finally:
            _end(popen)


def _end(popen: subprocess.Popen[bytes]) -> None:
    assert popen.stdin is not None  # noqa: S101  # opened as a pipe above
    popen.stdin.close()
    try:
        popen.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        popen.kill()


def _wait_for(process: _Process, look: Callable[[], re.Match[str] | None]) -> re.Match[str]:
    """Return the match that `look` returns once there is one; EmbeddedError with the process's output if none comes."""
    deadline = time.monotonic() + START_SECONDS
    while (match := look()) is None:
        if process.popen.poll() is not None:
            raise EmbeddedError(f"DynamoDB Local ended while starting: {_first_line(process)}")
        if time.monotonic() > deadline:
            raise EmbeddedError(f"DynamoDB Local did not start within {START_SECONDS} s: {_first_line(process)}")
        time.sleep(0.05)
    return match


def _wait_until_answering(process: _Process, port: int) -> Engine:
    """Return the engine once its port answers."""
    endpoint = f"http://127.0.0.1:{port}"
    opener = build_opener(ProxyHandler({}))  # loopback, whatever the environment says

    def answer() -> re.Match[str] | None:
        try:
            opener.open(endpoint, timeout=START_SECONDS).close()
        except HTTPError as refusal:  # 400: the request is not signed, so the engine has read it
            refusal.close()
        except (URLError, ConnectionError):
            return None
        return re.match("", "")

    _wait_for(process, answer)
    return Engine(endpoint)


def _first_line(process: _Process) -> str:
    lines = [line.strip() for line in process.output().splitlines() if line.strip() and "SLF4J" not in line]
    return lines[0] if lines else "it printed nothing"
