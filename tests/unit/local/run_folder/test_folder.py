"""A run's folder is the same after a restart, belongs to one run at a time, and is cleared however a run ends."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tableguard.errors import EmbeddedError
from tableguard.local.run_folder.folder import states, taken
from tableguard.local.run_folder.processes import beginning


@pytest.fixture
def environment(tmp_path: Path) -> Mapping[str, str]:
    return {"XDG_STATE_HOME": str(tmp_path)}


def all_below(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize(
    ("variables", "path"),
    [
        ({"XDG_STATE_HOME": "/state"}, Path("/state/tableguard")),
        ({"XDG_STATE_HOME": "relative"}, Path.home() / ".local" / "state" / "tableguard"),
        ({"XDG_STATE_HOME": ""}, Path.home() / ".local" / "state" / "tableguard"),
        ({}, Path.home() / ".local" / "state" / "tableguard"),
    ],
)
def test_it_lies_where_the_specification_of_base_directories_says(variables: dict[str, str], path: Path) -> None:
    assert states(variables) == path


def test_a_user_without_a_home_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    with pytest.raises(EmbeddedError, match="this user has no home; name a folder of yours with XDG_STATE_HOME"):
        states({})


def test_it_is_the_same_after_a_restart_with_the_port_of_the_last_run(environment: Mapping[str, str]) -> None:
    with taken("up", environment) as first:
        assert (first.path.name, first.last_port, first.runs_beside) == ("up", None, False)
        first.remember_port(41234)
        first.remember_port(4123)  # a shorter number leaves no digit behind
    with taken("up", environment) as second:
        assert (second.path, second.last_port, second.runs_beside) == (first.path, 4123, False)


def test_a_port_that_is_none_is_forgotten(environment: Mapping[str, str]) -> None:
    with taken("up", environment) as first:
        first.remember_port(65536)
    with taken("up", environment) as second:
        assert second.last_port is None


def test_runs_at_the_same_time_do_not_touch_each_others_files(environment: Mapping[str, str]) -> None:
    with taken("up", environment) as first:
        first.write("environment", "first")
        with taken("up", environment) as second, taken("demo", environment) as demo:
            assert [folder.path.name for folder in (second, demo)] == ["up-2", "demo"]
            assert (second.runs_beside, demo.runs_beside) == (True, False)
            second.write("environment", "second")
        assert (first.path / "environment").read_text() == "first"
        with taken("up", environment) as third:
            assert third.path.name == "up-2"


def test_many_that_begin_at_once_have_a_folder_each(
    environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", tempfile.tempdir)  # one of the process: threads leave it anyhow

    def run(_: int) -> None:
        for _ in range(20):
            with taken("demo", environment) as folder:
                (folder.path / "mine").touch(exist_ok=False)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, range(4)))
    assert {path.rpartition("/")[2] for path in all_below(states(environment)) if "/" in path} == {"lock"}


def test_nothing_is_left_but_locks(environment: Mapping[str, str]) -> None:
    with taken("up", environment) as folder:
        folder.remember_port(41234)
        folder.write("aws-config", "keys")
        (folder.path / "linked").symlink_to("/")
    with taken("demo", environment) as demo:
        demo.write("aws-config", "keys")
    assert all_below(states(environment)) == ["demo", "demo/lock", "up", "up/lock"]


def test_temporary_files_lie_in_it_in_the_block_alone(environment: Mapping[str, str]) -> None:
    usual = tempfile.gettempdir()
    with taken("up", environment) as folder, tempfile.TemporaryDirectory() as inside:
        assert Path(inside).parent == folder.path / "temporary"
    assert tempfile.gettempdir() == usual


def test_it_is_for_its_user_alone(environment: Mapping[str, str], tmp_path: Path) -> None:
    (tmp_path / "tableguard").mkdir(mode=0o755)
    with taken("up", environment) as folder:
        written = folder.write("environment", "export")
        modes = [path.stat().st_mode & 0o777 for path in (folder.path.parent, folder.path, folder.path / "temporary")]
        assert modes == [0o700, 0o700, 0o700]
        assert [path.stat().st_mode & 0o777 for path in (written, folder.path / "lock")] == [0o600, 0o600]


def is_alive(pid: int) -> bool:
    """Whether a process is there, and not one that has ended and waits for whoever looks after orphans."""
    shown = subprocess.run(["/bin/ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return shown.stdout[:1] not in ("", "Z")


KILLED = """
import os, subprocess, sys, time
from pathlib import Path
from tableguard.local.run_folder import processes
from tableguard.local.run_folder.folder import taken

with taken("up") as folder:
    folder.write("aws-config", "keys")
    for name in ("lambda-1", "lambda-2"):
        (folder.path / "temporary" / name).mkdir()
        started = subprocess.Popen(["sleep", "60"], start_new_session=True)
        if name == "lambda-1":
            processes.record(folder.path / "temporary" / name, started.pid)
        print(started.pid, flush=True)
    time.sleep(60)
"""


def test_what_a_killed_run_left_goes_at_the_next_start_and_only_that(environment: Mapping[str, str]) -> None:
    variables = {**os.environ, **environment}
    with subprocess.Popen([sys.executable, "-c", KILLED], env=variables, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        recorded, unrecorded = (int(run.stdout.readline()) for _ in range(2))
        with taken("up", environment) as beside:  # it lives: nothing of it is touched
            assert beside.path.name == "up-2"
            assert beginning(recorded)
        run.kill()
    assert {"up/aws-config", "up/temporary/lambda-1/process"} <= set(all_below(states(environment)))
    try:
        with taken("demo", environment):
            assert all_below(states(environment)) == [
                *("demo", "demo/lock", "demo/temporary"),
                *("up", "up-2", "up-2/lock", "up/lock"),
            ]
        deadline = time.monotonic() + 5
        while is_alive(recorded) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert (is_alive(recorded), is_alive(unrecorded)) == (False, True)
    finally:
        os.kill(unrecorded, signal.SIGKILL)


def test_a_folder_that_cannot_be_locked_is_one_line(
    environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_lock: int, _how: int) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    with pytest.raises(EmbeddedError, match=r"cannot be locked \(No locks available\); name another with "):
        taken("up", environment).__enter__()
