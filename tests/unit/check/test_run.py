"""`tableguard check`: planted faults are found by the right engine, clean twins are not, and nothing goes unsaid."""

import errno
import json
import os
import re
import sys
from collections.abc import Iterator
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
import yaml

from tableguard.check import run
from tableguard.check.engines import cfn_lint
from tableguard.check.engines.checkov import engine as checkov_engine
from tableguard.check.engines.checkov import location
from tableguard.check.report import CheckReport
from tableguard.cloudformation import template_files
from tableguard.errors import CheckError
from tableguard.findings.counts import counted
from tableguard.findings.finding import Finding
from tableguard.findings.formats import write
from tableguard.findings.outcome import Outcome, Skip, Unanswered
from tableguard.settings import example
from tableguard.stacks.registry import find_stack
from tableguard.stacks.render import render
from tests.engines.checkov import needs_checkov
from tests.worlds import sarif
from tests.worlds.settings_files import EXAMPLES

pytestmark = pytest.mark.slow
Template = dict[str, Any]


def _template(**resources: Template) -> Template:
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}


def _table(recovery: bool, **more: Any) -> Template:
    table: Template = {
        "Type": "AWS::DynamoDB::Table",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": recovery},
            "SSESpecification": {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": "alias/x-table"},
        },
    }
    return {**table, **more}


def _rule(identifier: str) -> Template:
    source = {"Owner": "AWS", "SourceIdentifier": identifier}
    return {"Type": "AWS::Config::ConfigRule", "Properties": {"Source": source}}


def _role(action: str) -> Template:
    statement = {"Effect": "Allow", "Action": action, "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/x"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}}


_SKIPPED = {"checkov": {"skip": [{"id": "CKV_AWS_28", "comment": "rebuilt daily"}]}}
_KEY = "AKIA" + "IOSFODNN7EXAMPLQ"  # in two parts, so that no scanner takes this file for a leak
_IGNORED = {"cfn-lint": {"config": {"ignore_checks": ["W3037"]}}}

PLANTED: dict[str, Template] = {
    "recovery-off.yaml": _template(Messages=_table(recovery=False)),
    "recovery-on.yaml": _template(Messages=_table(recovery=True)),
    "recovery-skipped.yaml": _template(Messages=_table(recovery=False, Metadata=_SKIPPED)),
    "action-misspelt.yaml": _template(Reader=_role("dynamodb:GetItems")),
    "action-right.yaml": _template(Reader=_role("dynamodb:GetItem")),
    "action-ignored.yaml": _template(Reader={**_role("dynamodb:GetItems"), "Metadata": _IGNORED}),
    "rule-unknown.yaml": _template(Pitr=_rule("DYNAMODB_PITR_ENABLE")),
    "rule-known.yaml": _template(Pitr=_rule("DYNAMODB_PITR_ENABLED")),
    "strange.yaml": _template(Odd={"Type": {"Fn::Sub": "AWS::S3::Bucket"}, "Properties": {}}),
    "secret.yaml": {**_template(Messages=_table(recovery=True)), "Description": f"key {_KEY} of the demo"},
}


