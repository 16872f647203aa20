"""DynamoDB Local is found where the machine has it, answers on loopback only, and leaves nothing behind."""

import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from tableguard.errors import EmbeddedError
from tableguard.local.dynamodb_local import engine as dynamodb_local
from tableguard.local.dynamodb_local import sources
from tableguard.local.dynamodb_local.sources import FOLDER, IMAGE, VARIABLE, Image, Jars, fetch, present
from tests.engines.dynamodb_local import needs_dynamodb_local

pytestmark = pytest.mark.slow
_PS = shutil.which("ps") or "ps"  # before tests change the PATH

FAKE_DOCKER = """#!{python}
import http.server, pathlib, sys

folder, (command, *arguments) = pathlib.Path({folder!r}), sys.argv[1:]
with (folder / "asked").open("a") as asked:
    print(command, *arguments, file=asked)
if command == "image":
    sys.exit({has_image})
if command == "port" and (folder / "port").exists():
    print("127.0.0.1:" + (folder / "port").read_text())
if command == "run":
    if {broken}:
        sys.exit("no space left on device")
    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    (folder / "port").write_text(str(server.server_port))
    while not (folder / "stopped").exists():
        server.timeout = 0.05
        server.handle_request()
if command == "stop":
    (folder / "stopped").touch()
"""


