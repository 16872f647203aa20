"""One writer for each format: the same facts in all, and valid SARIF that leads to files and lines that exist."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tableguard.errors import CheckError
from tableguard.findings.exit_code import FINDINGS, FINE, UNANSWERED
from tableguard.findings.finding import Finding
from tableguard.findings.formats import Report, as_json, chosen, write
from tableguard.findings.outcome import Outcome, Skip, Unanswered, total
from tests.worlds import sarif

FAULT = Finding("no-sid", "policies/scp/a b.json", "statement 1", 3, "no Sid", "name the statement")


@dataclass(frozen=True)
class Sample(Report):
    """A report of a few findings, with everything that a report can have."""

    faults: Sequence[Finding] = (FAULT,)
    left_out: Sequence[Skip] = ()
    open_questions: Sequence[Unanswered] = ()

    @property
    def exit_code(self) -> int:
        return UNANSWERED if self.open_questions else FINDINGS if self.faults else FINE

    def text(self) -> str:
        return "\n".join(map(str, self.faults))

    def facts(self) -> Mapping[str, Any]:
        return {"findings": [vars(fault) for fault in self.faults]}

    @property
    def findings(self) -> Sequence[Finding]:
        return self.faults

    @property
    def skips(self) -> Sequence[Skip]:
        return self.left_out

    @property
    def unanswered(self) -> Sequence[Unanswered]:
        return self.open_questions


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the file that the sample points at."""
    path = tmp_path / FAULT.file
    path.parent.mkdir(parents=True)
    path.write_text("{\n\n}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_finding_is_one_line_that_editors_can_follow() -> None:
    assert str(FAULT) == "policies/scp/a b.json:3: statement 1: error no-sid: no Sid; name the statement"
    assert str(replace(FAULT, path="", line=None)).startswith("policies/scp/a b.json: error no-sid: ")


def test_text_and_json_and_sarif_have_the_same_facts(folder: Path) -> None:
    assert write(Sample(), "text") == str(FAULT)
    assert json.loads(write(Sample(), "json")) == {"findings": [vars(FAULT)]}
    (result,) = sarif.results(write(Sample(), "sarif"))
    assert (result["ruleId"], result["level"]) == ("no-sid", "error")
    assert result["message"]["text"] == "no Sid; name the statement"
    (place,) = result["locations"]
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "policies/scp/a%20b.json"},
        "region": {"startLine": 3},
    }
    assert place["logicalLocations"] == [{"fullyQualifiedName": "statement 1"}]


def test_a_file_below_the_working_directory_is_relative_and_another_is_not(folder: Path) -> None:
    inside = replace(FAULT, file=str(folder / FAULT.file))
    (result,) = sarif.results(write(Sample((inside,)), "sarif"))
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "policies/scp/a%20b.json"
    outside = replace(FAULT, file=str(Path(__file__).resolve()))
    (result,) = sarif.results(write(Sample((outside,)), "sarif"))
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == Path(__file__).resolve().as_uri()


def test_each_rule_is_described_once_with_its_remedy(folder: Path) -> None:
    skip = Skip("CKV_1", FAULT.file, "", 1, "rebuilt daily")
    report = Sample((FAULT, replace(FAULT, line=1, remedy="or leave it out")), (skip,))
    assert sarif.faults(write(report, "sarif")) == []
    run = json.loads(write(report, "sarif"))["runs"][0]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["CKV_1", "no-sid"]
    assert run["tool"]["driver"]["rules"][1]["help"]["text"] == "name the statement\nor leave it out"
    assert [result["ruleIndex"] for result in run["results"]] == [1, 1, 0]


def test_a_skip_is_suppressed_with_its_reason(folder: Path) -> None:
    report = Sample((), (Skip("CKV_1", FAULT.file, "", 1, "rebuilt daily"),))
    (result,) = sarif.results(write(report, "sarif"))
    assert result["suppressions"] == [{"kind": "inSource", "justification": "rebuilt daily"}]


@pytest.mark.parametrize(
    ("questions", "successful"), [((), True), ((Unanswered("t.yaml", "checkov", "KeyError"),), False)]
)
def test_an_open_question_is_no_success(folder: Path, questions: Sequence[Unanswered], successful: bool) -> None:
    report = Sample((), (), questions)
    assert sarif.faults(write(report, "sarif")) == []
    (invocation,) = json.loads(write(report, "sarif"))["runs"][0]["invocations"]
    assert invocation["executionSuccessful"] is successful
    assert [note["message"]["text"] for note in invocation["toolExecutionNotifications"]] == list(map(str, questions))


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        (replace(FAULT, file="policies/absent.json"), "no such file: policies/absent.json"),
        (replace(FAULT, file="policies/scp"), "no such file: policies/scp"),
        (replace(FAULT, line=None), "no such line: policies/scp/a%20b.json:None"),
        (replace(FAULT, line=4), "no such line: policies/scp/a%20b.json:4"),
    ],
)
def test_a_place_that_nobody_can_follow_is_a_fault_of_the_sarif(folder: Path, fault: Finding, complaint: str) -> None:
    assert sarif.faults(write(Sample((fault,)), "sarif")) == [f"rule no-sid: {complaint}"]


def test_what_the_schema_refuses_is_a_fault_of_the_sarif(folder: Path) -> None:
    log = json.loads(write(Sample(), "sarif"))
    log["runs"][0]["results"][0]["level"] = "fatal"
    assert sarif.faults(json.dumps(log)) == [
        "$.runs[0].results[0].level: 'fatal' is not one of ['none', 'note', 'warning', 'error']"
    ]


def test_json_is_ascii_so_that_no_terminal_spoils_it() -> None:
    assert as_json({"name": "Zoë…"}).isascii()
    assert json.loads(as_json({"name": "Zoë…"})) == {"name": "Zoë…"}


def test_one_format_is_chosen() -> None:
    assert [chosen(False, False), chosen(True, False), chosen(False, True)] == ["text", "json", "sarif"]
    with pytest.raises(CheckError, match="choose one"):
        chosen(True, True)


def test_a_total_sorts_by_file_and_then_by_line() -> None:
    late, early = replace(FAULT, line=10), replace(FAULT, line=9)
    added = total(
        "engine", "units", [Outcome("engine", "units", 1, 1, (late,)), Outcome("engine", "units", 2, 1, (early,))]
    )
    assert (added.passed, added.failed, added.findings) == (3, 2, (early, late))
