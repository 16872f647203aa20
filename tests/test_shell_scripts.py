"""The scripts as a user starts them: from anywhere, with or without anything installed, and with --help."""

import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tableguard.cli.groups import GROUPS

ROOT = Path(__file__).parent.parent
SCRIPTS = [path.relative_to(ROOT) for path in sorted((ROOT / "scripts").rglob("*")) if path.is_file()]
CALLERS = [path for path in SCRIPTS if path.parent.name in ("ddb", "patterns", "projection")]
TOOLS = ("basename", "bash", "cat", "cksum", "dirname", "env", "readlink", "sed")


@dataclass(frozen=True)
class Checkout:
    """A copy of the scripts and what they install by, on a machine with few tools."""

    root: Path
    tools: Path
    elsewhere: Path

    def run(self, script: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Start a script from another folder, as from a fresh terminal."""
        environment = {"PATH": str(self.tools), "HOME": str(self.elsewhere)}
        return started([str(self.root / script), *arguments], self.elsewhere, environment)

    def install(self) -> None:
        """What a script would install, if it were a command that says where it is and what it is asked."""
        command = self.root / ".venv" / "bin" / "tableguard"
        command.parent.mkdir(parents=True)
        command.write_text('#!/usr/bin/env bash\nprintf "%s\\n" "$PWD" "$@"\n')
        command.chmod(0o755)
        fingerprint = "cat setup.cfg constraints*.txt | cksum > .venv/installed"
        subprocess.run(["bash", "-c", fingerprint], cwd=self.root, check=True)  # noqa: S607 - bash is on the PATH


def started(command: list[str], cwd: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    copy = Checkout(tmp_path / "checkout", tmp_path / "bin", tmp_path / "elsewhere")
    shutil.copytree(ROOT / "scripts", copy.root / "scripts")
    for path in (ROOT / "setup.cfg", *ROOT.glob("constraints*.txt")):
        shutil.copy(path, copy.root)
    copy.elsewhere.mkdir()
    copy.tools.mkdir()
    for tool in TOOLS:
        (copy.tools / tool).symlink_to(shutil.which(tool) or pytest.fail(f"no {tool} here"))
    return copy


def comment(script: Path) -> str:
    """The lines at the head of a script that say what it is."""
    lines = (ROOT / script).read_text().splitlines()[1:]
    end = next(number for number, line in enumerate(lines) if not line.startswith("#"))
    return "".join(f"{line.removeprefix('#').removeprefix(' ')}\n" for line in lines[:end])


def test_every_script_can_be_started() -> None:
    assert [path for path in SCRIPTS if not os.access(ROOT / path, os.X_OK)] == []


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_helps_where_nothing_is_installed_and_installs_nothing(checkout: Checkout, option: str) -> None:
    (checkout.tools / "python3").symlink_to(sys.executable)
    before = sorted(checkout.root.rglob("*"))
    with ThreadPoolExecutor(4) as pool:
        helped = dict(zip(SCRIPTS, pool.map(lambda script: checkout.run(script, option), SCRIPTS), strict=True))
    assert {script: (ran.returncode, ran.stderr) for script, ran in helped.items()} == dict.fromkeys(SCRIPTS, (0, ""))
    shell = [script for script in SCRIPTS if script.name != "refresh-action-universe"]
    assert {script: helped[script].stdout for script in shell} == {script: comment(script) for script in shell}
    assert "usage: scripts/refresh-action-universe" in helped[Path("scripts/refresh-action-universe")].stdout
    assert sorted(checkout.root.rglob("*")) == before


def test_help_of_the_checkout_itself_helps_from_another_folder(tmp_path: Path) -> None:
    environment = {"PATH": os.defpath, "HOME": str(tmp_path)}

    def helped(script: Path) -> tuple[int, bool]:
        ran = started([str(ROOT / script), "--help"], tmp_path, environment)
        return ran.returncode, len(ran.stdout.splitlines()) > 2

    callers = [path for path in SCRIPTS if path.name != "refresh-action-universe"]  # which needs a python3 on the PATH
    with ThreadPoolExecutor(4) as pool:
        assert dict(zip(callers, pool.map(helped, callers), strict=True)) == dict.fromkeys(callers, (0, True))
    assert list(tmp_path.iterdir()) == []


def test_the_comment_of_a_script_says_how_it_is_called() -> None:
    shell = [script for script in SCRIPTS if script.name not in ("environment", "refresh-action-universe")]
    assert [script for script in shell if not re.search(rf"^  {script}\b", comment(script), re.MULTILINE)] == []


def called(script: Path) -> tuple[str, str]:
    """The command that a script calls."""
    match = re.search(r'^exec "\$root/\.venv/bin/tableguard" (\S+) (\S+) "\$@"$', (ROOT / script).read_text(), re.M)
    assert match, script
    return match[1], match[2]


def test_every_command_on_a_table_has_one_script_of_a_few_lines() -> None:
    commands = [(group, name) for group, (_, names) in GROUPS.items() for name in names]
    assert sorted(map(called, CALLERS)) == sorted(commands)
    assert all(len((ROOT / script).read_text().splitlines()) == 6 for script in CALLERS)
    assert all(f"`tableguard {' '.join(called(script))}`" in comment(script) for script in CALLERS)


@pytest.mark.parametrize("script", CALLERS, ids=str)
def test_a_script_calls_its_command_where_the_user_stands(checkout: Checkout, script: Path) -> None:
    checkout.install()
    ran = checkout.run(script, "two words", "--file", "here.toml", "--help")
    wanted = [str(checkout.elsewhere), *called(script), "two words", "--file", "here.toml", "--help"]
    assert (ran.returncode, ran.stderr, ran.stdout.splitlines()) == (0, "", wanted)


def test_a_script_is_reached_through_a_link_too(checkout: Checkout) -> None:
    checkout.install()
    link = checkout.elsewhere / "seed"
    link.symlink_to(checkout.root / "scripts" / "ddb" / "seed")
    assert checkout.run(link).stdout.splitlines() == [str(checkout.elsewhere), "messages", "seed"]


def test_the_demonstration_runs_where_the_user_stands(checkout: Checkout) -> None:
    checkout.install()
    for tool in ("mktemp", "rm"):
        (checkout.tools / tool).symlink_to(shutil.which(tool) or "")
    lines = checkout.run(Path("scripts/demo"), "--settings", "here.toml").stdout.splitlines()
    asked = [str(checkout.elsewhere), "up", "--demo", "--settings", "here.toml"]
    checked = [str(checkout.elsewhere), "check", "--settings", "here.toml"]
    assert lines == [*asked, "", "Meanwhile, tableguard check:", *(f"  {line}" for line in checked)]


def test_without_a_python_that_will_do_one_line_says_so(checkout: Checkout) -> None:
    ran = checkout.run(Path("scripts/ddb/seed"))
    assert ran.returncode == 2
    assert "tableguard needs Python 3.11 or later; install it, or name one: PYTHON=/path/to/python3 " in ran.stderr


def test_the_environment_says_that_it_is_sourced(checkout: Checkout) -> None:
    ran = checkout.run(Path("scripts/environment"))
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (2, "", 1)
    assert "is no command: the other scripts source it" in ran.stderr


def test_help_by_itself_lists_every_script(checkout: Checkout) -> None:
    lines = checkout.run(Path("scripts/help")).stdout.splitlines()
    assert sorted(line.split()[0] for line in lines) == [str(script) for script in SCRIPTS]
    assert all(len(line.split()) > 3 for line in lines)


@pytest.mark.parametrize(
    ("script", "tool"),
    [("engines/dynamodb-local", "mvn"), ("engines/iam-simulate", "npm"), ("refresh-action-universe", "npm")],
)
def test_without_what_an_installation_takes_one_line_says_so(checkout: Checkout, script: str, tool: str) -> None:
    (checkout.tools / "python3").symlink_to(sys.executable)
    ran = checkout.run(Path("scripts") / script)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert re.fullmatch(rf"scripts/{script}: needs .*: there is no {tool} on the PATH\n", ran.stderr)


def test_an_engine_is_installed_into_the_checkout_from_anywhere(checkout: Checkout) -> None:
    maven = checkout.tools / "mvn"
    maven.write_text('#!/usr/bin/env bash\nprintf "%s\\n" "$PWD" "$@"\n')
    maven.chmod(0o755)
    where, *arguments = checkout.run(Path("scripts/engines/dynamodb-local")).stdout.splitlines()
    assert where == str(checkout.root)
    assert f"-DoutputDirectory={checkout.root}/.engines/dynamodb-local/lib" in arguments