def program(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    (folder / name).chmod(stat.S_IRWXU)


def docker(folder: Path, has_image: bool = True, broken: bool = False) -> Image:
    facts = {"python": sys.executable, "folder": str(folder), "has_image": int(not has_image), "broken": broken}
    program(folder / "bin", "docker", FAKE_DOCKER.format(**facts))
    return Image(str(folder / "bin" / "docker"))


def jar(folder: Path, name: str = "DynamoDBLocal.jar") -> Path:
    folder.mkdir(parents=True)
    (folder / name).touch()
    return folder


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """A machine with nothing; what is put into the folder `bin` is on its PATH."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(sources, "ROOT", tmp_path / "checkout")
    return {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)}


# Where it comes from


def test_where_there_is_nothing_the_error_names_all_three_ways(bare: Mapping[str, str]) -> None:
    assert present(bare) is None
    with pytest.raises(EmbeddedError) as absent:
        fetch(bare)
    for way in (VARIABLE, str(FOLDER), IMAGE, "Maven", "software.amazon.dynamodb:DynamoDBLocal:3.3.1"):
        assert way in str(absent.value)
    assert "\n" not in str(absent.value)


@pytest.mark.parametrize("place", ["jars", "jars/lib"])
def test_a_named_folder_of_jars_comes_first(bare: Mapping[str, str], tmp_path: Path, place: str) -> None:
    jar(FOLDER)
    named = jar(tmp_path / place, "DynamoDBLocal-3.3.1.jar")
    assert present({**bare, VARIABLE: str(tmp_path / "jars")}) == Jars((named,))


def test_a_named_folder_without_the_jar_is_an_error(bare: Mapping[str, str], tmp_path: Path) -> None:
    jar(FOLDER)
    jar(tmp_path / "jars", "DynamoDBMapper.jar")
    with pytest.raises(EmbeddedError, match=f"{VARIABLE}=.*jars: there is no DynamoDBLocal"):
        present({**bare, VARIABLE: str(tmp_path / "jars")})


def test_the_archive_of_aws_has_its_libraries_in_a_folder_beside(bare: Mapping[str, str], tmp_path: Path) -> None:
    archive = jar(tmp_path / "jars")
    (archive / "DynamoDBLocal_lib").mkdir()
    found = present({**bare, VARIABLE: str(archive)})
    assert found == Jars((archive, archive / "DynamoDBLocal_lib"))


def test_jars_in_the_working_directory_come_before_docker(bare: Mapping[str, str], tmp_path: Path) -> None:
    image = docker(tmp_path)
    assert present(bare) == image
    here = jar(FOLDER / "lib")
    assert present(bare) == Jars((here.resolve(),))


def test_jars_of_the_checkout_are_found_from_another_directory(bare: Mapping[str, str], tmp_path: Path) -> None:
    there = jar(tmp_path / "checkout" / FOLDER / "lib")
    assert present(bare) == Jars((there,))
    here = jar(FOLDER / "lib")
    assert present(bare) == Jars((here.resolve(),))


def test_docker_without_the_image_does_not_count(bare: Mapping[str, str], tmp_path: Path) -> None:
    docker(tmp_path, has_image=False)
    assert present(bare) is None


MAVEN = """#!/bin/sh
for argument; do case $argument in -DoutputDirectory=*) lib=${{argument#*=}} ;; esac; done
echo "$@" >> {folder}/maven
{work}
"""
COPIES = 'mkdir -p "$lib"; : > "$lib/DynamoDBLocal-3.3.1.jar"'


def maven(folder: Path, work: str) -> None:
    program(folder / "bin", "mvn", MAVEN.format(folder=folder, work=work.replace("mkdir", shutil.which("mkdir") or "")))


def test_maven_fetches_once_and_says_so(bare: Mapping[str, str], tmp_path: Path) -> None:
    maven(tmp_path, COPIES)
    said: list[str] = []
    cache = tmp_path / ".cache" / "tableguard" / "dynamodb-local-3.3.1"
    assert fetch(bare, said.append) == Jars((cache,))
    assert fetch(bare, said.append) == present(bare) == Jars((cache,))
    assert [str(cache) in line and "50 MB" in line for line in said] == [True]
    asked = (tmp_path / "maven").read_text().splitlines()
    assert ["--strict-checksums" in line and "copy-dependencies" in line for line in asked] == [True]
    assert os.listdir(cache.parent) == [cache.name]


@pytest.mark.parametrize(
    ("work", "reason"),
    [
        ("echo '[ERROR] Could not resolve'; exit 1", r"could not fetch .*3\.3\.1: \[ERROR\] Could not resolve"),
        ("exit 1", "it did not say why"),
    ],
)
def test_a_maven_that_fails_is_an_error_and_leaves_nothing(
    bare: Mapping[str, str], tmp_path: Path, work: str, reason: str
) -> None:
    maven(tmp_path, f"{COPIES}; {work}")
    with pytest.raises(EmbeddedError, match=reason):
        fetch(bare)
    assert present(bare) is None
    assert os.listdir(tmp_path / ".cache" / "tableguard") == []


# From Docker


def test_an_image_is_run_on_loopback_without_telemetry_and_removed(tmp_path: Path) -> None:
    with dynamodb_local.running(docker(tmp_path)) as engine:
        assert engine.endpoint == f"http://127.0.0.1:{(tmp_path / 'port').read_text()}"
        (run,) = [line for line in (tmp_path / "asked").read_text().splitlines() if line.startswith("run ")]
    assert "--rm --name=tableguard-dynamodb-local-" in run
    assert run.endswith(
        "--publish=127.0.0.1::8000 amazon/dynamodb-local -jar DynamoDBLocal.jar -inMemory -disableTelemetry"
    )
    name = run.split("--name=")[1].split()[0]
    assert (tmp_path / "asked").read_text().splitlines()[-2:] == [f"stop --time=1 {name}", f"rm --force {name}"]


def test_an_image_that_does_not_start_is_an_error_in_its_own_words(tmp_path: Path) -> None:
    with (
        pytest.raises(EmbeddedError, match="ended while starting: no space left on device"),
        dynamodb_local.running(docker(tmp_path, broken=True)),
    ):
        pass
    assert (tmp_path / "asked").read_text().splitlines()[-1].startswith("rm --force tableguard-dynamodb-local-")


# From jars


def test_jars_need_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EmbeddedError, match="needs Java 17"), dynamodb_local.running(Jars((tmp_path,))):
        pass


def test_jars_that_are_none_are_an_error_in_javas_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(
        tmp_path / "bin", "java", "#!/bin/sh\necho 'DynamoDbLocal.java:5: error: package org.eclipse does not exist'\n"
    )
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with (
        pytest.raises(EmbeddedError, match=r"ended while starting: .*package org\.eclipse does not exist"),
        dynamodb_local.running(Jars((tmp_path,))),
    ):
        pass


def test_one_that_never_starts_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "bin", "java", f"#!{sys.executable}\nimport time\ntime.sleep(60)\n")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(dynamodb_local, "START_SECONDS", 0.3)
    monkeypatch.setattr(dynamodb_local, "STOP_SECONDS", 0.1)
    before, others = time.monotonic(), children()
    with (
        pytest.raises(EmbeddedError, match=r"did not start within 0\.3 s: it printed nothing"),
        dynamodb_local.running(Jars((tmp_path,))),
    ):
        pass
    assert time.monotonic() - before < 30
    assert children() == others


def children() -> list[str]:
    """Processes of this one that are there, zombies included: DynamoDB Local is started as a leader of its session."""
    listed = subprocess.run([_PS, "-eo", "pid=,ppid=,sid="], capture_output=True, text=True, check=True)
    rows = [line.split() for line in listed.stdout.splitlines()]
    return [pid for pid, parent, session in rows if parent == str(os.getpid()) and pid == session]


STARTER = """
import sys
from tableguard.local.dynamodb_local.engine import running
with running() as engine:
    print(engine.endpoint, flush=True)
    sys.stdin.read()
"""


@needs_dynamodb_local
def test_it_answers_on_loopback_only_and_goes_with_whoever_started_it(tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", STARTER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True
    ) as starter:
        assert starter.stdout is not None
        port = int(starter.stdout.readline().strip().rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)):
            pass
        for address in elsewhere():
            with pytest.raises(OSError, match="refused"):
                socket.create_connection((address, port), timeout=1)
        assert [path.name.startswith("tableguard-dynamodb-local-") for path in tmp_path.iterdir()] == [True]
        starter.kill()
    assert gone(port)


def elsewhere() -> list[str]:
    """Addresses of this machine that are not loopback's."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # documentation's: nothing is sent by connecting
        except OSError:
            return []
        return [probe.getsockname()[0]]


def gone(port: int) -> bool:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            return True
        time.sleep(0.05)
    return False


@needs_dynamodb_local
def test_leaving_the_block_ends_the_process_and_removes_its_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    source = present()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = children()
    with dynamodb_local.running(source) as engine:
        assert len(children()) == len(before) + 1
        port = int(engine.endpoint.rpartition(":")[2])
    assert (children(), list(tmp_path.iterdir()), gone(port)) == (before, [], True)
