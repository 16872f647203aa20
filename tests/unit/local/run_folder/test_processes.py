"""A process is ended by its record only if it is the one that was recorded."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tableguard.local.run_folder import processes


@pytest.fixture
def sleeper() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen(["/bin/sleep", "60"], start_new_session=True) as process:
        yield process
        process.kill()


@pytest.fixture(params=["/proc", "ps"])
def clock(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where the beginning of a process is read: `ps` where there is no /proc."""
    if request.param == "ps":
        monkeypatch.setattr(processes, "_BOOT", tmp_path / "absent")


@pytest.mark.usefixtures("clock")
def test_a_recorded_process_is_ended(tmp_path: Path, sleeper: "subprocess.Popen[bytes]") -> None:
    (tmp_path / "lambda-1").mkdir()
    processes.record(tmp_path / "lambda-1", sleeper.pid)
    processes.end_recorded(tmp_path)
    assert sleeper.wait(5) == -9
    processes.end_recorded(tmp_path)  # it is gone: nothing is done


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("began", ["", "None", "another time"])
def test_another_process_of_the_same_id_is_left_alone(
    tmp_path: Path, sleeper: "subprocess.Popen[bytes]", began: str
) -> None:
    (tmp_path / "lambda-1").mkdir()
    (tmp_path / "lambda-1" / "process").write_text(f"{sleeper.pid} {began}".rstrip())
    processes.end_recorded(tmp_path)
    assert sleeper.poll() is None


@pytest.mark.usefixtures("clock")
def test_the_beginning_of_a_process_stays_and_one_that_is_gone_has_none(sleeper: "subprocess.Popen[bytes]") -> None:
    began = processes.beginning(sleeper.pid)
    assert began == processes.beginning(sleeper.pid)
    assert began is not None
    sleeper.kill()
    sleeper.wait()
    assert processes.beginning(sleeper.pid) is None


def test_two_processes_began_at_different_ticks_or_have_different_ids(sleeper: "subprocess.Popen[bytes]") -> None:
    assert processes.beginning(os.getpid()) != processes.beginning(sleeper.pid)


def test_a_recorded_container_is_removed(tmp_path: Path) -> None:
    docker, log = tmp_path / "my docker", tmp_path / "log"
    docker.write_text(f'#!/bin/sh\necho "$@" >> {log}\n')
    docker.chmod(0o755)
    (tmp_path / "engine").mkdir()
    processes.end_recorded(tmp_path)
    assert not log.exists()
    processes.record_container(tmp_path / "engine", str(docker), "tableguard-1")
    processes.end_recorded(tmp_path)
    assert log.read_text() == "rm --force tableguard-1\n"


def test_processes_are_known_by_a_variable_that_they_were_started_with() -> None:
    name = f"TABLEGUARD_TEST_{os.getpid()}"  # of this run alone
    with subprocess.Popen(["/bin/sleep", "60"], env={name: "one"}) as process:
        assert processes.started_with(f"{name}=one") == [process.pid]
        assert processes.started_with(f"{name}=on") == []
        process.kill()
