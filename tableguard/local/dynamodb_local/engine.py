"""DynamoDB Local: AWS's own DynamoDB for development, on loopback, empty, in memory, and stopped without a trace.

Each access key id and region have tables of their own there: an account's id as the key id gives each account its own.
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
from tableguard.local.dynamodb_local.sources import IMAGE, Image, Jars, Source, fetched

START_SECONDS = 60  # it takes two; a busy machine is not a broken engine
STOP_SECONDS = 5

_PROGRAM = Path(__file__).with_name("data") / "DynamoDbLocal.java"
# starts twice as fast as with the optimizing compiler and the parallel collector, and lives for minutes
_QUICK_START = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")


@dataclass(frozen=True)
class Engine:
    """A DynamoDB Local that is running, and the address where it answers."""

    endpoint: str


@contextmanager
def running(source: Source | None = None, report: Callable[[str], None] = lambda _: None) -> Iterator[Engine]:
    """Within the block DynamoDB Local answers; without a source, from whatever the machine has."""
    source = source or fetched(report=report)
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
        found = _awaited(process, lambda: re.search(r"^port (\d+)$", process.output(), re.MULTILINE))
        yield _answering(process, int(found[1]))


@contextmanager
def _from_image(image: Image, folder: Path) -> Iterator[Engine]:
    name = f"tableguard-dynamodb-local-{uuid.uuid4()}"
    options = ["--rm", f"--name={name}", "--publish=127.0.0.1::8000"]
    arguments = ["-jar", "DynamoDBLocal.jar", "-inMemory", "-disableTelemetry"]

    def port() -> re.Match[str] | None:
        asked = subprocess.run([image.docker, "port", name, "8000"], capture_output=True, text=True, check=False)
        return re.search(r":(\d+)$", asked.stdout, re.MULTILINE)

    try:
        with _process([image.docker, "run", *options, IMAGE, *arguments], folder) as process:
            yield _answering(process, int(_awaited(process, port)[1]))
            subprocess.run([image.docker, "stop", "--time=1", name], capture_output=True, check=False)
    finally:
        subprocess.run([image.docker, "rm", "--force", name], capture_output=True, check=False)


@dataclass(frozen=True)
class _Process:
    popen: subprocess.Popen[bytes]
    written: Path

    def output(self) -> str:
        """What it has printed so far."""
        return self.written.read_text(encoding="utf-8", errors="replace")


@contextmanager
def _process(command: list[str], folder: Path) -> Iterator[_Process]:
    """A process of its own folder and session, which is asked to end by the end of its input, and then made to."""
    written = folder / "output"
    with (
        written.open("wb") as output,
        subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for whoever started it, and needs it until the end
        ) as popen,
    ):
        try:
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


def _awaited(process: _Process, look: Callable[[], re.Match[str] | None]) -> re.Match[str]:
    """What `look` finds as soon as it finds it; EmbeddedError with the process's words if that never comes."""
    deadline = time.monotonic() + START_SECONDS
    while (found := look()) is None:
        if process.popen.poll() is not None:
            raise EmbeddedError(f"DynamoDB Local ended while starting: {_words(process)}")
        if time.monotonic() > deadline:
            raise EmbeddedError(f"DynamoDB Local did not start within {START_SECONDS} s: {_words(process)}")
        time.sleep(0.05)
    return found


def _answering(process: _Process, port: int) -> Engine:
    """The engine, once its port answers."""
    endpoint = f"http://127.0.0.1:{port}"
    opener = build_opener(ProxyHandler({}))  # loopback, whatever the environment says

    def answer() -> re.Match[str] | None:
        try:
            opener.open(endpoint, timeout=START_SECONDS).close()
        except HTTPError as refusal:  # 400: the request was not signed, and somebody has read it
            refusal.close()
        except (URLError, ConnectionError):
            return None
        return re.match("", "")

    _awaited(process, answer)
    return Engine(endpoint)


def _words(process: _Process) -> str:
    lines = [line.strip() for line in process.output().splitlines() if line.strip() and "SLF4J" not in line]
    return lines[0] if lines else "it printed nothing"
