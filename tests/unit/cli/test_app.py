"""The command as a whole: its help, its errors, its completion, and the options that every command has."""

import subprocess
import sys
from collections.abc import Callable
from types import ModuleType

import click
import pytest
from click.shell_completion import ShellComplete

from tableguard import __main__
from tableguard.cli.app import app
from tableguard.cli.reference import page
from tests.paths import ROOT
from tests.worlds.commands import commands, run

COMMANDS = dict(commands())
OTHER_TEXT = {
    "settings": "prints a settings file, which is TOML",
    "completion": "prints a script for a shell",
    "users export": "prints JSON and nothing else",
}
SARIF = {"attack", "check", "comply", "prove", "explain", "diff", "preflight", "reach", "rows verify", "users check"}
HEAVY = ("boto3", "botocore", "yaml", "rich", "moto", "cfnlint", "troposphere", "tableguard.settings")


def option_names(name: str) -> set[str]:
    return {option for parameter in COMMANDS[name].params for option in parameter.opts}


def test_the_page_of_the_command_is_its_help() -> None:
    assert (ROOT / "docs" / "cli.md").read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_prints_json_too_unless_what_it_prints_is_another_language(name: str) -> None:
    assert ("--json" in option_names(name)) is (name not in OTHER_TEXT)


def test_commands_that_report_findings_print_sarif_too() -> None:
    assert {name for name in COMMANDS if "--sarif" in option_names(name)} == SARIF


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_says_what_it_does_and_each_of_its_options(name: str) -> None:
    command = COMMANDS[name]
    assert command.help
    assert command.epilog
    assert command.epilog.startswith("Exit codes: 0 ")
    shown = [param for param in command.params if not getattr(param, "hidden", False)]
    assert [param.name for param in shown if not getattr(param, "help", "")] == []
    assert "--no-color" in option_names(name)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("tabel", "tableguard: no such command 'tabel'. Did you mean 'table'? See tableguard --help"),
        (
            "rows redrvie",
            "tableguard rows: no such command 'redrvie'. Did you mean 'redrive'? See tableguard rows --help",
        ),
        ("check --jsn", "tableguard check: no such option '--jsn'. Did you mean '--json'? See tableguard check --help"),
        ("wheel", "tableguard: no such command 'wheel'; see tableguard --help"),
        ("diff old", "tableguard diff: missing argument 'NEW'; see tableguard diff --help"),
        (
            "up --port http",
            "tableguard up: invalid value for '--port': 'http' is not a valid integer range; see tableguard up --help",
        ),
        ("up --port", "tableguard up: option '--port' requires an argument; see tableguard up --help"),
    ],
)
def test_what_is_mistyped_is_one_line_with_what_was_meant(words: str, line: str) -> None:
    ran = run(words)
    assert (ran.code, ran.out, ran.err) == (2, "", f"{line}\n")


@pytest.mark.parametrize("words", ["", "table", "rows"])
def test_without_a_command_the_help_is_printed_and_nothing_was_done(words: str) -> None:
    ran = run(words)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.splitlines()[0].startswith("Usage: tableguard ")


def test_an_interruption_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def press(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(COMMANDS["render"], "callback", press)
    ran = run("render")
    assert (ran.code, ran.err) == (130, "tableguard render: interrupted\n")


@pytest.mark.parametrize(("pressed", "end"), [(True, (130, "tableguard: interrupted\n")), (False, (0, ""))])
def test_an_interruption_while_the_commands_are_loaded_is_one_line(
    pressed: bool, end: tuple[int, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Loading(ModuleType):
        @property
        def main(self) -> Callable[[], int]:
            if pressed:
                raise KeyboardInterrupt
            return lambda: 0

    monkeypatch.setitem(sys.modules, "tableguard.cli.app", Loading("tableguard.cli.app"))
    assert (__main__.main(), capsys.readouterr().err) == end


def test_help_loads_nothing_heavy() -> None:
    code = f"import sys\nfrom tableguard.cli.app import main\nmain(['--help'])\nprint(set(sys.modules) & set({HEAVY}))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert ran.stdout.splitlines()[-1] == "set()"


def completed(*words: str, incomplete: str) -> list[str]:
    completion = ShellComplete(app, {}, "tableguard", "_TABLEGUARD_COMPLETE")
    return [item.value for item in completion.get_completions(list(words), incomplete)]


@pytest.mark.parametrize(
    ("words", "incomplete", "proposed"),
    [
        ((), "mes", ["messages"]),
        (("messages",), "list", ["list-conversations"]),
        (("check",), "--set", ["--settings"]),
        (("rows", "verify"), "--set", ["--settings", "--settle"]),
        (("completion",), "z", ["zsh"]),
        (("settings",), "", ["complete", "default", "existing-vpc", "single-account"]),
        (("settings",), "e", ["existing-vpc"]),
        ((), "x", []),
    ],
)
def test_commands_and_options_are_completed(words: tuple[str, ...], incomplete: str, proposed: list[str]) -> None:
    assert sorted(completed(*words, incomplete=incomplete)) == proposed


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_for_each_shell_asks_the_command(shell: str) -> None:
    ran = run("completion", shell)
    assert ran.code == 0
    assert f"_TABLEGUARD_COMPLETE={shell}_complete" in ran.out


def test_no_shell_but_these_is_accepted() -> None:
    assert "'ksh' is not one of 'bash', 'zsh', 'fish'" in run("completion", "ksh").err


def test_each_section_of_the_help_has_its_commands() -> None:
    text = run("--help").out
    sections = ["Templates and policies:", "Stacks:", "A table:", "This command:"]
    places = [text.index(section) for section in sections]
    assert places == sorted(places)
    assert app.list_commands(click.Context(app)) == [
        line.split()[0] for line in text[places[0] :].splitlines() if line.startswith("  ") and line[2].islower()
    ]
