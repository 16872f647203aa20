"""cfn-guard's answer is read, not its exit code: what judges nothing is an error, never compliant."""

import json
from pathlib import Path

import pytest

from tableguard.compliance.item import ConfigurationItem
from tableguard.errors import ComplianceError
from tableguard.local.configuration import guard
from tests.engines.cfn_guard import as_new_versions_run, engine, needs_cfn_guard, needs_new_cfn_guard

RULE = 'rule home when resourceType == "AWS::DynamoDB::Table" { awsRegion == "eu-central-1" }\n'
# what has no rule, and what is no rule
VACUOUS = ("", "# only a comment\n", "let region = 1\n", "rule {{{")


def item(resource_type: str = "AWS::DynamoDB::Table", region: str = "eu-central-1") -> ConfigurationItem:
    return ConfigurationItem(resource_type, "t", "t", "arn", region, "111122223333", configuration={})


@needs_cfn_guard
def test_a_rule_is_kept_or_broken_or_says_nothing() -> None:
    assert engine().ruling(RULE, item()).compliance == "COMPLIANT"
    refused = engine().ruling(RULE, item(region="us-east-1"))
    assert refused.compliance == "NON_COMPLIANT"
    assert refused.problem == 'the Guard rule home: awsRegion is "us-east-1"'
    skipped = engine().ruling(RULE, item(resource_type="AWS::S3::Bucket"))
    assert (skipped.compliance, skipped.problem) == ("NOT_APPLICABLE", "the Guard rule home skips it")


@needs_cfn_guard
def test_one_broken_rule_of_two_breaks_the_text() -> None:
    both = RULE + 'rule named { resourceName == "other" }\n'
    assert engine().ruling(both, item()).compliance == "NON_COMPLIANT"
    report = engine().report(both, item().as_recorded())
    assert (report.kept, list(report.broken), report.skipped) == (("home",), ["named"], ())


@needs_cfn_guard
@pytest.mark.parametrize("text", VACUOUS)
def test_a_text_that_judges_nothing_is_an_error(text: str) -> None:
    with pytest.raises(ComplianceError, match=r"cfn-guard (judged nothing|cannot judge)"):
        engine().ruling(text, item())


@needs_new_cfn_guard
@pytest.mark.parametrize("text", VACUOUS)
def test_a_text_that_judges_nothing_is_an_error_in_the_new_version_too(text: str) -> None:
    with pytest.raises(ComplianceError, match=r"judged nothing"):
        as_new_versions_run(text, item().as_recorded())


def test_another_version_is_not_taken_for_the_one_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "cfn-guard"
    program.write_text("#!/bin/sh\necho cfn-guard 3.2.1\n")
    program.chmod(0o755)
    monkeypatch.setenv(guard.VARIABLE, str(program))
    guard.present.cache_clear()
    with pytest.raises(ComplianceError, match=r"this is no cfn-guard 2\.1\.4"):
        guard.present()
    program.write_text("#!/bin/sh\necho cfn-guard 2.1.4\n")
    answering = guard.present()
    assert answering is not None
    assert answering.program == program
    guard.present.cache_clear()


def test_where_there_is_none_nothing_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(guard.VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(guard, "ROOT", tmp_path)
    monkeypatch.chdir(tmp_path)
    guard.present.cache_clear()
    assert guard.present() is None
    assert "cargo install --locked cfn-guard@2.1.4" in guard.ABSENT
    guard.present.cache_clear()


def test_an_answer_that_is_none_says_what_the_engine_said(tmp_path: Path) -> None:
    program = tmp_path / "cfn-guard"
    program.write_text("#!/bin/sh\necho broken >&2\n")
    program.chmod(0o755)
    with pytest.raises(ComplianceError, match="cfn-guard cannot judge: broken"):
        guard.Guard(program).report(RULE, json.loads("{}"))