@pytest.fixture(scope="module")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the process of checkov has its temporary files."""
    return tmp_path_factory.mktemp("temporary")


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory, temporary: Path) -> CheckReport:
    """One run over every planted fault and its clean twin, beside a file that is no template."""
    folder = tmp_path_factory.mktemp("planted")
    for name, template in PLANTED.items():
        (folder / name).write_text(yaml.safe_dump(template), encoding="utf-8")
    (folder / "values.yaml").write_text("colour: blue\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(temporary))
        return run.run_on([folder])


@needs_checkov
def test_checkov_leaves_no_file_behind(planted: CheckReport, temporary: Path) -> None:
    assert any(outcome.engine == "checkov" and outcome.passed for outcome in planted.outcomes)
    assert list(temporary.iterdir()) == []


def _rules(report: CheckReport, file: str) -> set[str]:
    return {finding.rule for finding in report.findings if Path(finding.file).name == file}


@needs_checkov
@pytest.mark.parametrize(
    ("faulty", "rule", "clean"),
    [
        pytest.param("recovery-off.yaml", "CKV_AWS_28", "recovery-on.yaml", id="checkov"),
        pytest.param("action-misspelt.yaml", "W3037", "action-right.yaml", id="cfn-lint"),
        pytest.param("rule-unknown.yaml", "config-rule-identifier", "rule-known.yaml", id="Config rules"),
        pytest.param("secret.yaml", "CKV_SECRET_2", "recovery-on.yaml", id="checkov's secrets"),
    ],
)
def test_a_planted_fault_is_found_and_its_clean_twin_is_not(
    planted: CheckReport, faulty: str, rule: str, clean: str
) -> None:
    assert rule in _rules(planted, faulty)
    assert _rules(planted, clean) == set()


@needs_checkov
def test_a_skipped_checkov_check_is_shown_with_its_reason_and_is_no_finding(planted: CheckReport) -> None:
    shown = [(skip.rule, skip.reason) for skip in planted.skips if "recovery-skipped.yaml" in skip.file]
    assert shown == [("CKV_AWS_28", "rebuilt daily")]
    assert "CKV_AWS_28" not in _rules(planted, "recovery-skipped.yaml")


@needs_checkov
def test_what_a_template_tells_cfn_lint_to_ignore_is_shown_as_a_skip(planted: CheckReport) -> None:
    assert [skip.rule for skip in planted.skips if "action-ignored.yaml" in skip.file] == ["W3037"]
    assert _rules(planted, "action-ignored.yaml") == set()


@needs_checkov
def test_a_template_that_crashes_an_engine_is_unanswered_and_the_others_are_answered(planted: CheckReport) -> None:
    assert {(unanswered.engine, Path(unanswered.place).name) for unanswered in planted.unanswered} == {
        ("checkov", "strange.yaml")
    }
    assert planted.exit_code == 2
    assert "strange.yaml: checkov gave no answer: " in planted.text()


@needs_checkov
def test_a_file_that_is_no_template_is_named(planted: CheckReport) -> None:
    assert [Path(place).name for place in planted.not_templates] == ["values.yaml"]
    assert "values.yaml: not a template, not checked" in planted.text()


@pytest.mark.parametrize("linked", [True, False])
def test_a_linked_folder_is_named_and_not_followed_and_a_folder_is_looked_into(tmp_path: Path, linked: bool) -> None:
    folder, elsewhere = tmp_path / "templates", tmp_path / "elsewhere"
    for place in (folder, elsewhere):
        place.mkdir()
        (place / "a.yaml").write_text(yaml.safe_dump(PLANTED["recovery-on.yaml"]), encoding="utf-8")
    inside = folder / "inside"
    if linked:
        inside.symlink_to(elsewhere)
    else:
        elsewhere.rename(inside)
    sources = template_files.find([folder])
    assert (sources.links, len(sources.templates)) == ((str(inside),) if linked else (), 1 if linked else 2)


@needs_checkov
def test_counts_agree_with_what_is_listed(planted: CheckReport) -> None:
    for outcome in planted.outcomes:
        if outcome.unit == "checks":
            assert outcome.failed == len(outcome.findings)
        else:
            assert outcome.failed == len({finding.file for finding in outcome.findings})
    assert all(outcome.passed > 0 for outcome in planted.outcomes)


@needs_checkov
def test_text_and_json_tell_the_same_facts(planted: CheckReport) -> None:
    text, facts = planted.text(), json.loads(write(planted, "json"))
    for kind in ("findings", "skips", "unanswered"):
        assert facts[kind]
        for fact in facts[kind]:
            assert all(str(value) in text for value in fact.values() if value)
    for engine in facts["engines"]:
        passed = counted(engine["passed"], engine["unit"].removesuffix("s"))
        counts = f"{passed} passed, {engine['failed']} failed, {engine['skipped']} skipped"
        assert f"{engine['engine']}: {counts}" in text
    assert len(text.splitlines()) == sum(
        len(facts[kind]) for kind in ("engines", "findings", "skips", "unanswered", "not_templates")
    )


@needs_checkov
def test_the_sarif_of_findings_skips_and_open_questions_is_valid_and_leads_to_lines(planted: CheckReport) -> None:
    results = sarif.results(write(planted, "sarif"))
    assert len(results) == len(planted.findings) + len(planted.skips)
    assert not json.loads(write(planted, "sarif"))["runs"][0]["invocations"][0]["executionSuccessful"]


@needs_checkov
def test_findings_are_sorted_by_place(planted: CheckReport) -> None:
    places = [(finding.file, finding.line) for finding in planted.findings]
    assert places == sorted(places)
    assert len(places) > 3


FAULT = Finding("r", "f", "p", 1, "wrong", "do")


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        pytest.param(Outcome("e", "u", 1, 0), 0, id="nothing wrong"),
        pytest.param(Outcome("e", "u", 1, 0, skips=(Skip("r", "f", "p", 1, "why"),)), 0, id="skipped"),
        pytest.param(
            Outcome("e", "u", 0, 1, (Finding("r", "f", "p", 1, "wrong", "do", "warning"),)), 1, id="a warning"
        ),
        pytest.param(
            Outcome(
                "e", "u", 0, 1, (Finding("r", "f", "p", 1, "wrong", "do"),), unanswered=(Unanswered("p", "e", "x"),)
            ),
            2,
            id="unanswered",
        ),
    ],
)
def test_the_exit_code_says_fine_findings_or_could_not_ask(outcome: Outcome, code: int) -> None:
    assert CheckReport((outcome,)).exit_code == code
    assert CheckReport((Outcome("other", "u", 1, 0), outcome)).facts()["exit_code"] == code


def _renamed(text: str, names: dict[str, str]) -> str:
    return reduce(lambda renamed, name: renamed.replace(*name), names.items(), text)


def _unlike_the_default(name: str) -> dict[str, str]:
    """The stacks of an example that differ from the default's in more than names: to lint one takes up to 3 s."""
    default, other = example(), example(name)
    names = {default.name: other.name, default.environment: other.environment}
    same = {stack: _renamed(text, names) for stack, text in render(default).items()}
    return {stack: text for stack, text in render(other).items() if text != same.get(stack)}


