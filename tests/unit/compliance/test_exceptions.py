"""What may break a rule is read strictly, covers a resource by name or pattern, and is no finding."""

import re
from pathlib import Path

import pytest

from tableguard.compliance import exceptions
from tableguard.compliance.deployed_rule import DeployedRule, Reach
from tableguard.compliance.exceptions import AcceptedBreach
from tableguard.compliance.judgement import Evaluation, Judgement, NotJudged
from tableguard.compliance.report import ComplianceReport
from tableguard.compliance.ruling import COMPLIANT, Ruling, broken
from tableguard.errors import ComplianceError
from tableguard.findings import formats
from tableguard.settings import example
from tests.cases.config_rules import BUCKET, item
from tests.paths import ROOT

RULE = DeployedRule("chat-versions", "AWS", "S3_BUCKET_VERSIONING_ENABLED", {}, Reach(), periodic=False)
BROKEN = broken("no versions", "enable them")


def evaluation(name: str, ruling: Ruling = BROKEN) -> Evaluation:
    return Evaluation(RULE, item(BUCKET, name, {}), ruling)


def report(*judgements: Judgement, accepted: tuple[AcceptedBreach, ...] = ()) -> ComplianceReport:
    return ComplianceReport((RULE,), judgements, accepted, "rules.py")


@pytest.mark.parametrize(
    ("rule", "resource", "covered"),
    [
        (RULE.identifier, "files", True),
        (RULE.identifier, "fil*", True),
        (RULE.identifier, "file", False),
        ("S3_BUCKET_LOGGING_ENABLED", "files", False),
    ],
)
def test_an_exception_covers_one_rule_and_what_its_pattern_names(rule: str, resource: str, covered: bool) -> None:
    accepted = (AcceptedBreach(rule, resource, "because"),)
    assert exceptions.reason_for(evaluation("files"), accepted) == ("because" if covered else "")
    assert report(evaluation("files"), accepted=accepted).exit_code == (0 if covered else 1)


def test_a_finding_is_named_for_the_managed_rule_or_for_the_guard_rule_itself() -> None:
    guard = DeployedRule("chat-tags-stay", "CUSTOM_POLICY", "", {}, Reach((BUCKET,)), periodic=False, text="rule")
    said = report(evaluation("files"), Evaluation(guard, item(BUCKET, "files", {}), BROKEN))
    assert [finding.rule for finding in said.findings] == ["s3-bucket-versioning-enabled", "chat-tags-stay"]


def test_what_was_not_judged_is_never_fine() -> None:
    assert report(evaluation("files", COMPLIANT)).exit_code == 0
    assert report(evaluation("files", COMPLIANT), NotJudged(RULE, "no policy")).exit_code == 2
    assert report(evaluation("files"), NotJudged(RULE, "no policy")).exit_code == 2


def test_one_reason_is_said_once_and_names_each_resource_in_json() -> None:
    files = [NotJudged(RULE, "no engine", item(BUCKET, name, {})) for name in ("new", "old")]
    said = report(*files, NotJudged(RULE, "no policy", item(BUCKET, "new", {})))
    assert said.text().splitlines() == [
        "chat-versions on 2 resources: not judged: no engine",
        "chat-versions: not judged: no policy",
        "1 rule, 0 verdicts: 0 compliant, 0 not compliant, 0 accepted, 0 not applicable; 3 not judged",
    ]
    assert [(fact["resource_id"], fact["reason"]) for fact in said.facts()["not_judged"]] == [
        ("new", "no engine"),
        ("old", "no engine"),
        ("new", "no policy"),
    ]


def test_the_three_formats_tell_the_same() -> None:
    accepted = (AcceptedBreach(RULE.identifier, "old", "it is old"),)
    said = report(evaluation("new"), evaluation("old"), evaluation("fine", COMPLIANT), accepted=accepted)
    assert said.text().splitlines() == [
        f"chat-versions: {BUCKET} old: accepted: no versions; it is old",
        f"chat-versions: {BUCKET} new: no versions; enable them",
        "1 rule, 3 verdicts: 1 compliant, 1 not compliant, 1 accepted, 0 not applicable; 0 not judged",
    ]
    assert [(fact["resource_id"], fact["compliance"], fact["accepted"]) for fact in said.facts()["evaluations"]] == [
        ("new", "NON_COMPLIANT", ""),
        ("old", "NON_COMPLIANT", "it is old"),
        ("fine", "COMPLIANT", ""),
    ]
    assert [(finding.level, finding.path) for finding in said.findings] == [
        ("error", f"{BUCKET}/new"),
        ("note", f"{BUCKET}/old"),
    ]
    assert '"level": "note"' in formats.write(said, "sarif")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[[exception]]\nrule = "R"\nresource = "x"\n', "exception 1: reason: missing"),
        ('[[exception]]\nrule = "R"\nresource = "x"\nreason = ""\n', "exception 1: reason: '' is not accepted"),
        ('[[exception]]\nrule = "R"\nresource = "x"\nreason = "y"\nmore = 1\n', "exception 1: more"),
        ("", "exception: missing"),
    ],
)
def test_a_file_that_says_too_little_or_too_much_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    file = tmp_path / "config_exceptions.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ComplianceError, match=problem):
        exceptions.load({}, file)


def test_the_page_of_the_first_day_names_each_exception_and_no_other() -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    first_day = page.partition("### The first day")[2].partition("In an account that was used before")[0]
    rows = re.findall(r"^\| `([A-Z0-9_]+)`(?:, with the stack `[a-z]+`)? \|", first_day, flags=re.MULTILINE)
    assert sorted(rows) == sorted({breach.rule for breach in exceptions.load(example().policy_values())})
