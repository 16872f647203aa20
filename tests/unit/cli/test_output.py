"""A pipe gets lines; a terminal gets tables and steps, without colours where they are not wanted."""

import io
import json
import re
import sys
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from tableguard.check.report import CheckReport
from tableguard.cli import confirmation, output, tables
from tableguard.cli.app import main
from tableguard.errors import DeployError
from tableguard.findings.outcome import Outcome
from tableguard.local.estate import Step
from tableguard.stacks.changes import ResourceChange
from tableguard.stacks.destruction.plan import PlannedDeletion
from tableguard.stacks.registry import find_stack
from tests.worlds.commands import run

CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\u2500-\u257f]")  # and the lines that boxes are drawn with


class Terminal(io.StringIO):
    """A terminal's file."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Terminal:
    """A terminal, an empty folder, and nothing in the environment that asks for colours or none."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "160")
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return Terminal()


@pytest.mark.parametrize("words", ["cost --mode dax", "explain dynamodb:ListTables", "--help", "settings"])
def test_a_pipe_gets_lines_whatever_the_environment_says(
    words: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FORCE_COLOR", "1")
    ran = run(words)
    assert ran.out
    assert CONTROL.findall(ran.out + ran.err) == []


@pytest.mark.parametrize(("plot", "code"), [("absent/plot.svg", 2), ("plot.svg", 0)])
def test_a_plot_that_cannot_be_written_leaves_no_bill_either(
    plot: str, code: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run("cost --mode dax --plot", plot)
    assert (ran.code, bool(ran.out), Path(plot).exists()) == (code, code == 0, code == 0)
    assert (f"{plot}: cannot be written" in ran.err) == (code == 2)


@pytest.mark.parametrize("links", [("templates/more",), ()])
def test_a_linked_folder_is_named_beside_the_report_of_check(
    links: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    report = CheckReport((), not_followed=links)
    monkeypatch.setattr("tableguard.check.run.run_on", lambda *_: report)
    ran = run("check templates --json")
    assert (ran.code, json.loads(ran.out)["not_followed"]) == (0, list(links))
    assert ran.err.splitlines() == [
        f"{link}: a link to a folder, skipped; name the folder itself to have it checked" for link in links
    ]


def test_a_terminal_gets_the_bill_as_a_table_with_the_same_figures(terminal: Terminal) -> None:
    with redirect_stdout(terminal):
        assert main(["cost", "--mode", "dax"]) == 0
    screen = terminal.getvalue()
    assert "\x1b[" in screen
    assert "─" in screen
    total = re.search(r"On demand, with dax: ([\d,.]+) USD a month", run("cost --mode dax").out)
    assert total
    assert total[1] in screen


@pytest.mark.parametrize("where", ["environment", "option", "option of the command"])
def test_colours_are_left_out_where_they_are_not_wanted(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    words = ["cost", "--mode", "dax"]
    if where == "environment":
        monkeypatch.setenv("NO_COLOR", "1")
    else:
        words.insert(0 if where == "option" else 1, "--no-color")
    monkeypatch.setattr(tables, "bill", lambda *_: tables.outcomes([Outcome("checkov", "checks", 1, 2)]))
    with redirect_stdout(terminal):
        assert main(words) == 0
    assert "1 check" in terminal.getvalue()
    assert re.search(r"\x1b\[[0-9;]*3[0-7]", terminal.getvalue()) is None


def test_json_is_json_on_a_terminal_too(terminal: Terminal) -> None:
    with redirect_stdout(terminal):
        assert main(["cost", "--mode", "dax", "--json"]) == 0
    assert CONTROL.findall(terminal.getvalue()) == []


def shown(table: object, terminal: Terminal) -> str:
    console = output.terminal(terminal)
    assert console
    console.print(table)
    return terminal.getvalue()


def test_what_fails_is_in_colour_and_what_passes_is_not(terminal: Terminal) -> None:
    engines = [Outcome("checkov", "checks", 210, 0), Outcome("cfn-lint", "templates", 6, 1)]
    screen = shown(tables.outcomes(engines), terminal)
    assert "210 checks" in screen
    assert re.findall(r"\x1b\[31m *(\d+)", screen) == ["1"]


def test_what_goes_and_what_stays_is_seen(terminal: Terminal) -> None:
    deletion = PlannedDeletion(
        find_stack("table"), "x-table", (("AWS::KMS::Alias", "alias/a"),), (("AWS::KMS::Key", "k"),)
    )
    screen = shown(tables.deletions("x-table", deletion), terminal)
    assert [word in screen for word in ("deleted", "alias/a", "kept", "AWS::KMS::Key")] == [True] * 4


def test_steps_are_lines_in_a_pipe_and_stay_on_a_terminal(terminal: Terminal) -> None:
    step = Step("stack table", "created, 8 resources", 0.21)
    with redirect_stdout(terminal), output.steps() as report:
        report(step)
    assert "created, 8 resources" in terminal.getvalue()
    with redirect_stdout(pipe := io.StringIO()), output.steps() as report:
        report(step)
    assert pipe.getvalue() == "  0.21 s  stack table       created, 8 resources\n"


TABLE = ResourceChange("Modify", "Messages", "AWS::DynamoDB::Table", "always")


@pytest.mark.parametrize(
    ("answers", "grave", "goes_on"),
    [
        ("yes\n", (), True),
        ("y\n", (), False),
        ("no\n", (), False),
        ("\n", (), False),
        ("", (), False),
        ("yes\nMessages\n", (TABLE,), True),
        ("yes\nyes\n", (TABLE,), False),
        ("yes\n", (TABLE,), False),
        ("no\nMessages\n", (TABLE,), False),
    ],
)
def test_changes_are_made_where_somebody_says_yes_and_types_the_names_of_what_is_replaced(
    monkeypatch: pytest.MonkeyPatch, answers: str, grave: tuple[ResourceChange, ...], goes_on: bool
) -> None:
    lines = iter(answers.splitlines())

    def answer(_: str = "") -> str:
        try:
            return next(lines)
        except StopIteration:
            raise EOFError from None

    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr("builtins.input", answer)
    assert confirmation.confirm_changes(grave) is goes_on


@pytest.mark.parametrize("name", ["cruddur", "other", ""])
def test_a_workload_is_destroyed_where_its_name_is_typed(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr("builtins.input", lambda _: name)
    if name == "cruddur":
        confirmation.confirm_workload("cruddur")
    else:
        with pytest.raises(DeployError, match="not confirmed; nothing was deleted"):
            confirmation.confirm_workload("cruddur")


def test_where_nobody_can_answer_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("yes\n"))
    with pytest.raises(DeployError, match="standard input is not a terminal; add --yes if it is meant"):
        confirmation.confirm_changes()


@pytest.mark.parametrize(
    "words",
    ["deploy", "destroy --production", "table drop --profile somebody", "rows redrive --delete --profile somebody"],
)
def test_no_command_asks_amid_its_json(words: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run(f"{words} --json")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.splitlines()[-1].endswith("cannot ask before it begins, which is no JSON; add --yes")