# where access logs end, and what lies in the management account, which has no bucket for them
UNLOGGED_BUCKETS = {"bootstrap": "Resources/AccessLogBucket", "oversight": "Resources/OversightBucket"}


@needs_checkov
@pytest.mark.parametrize("name", EXAMPLES)
def test_our_own_stacks_and_policies_have_no_finding_and_no_skip_but_of_buckets_for_logs(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = render(example()) if name == "default" else _unlike_the_default(name)
    assert "table" in asked
    monkeypatch.setattr(run, "render", lambda settings: asked)
    report = run.run(example(name))
    skips = [skip for outcome in report.outcomes for skip in outcome.skips]
    lines = [line for line in report.text().splitlines() if line not in {str(skip) for skip in skips}]
    assert lines == [str(one) for one in report.outcomes]
    assert {(skip.path, skip.rule) for skip in skips} == {
        (path, "CKV_AWS_18") for stack, path in UNLOGGED_BUCKETS.items() if stack in asked
    }
    assert report.exit_code == 0
    assert {outcome.engine: outcome.passed > 0 for outcome in report.outcomes} == {
        "cfn-lint": True,
        "checkov": True,
        "Config rules": "config" in asked,
        "IAM users": True,
        "network links": True,
        "policy documents": True,
    }


@needs_checkov
def test_a_stack_of_other_settings_is_a_finding_in_the_python_that_made_it(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = yaml.safe_load(render(example(), [find_stack("table")])["table"])
    stack["Resources"]["Messages"]["Properties"]["PointInTimeRecoverySpecification"] = {
        "PointInTimeRecoveryEnabled": False
    }
    monkeypatch.setattr(run, "render", lambda settings: {"table": yaml.safe_dump(stack)})
    report = run.run(example())
    (finding,) = (finding for finding in report.findings if finding.rule == "CKV_AWS_28")
    lines = Path("templates/table.py").read_text(encoding="utf-8").splitlines()
    assert (finding.file, finding.path) == ("templates/table.py", "Resources/Messages")
    assert '"Messages"' in lines[(finding.line or 0) - 1]
    assert sarif.faults(write(report, "sarif")) == []


# What a stand-in for checkov does with each template: by name, so that no real checkov need start.
STAND_IN = """
import os, socket

class Answer:
    passed_checks, failed_checks, skipped_checks = [1], [], []

class Runner:
    def run(self, root_folder, files, runner_filter):
        name = os.path.basename(files[0])
        if name == "dies.yaml":
            os.write(2, b"out of memory\\n")
            os._exit(9)
        if name == "breaks.yaml":
            raise KeyError("Properties")
        if name == "calls.yaml":
            socket.create_connection(("192.0.2.1", 443), timeout=1)
        self.definitions = {} if name == "dropped.yaml" else {files[0]: {}}
        return Answer()

class RunnerFilter:
    def __init__(self, framework, show_progress_bar):
        pass

version = os.environ.get("STAND_IN_VERSION", "3.9.9")
"""


def program(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for templates, and a checkov of our own in place of the real one."""
    packages = tmp_path / "packages"
    for module in ("cloudformation/runner.py", "secrets/runner.py", "runner_filter.py", "version.py"):
        path = packages / "checkov" / module
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(STAND_IN, encoding="utf-8")
        for folder in (packages / "checkov", path.parent):
            (folder / "__init__.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(packages))
    monkeypatch.setenv("TABLEGUARD_CHECKOV", str(program(tmp_path / "checkov", f"#!{sys.executable}\n")))
    (tmp_path / "templates").mkdir()
    return tmp_path / "templates"


def _outcome(folder: Path, *names: str) -> Outcome:
    for name in names:
        (folder / name).write_text(yaml.safe_dump(_template(Messages=_table(recovery=True))), encoding="utf-8")
    with checkov_engine.started(template_files.find([folder]).templates) as checkov:
        return checkov()


def _unanswered(outcome: Outcome) -> dict[str, str]:
    return {Path(unanswered.place).name: unanswered.problem for unanswered in outcome.unanswered}


def test_a_template_that_kills_checkov_costs_the_others_nothing(stand_in: Path) -> None:
    outcome = _outcome(stand_in, "a.yaml", "dies.yaml", "e.yaml", "z.yaml")
    assert _unanswered(outcome) == {"dies.yaml": "out of memory, exit code 9"}
    assert outcome.passed == 2 * len({"a.yaml", "e.yaml", "z.yaml"})


def test_a_template_that_kills_checkov_may_be_the_last_one(stand_in: Path) -> None:
    assert _unanswered(_outcome(stand_in, "dies.yaml")) == {"dies.yaml": "out of memory, exit code 9"}


@pytest.mark.parametrize(
    ("name", "problem"),
    [("breaks.yaml", "KeyError: 'Properties'"), ("dropped.yaml", "not read as a template")],
)
def test_a_template_that_checkov_cannot_take_is_unanswered(stand_in: Path, name: str, problem: str) -> None:
    assert _unanswered(_outcome(stand_in, "a.yaml", name)) == {name: problem}


def test_nothing_is_unanswered_where_checkov_takes_every_template(stand_in: Path) -> None:
    outcome = _outcome(stand_in, "a.yaml", "b.yaml")
    assert (outcome.passed, outcome.unanswered) == (4, ())


def _no_answer(outcome: Outcome, templates: str) -> str:
    """Why checkov answered for none of the templates: one line, and no count that says otherwise."""
    (unanswered,) = outcome.unanswered
    assert (unanswered.place, outcome.passed, outcome.failed, outcome.findings) == (templates, 0, 0, ())
    assert CheckReport((outcome,)).exit_code == 2
    return unanswered.problem


def test_checkov_reaching_for_the_network_is_refused_and_told(stand_in: Path) -> None:
    problem = _no_answer(_outcome(stand_in, "a.yaml", "calls.yaml"), "2 templates")
    assert re.fullmatch(r"it reached for the network .*192\.0\.2\.1.* and was refused", problem)


def test_a_checkov_that_does_not_start_gives_no_answer(stand_in: Path) -> None:
    (stand_in.parent / "packages/checkov/version.py").unlink()
    problem = _no_answer(_outcome(stand_in, "a.yaml"), "1 template")
    assert problem == (
        "it cannot be started (ModuleNotFoundError: No module named 'checkov.version', exit code 1); "
        "install checkov>=3.3.30,<4"
    )


def test_a_checkov_whose_python_cannot_be_started_gives_no_answer(
    stand_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_program = program(stand_in.parent / "python", "\x7fELF")
    monkeypatch.setenv("TABLEGUARD_CHECKOV", str(no_program))
    problem = _no_answer(_outcome(stand_in, "a.yaml"), "1 template")
    reason = os.strerror(errno.ENOEXEC)
    assert problem == f"it cannot be started ({no_program}: {reason}); install checkov>=3.3.30,<4"


@pytest.mark.parametrize(("line", "problem"), [("{", "it wrote what is no answer"), ("{}", "it cannot be started")])
def test_a_checkov_that_writes_something_else_gives_no_answer(stand_in: Path, line: str, problem: str) -> None:
    (stand_in / "a.yaml").write_text(yaml.safe_dump(_template()), encoding="utf-8")
    command = [sys.executable, "-c", f"print({line!r})"]
    with checkov_engine.started(template_files.find([stand_in]).templates, command) as checkov:
        assert _no_answer(checkov(), "1 template").startswith(problem)


def test_a_checkov_whose_runners_are_others_gives_no_answer(stand_in: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAND_IN_VERSION", "4.0.0")
    problem = _no_answer(_outcome(stand_in, "a.yaml"), "1 template")
    assert problem == "checkov 4.0.0 is installed; install checkov>=3.3.30,<4"


# Where checkov is


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A machine whose PATH is one empty folder, `bin`."""
    (tmp_path / "bin").mkdir()
    return tmp_path


def located(machine: Path, **named: str) -> str:
    own = machine / "own" / "bin" / "checkov"
    return location.interpreter({"PATH": str(machine / "bin"), **named}, own)


def python(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    return str(program(path, ""))


def test_a_named_checkov_comes_first_then_our_own_then_that_on_the_path(machine: Path) -> None:
    pythons = {place: python(machine / place / "bin" / "python") for place in ("named", "own", "path")}
    named, own = (program(machine / place / "bin" / "checkov", f"#!{pythons[place]}\n") for place in ("named", "own"))
    program(machine / "bin" / "checkov", f"#!{pythons['path']}\n")
    assert located(machine, TABLEGUARD_CHECKOV=str(named)) == pythons["named"]
    assert located(machine) == pythons["own"]
    own.unlink()
    assert located(machine) == pythons["path"]


@pytest.mark.parametrize(
    "head",
    [
        "#!{python}\n",
        "#! {python}\nimport re\n",
        "#!/bin/sh\n'''exec' \"{python}\" \"$0\" \"$@\"\n' '''\n",
        "#!/bin/sh\n'''exec' {python} \"$0\" \"$@\"\n' '''\n",
    ],
)
def test_the_python_of_a_console_script_is_the_one_that_it_starts(machine: Path, head: str) -> None:
    expected = python(machine / "with-checkov" / "python3.11")
    program(machine / "bin" / "checkov", head.format(python=expected))
    assert located(machine) == expected


def test_a_path_with_a_blank_is_read_whole(machine: Path) -> None:
    expected = python(machine / "my tools" / "python")
    program(machine / "bin" / "checkov", f"#!/bin/sh\n'''exec' \"{expected}\" \"$0\" \"$@\"\n' '''\n")
    assert located(machine) == expected


def test_a_checkov_that_cannot_be_read_is_said_to_be_so(machine: Path) -> None:
    own = machine / "own" / "bin" / "checkov"
    own.mkdir(parents=True)
    with pytest.raises(CheckError, match=r"own/bin/checkov: cannot be read \(Is a directory\); `uv tool install"):
        located(machine)


@pytest.mark.parametrize("head", ["#!/usr/bin/env bash\nexec something\n", "#!/usr/bin/env ruby\n", "\x7fELF"])
def test_a_program_of_another_kind_has_its_python_beside_it(machine: Path, head: str) -> None:
    program(machine / "bin" / "checkov", head)
    with pytest.raises(CheckError, match="checkov: no Python is known that has this checkov; `uv tool install"):
        located(machine)
    expected = python(machine / "bin" / "python3")
    assert located(machine) == expected


def test_the_python_of_its_environment_may_be_named_itself(machine: Path) -> None:
    named = python(machine / "environment" / "python3.12")
    assert located(machine, TABLEGUARD_CHECKOV=named) == named


def test_a_link_leads_to_the_environment(machine: Path) -> None:
    expected = python(machine / "tool" / "bin" / "python3")
    target = program(machine / "tool" / "bin" / "checkov", "\x7fELF")
    (machine / "bin" / "checkov").symlink_to(target)
    assert located(machine) == expected


HOW = (
    "`uv tool install checkov` or `pipx install checkov` brings it, "
    "or name its command or its Python in TABLEGUARD_CHECKOV"
)


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({}, f"it is not installed; {HOW}"),
        (
            {"TABLEGUARD_CHECKOV": "/absent/checkov"},
            "TABLEGUARD_CHECKOV=/absent/checkov: no such program; name the command checkov of its environment",
        ),
    ],
)
def test_where_there_is_no_checkov_one_line_says_how_to_get_one(
    machine: Path, named: dict[str, str], message: str
) -> None:
    with pytest.raises(CheckError) as error:
        located(machine, **named)
    assert str(error.value) == message


def test_without_checkov_the_rest_is_checked_and_the_answer_is_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(PLANTED["rule-unknown.yaml"]), encoding="utf-8")
    monkeypatch.setenv("TABLEGUARD_CHECKOV", str(tmp_path / "absent"))
    report = run.run_on([tmp_path])
    assert [unanswered.place for unanswered in report.unanswered] == ["1 template"]
    assert "config-rule-identifier" in {finding.rule for finding in report.findings}
    assert report.exit_code == 2


def test_settings_of_checkov_in_the_environment_do_not_reach_it(
    stand_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = stand_in.parent / "packages/checkov/cloudformation/runner.py"
    spy = "import os\nassert not [name for name in os.environ if name.startswith(('BC_API', 'PRISMA'))]\n"
    runner.write_text(spy + STAND_IN, encoding="utf-8")
    monkeypatch.setenv("BC_API_KEY", "k")
    monkeypatch.setenv("PRISMA_API_URL", "https://example.com")
    assert _outcome(stand_in, "a.yaml").unanswered == ()


BROKEN: dict[str, tuple[bytes, str]] = {
    "not YAML": (b"Resources:\n  A: [1\n  B: 2\n", r"broken\.yaml:\d+: not YAML: "),
    "not JSON": (b'{"Resources": \n', r"broken\.yaml:\d+: not JSON: "),
    "a tab": (b"Resources:\n\tA: 1\n", r"broken\.yaml:2: not YAML: "),
    "two documents": (b"Resources: {}\n---\nResources: {}\n", r"broken\.yaml:2: not YAML: "),
    "no resources": (b"colour: blue\n", r"broken\.yaml: not a CloudFormation template: it has no Resources"),
    "a list": (b"- 1\n", r"broken\.yaml: not a CloudFormation template"),
    "empty": (b"", r"broken\.yaml: not a CloudFormation template"),
    "not UTF-8": (b"Resources: \xff\n", r"broken\.yaml: not UTF-8 text \(byte 11\)"),
    "a control character": (b"Resources: \x00\n", r"broken\.yaml: not YAML: "),
    "too large": (b"# " + b"x" * 1_000_000, r"broken\.yaml: 1000002 bytes; CloudFormation takes at most 1000000"),
    "too deep": (b'{"Resources": ' + b'{"a":' * 20_000, r"broken\.yaml: nested too deeply"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_file_that_can_be_no_template_is_refused_in_one_line(tmp_path: Path, fault: str) -> None:
    content, message = BROKEN[fault]
    path = tmp_path / "broken.yaml"
    path.write_bytes(content)
    with pytest.raises(CheckError, match=message) as error:
        run.run_on([path])
    assert "\n" not in str(error.value)


def test_a_missing_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckError, match="absent: no such file or folder"):
        run.run_on([tmp_path / "absent"])


@pytest.mark.parametrize("hidden", ["folder", "link"])
def test_a_part_of_a_folder_that_cannot_be_looked_at_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hidden: str
) -> None:
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(PLANTED["recovery-on.yaml"]), encoding="utf-8")
    closed = tmp_path / "closed"
    closed.mkdir()
    assert [template.path.name for template in template_files.find([tmp_path]).templates] == ["a.yaml"]
    if hidden == "link":
        (closed / "b.yaml").symlink_to("nowhere")
    else:
        listing = Path.iterdir

        def iterdir(folder: Path) -> Iterator[Path]:  # no mode keeps root out of a folder
            if folder == closed:
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
            return listing(folder)

        monkeypatch.setattr(Path, "iterdir", iterdir)
    refusal = {
        "folder": r"closed: cannot be read \(Permission denied\)$",
        "link": r"b\.yaml: a link to nothing; remove it",
    }
    with pytest.raises(CheckError, match=refusal[hidden]):
        template_files.find([tmp_path])


def test_a_folder_without_templates_is_refused(tmp_path: Path) -> None:
    (tmp_path / "values.yaml").write_text("colour: blue\n", encoding="utf-8")
    with pytest.raises(CheckError, match="no CloudFormation template found"):
        run.run_on([tmp_path])


def test_a_region_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(PLANTED["recovery-on.yaml"]), encoding="utf-8")
    with pytest.raises(CheckError, match="cfn-lint does not know the region 'eu-nowhere-1'"):
        run.run_on([tmp_path], "eu-nowhere-1")


