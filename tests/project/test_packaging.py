"""The wheel: every policy and template inside, two names installed, the command works away from the checkout."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.paths import ROOT

pytestmark = pytest.mark.slow
PROJECT = "tableguard/_project"


def tracked(folder: str) -> set[str]:
    """Files of a folder that git tracks or would track: what a clean checkout holds."""
    found = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", folder],  # noqa: S607 - git is on the PATH
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return {path for path in found.stdout.splitlines() if (ROOT / path).is_file()}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy of the checkout: a stale build folder would carry deleted files along."""
    copy = tmp_path_factory.mktemp("checkout")
    for path in tracked("."):
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        (copy / path).write_bytes((ROOT / path).read_bytes())
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", str(out), str(copy)], check=True, env={**os.environ, "PIP_NO_INPUT": "1"})
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("installed")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target), str(wheel)]
    subprocess.run(command, check=True, env={**os.environ, "PIP_NO_INPUT": "1"})
    return target


def tableguard(installed: Path, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(installed / "bin" / "tableguard"), *arguments]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(installed)}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("folder", ["policies", "templates"])
def test_the_wheel_holds_every_file_of(folder: str, wheel: Path) -> None:
    expected = {f"{PROJECT}/{path}" for path in tracked(folder)}
    held = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith(f"{PROJECT}/{folder}/")}
    assert expected, f"no files found under {folder}/"
    assert held == expected


def test_the_wheel_holds_every_module_of_the_engine_and_the_function(wheel: Path) -> None:
    expected = {path for folder in ("tableguard", "stream_lambda") for path in tracked(folder) if path.endswith(".py")}
    assert expected - set(zipfile.ZipFile(wheel).namelist()) == set()


def test_exactly_two_names_are_installed(installed: Path) -> None:
    names = {path.name for path in installed.iterdir() if not path.name.endswith(".dist-info")}
    assert names == {"tableguard", "stream_lambda", "bin"}


def test_the_command_works_from_another_directory(installed: Path, tmp_path: Path) -> None:
    example = tableguard(installed, tmp_path, "settings")
    assert example.returncode == 0, example.stderr
    (tmp_path / "settings.toml").write_text(example.stdout)
    rendered = tableguard(installed, tmp_path, "render", "--out", "out")
    assert rendered.returncode == 0, rendered.stderr
    committed = {path.name: path.read_text() for path in (ROOT / "templates" / "rendered").glob("*.yaml")}
    assert {path.name: path.read_text() for path in (tmp_path / "out").glob("*.yaml")} == committed


def test_the_installed_command_is_the_wheels_and_not_the_checkouts(installed: Path, tmp_path: Path) -> None:
    code = "import tableguard, stream_lambda; print(tableguard.__file__); print(stream_lambda.__file__)"
    found = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert all(line.startswith(str(installed)) for line in found.stdout.splitlines())


@pytest.mark.parametrize("command", ["table create", "messages list-conversations", "rows redrive"])
def test_the_commands_on_a_table_are_in_the_wheel(installed: Path, tmp_path: Path, command: str) -> None:
    helped = tableguard(installed, tmp_path, *command.split(), "--help")
    assert (helped.returncode, helped.stderr) == (0, "")
    assert helped.stdout.startswith(f"Usage: tableguard {command} ")


def test_seed_finds_the_conversation_that_is_shipped(installed: Path, tmp_path: Path) -> None:
    where = ("--endpoint-url", "http://127.0.0.1:1", "--table", "t", "--region", "eu-central-1")  # nobody answers there
    seeded = tableguard(installed, tmp_path, "messages", "seed", *where)
    assert seeded.returncode == 2
    assert seeded.stderr.startswith("tableguard messages seed: Could not connect to the endpoint URL")
    assert (installed / "tableguard/cli/commands/messages/conversation.toml").is_file()


def test_render_writes_below_the_working_directory_and_not_into_the_package(installed: Path, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (installed / PROJECT / "templates").rglob("*")}
    rendered = tableguard(installed, tmp_path, "render", "table")
    assert (rendered.returncode, rendered.stdout) == (0, "templates/rendered/table.yaml\n")
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*")] == ["templates/rendered/table.yaml"]
    assert {path: path.stat().st_mtime_ns for path in (installed / PROJECT / "templates").rglob("*")} == before
    assert "below the working directory" in " ".join(tableguard(installed, tmp_path, "render", "--help").stdout.split())