def test_a_file_that_is_named_and_lies_in_a_named_folder_is_checked_once(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(yaml.safe_dump(PLANTED["recovery-on.yaml"]), encoding="utf-8")
    assert [source.path for source in template_files.find([path, tmp_path]).templates] == [path]


def test_short_intrinsics_are_read_as_the_long_ones() -> None:
    body = template_files.parse("A: !Ref B\nC: !GetAtt D.Arn\nE: !Join ['', [a, !Sub '${F}']]\nG: !Condition H\n")
    assert body == {
        "A": {"Ref": "B"},
        "C": {"Fn::GetAtt": "D.Arn"},
        "E": {"Fn::Join": ["", ["a", {"Fn::Sub": "${F}"}]]},
        "G": {"Condition": "H"},
    }


def test_a_template_that_crashes_cfn_lint_is_unanswered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise TypeError("unhashable type: 'dict'")

    (tmp_path / "a.yaml").write_text(yaml.safe_dump(PLANTED["action-misspelt.yaml"]), encoding="utf-8")
    found = template_files.find([tmp_path]).templates
    assert [finding.rule for finding in cfn_lint.check(found, "us-east-1").findings] == ["W3037"]
    monkeypatch.setattr(cfn_lint, "run_template_by_data", crash)
    outcome = cfn_lint.check(found, "us-east-1")
    assert [unanswered.problem for unanswered in outcome.unanswered] == ["TypeError: unhashable type: 'dict'"]
    assert (outcome.passed, outcome.failed, outcome.findings) == (0, 0, ())


def test_a_rule_of_cfn_lint_that_crashes_is_unanswered_beside_what_the_others_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = {**PLANTED["action-misspelt.yaml"], "Description": 7}
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(template), encoding="utf-8")
    found = template_files.find([tmp_path]).templates
    monkeypatch.setattr(cfn_lint, "RULE_CRASHED", "W3037")
    outcome = cfn_lint.check(found, "us-east-1")
    assert len(outcome.unanswered) == 1
    assert [finding.rule for finding in outcome.findings] == ["E1004"]
    assert (outcome.passed, outcome.failed) == (0, 1)


def test_a_cfnlintrc_of_the_working_folder_hides_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(PLANTED["action-misspelt.yaml"]), encoding="utf-8")
    (tmp_path / ".cfnlintrc").write_text("ignore_checks: [W3037]\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    cfn_lint._linter.cache_clear()
    found = cfn_lint.check(template_files.find([tmp_path]).templates, "us-east-1")
    assert [finding.rule for finding in found.findings] == ["W3037"]
