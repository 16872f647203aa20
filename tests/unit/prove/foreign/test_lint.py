"""`check` looks at other people's policies: each fault is found, and its twin is not."""

import json
from pathlib import Path
from typing import Any

import pytest

from tableguard.prove.foreign.lint import lint
from tests.worlds.commands import run

DENIAL = {"Effect": "Deny", "Action": "dynamodb:DeleteTable", "Resource": "*"}


def written(folder: Path, name: str, content: Any) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2), encoding="utf-8")
    return folder


def document(**differs: Any) -> dict[str, Any]:
    statement = {key: value for key, value in {**DENIAL, **differs}.items() if value is not None}
    return {"Version": "2012-10-17", "Statement": [statement]}


FAULTS: list[tuple[str, dict[str, Any], str]] = [
    ("scp", {"Action": "dynamodb:DeletTable"}, "unknown-action"),
    ("scp", {"Resource": None}, "element"),
    ("role", {"Sid": "No deletion"}, "sid-characters"),
    (
        "scp",
        {"Action": ["s3:ListBucket", "s3:GetObject"], "Resource": "arn:aws:s3:::b/*"},
        "action-without-resource",
    ),
    ("scp", {"Condition": {"StringEquals": {"aws:requestedregoin": "eu-west-1"}}}, "unknown-key"),
    ("more", {"Action": "dynamodb:DeletTable"}, "unknown-action"),
]


@pytest.mark.parametrize(("kind", "differs", "rule"), FAULTS)
def test_a_fault_is_found_and_its_twin_is_not(kind: str, differs: dict[str, Any], rule: str, tmp_path: Path) -> None:
    broken = lint([written(tmp_path / "broken", f"{kind}/x.json", document(**differs))], {})
    assert [finding.rule for finding in broken.findings] == [rule]
    assert [str(outcome) for outcome in broken.outcomes] == ["policies of others: 0 files passed, 1 failed, 0 skipped"]
    right = lint([written(tmp_path / "right", f"{kind}/x.json", document())], {})
    assert right.findings == ()
    assert len(right.files) == 1


def test_a_rule_of_one_kind_is_asked_where_something_tells_the_kind(tmp_path: Path) -> None:
    of_principals = document(Principal="*")
    assert lint([written(tmp_path / "a", "scp/x.json", of_principals)], {}).findings
    assert not lint([written(tmp_path / "b", "more/x.json", of_principals)], {}).findings


def test_what_is_not_known_here_and_what_a_placeholder_stands_for_is_no_fault(tmp_path: Path) -> None:
    folder = written(tmp_path, "scp/x.json", document(Action="rds:*", Resource="arn:aws:rds:*:${Account}:db:x"))
    assert lint([folder], {}).findings == ()
    written(tmp_path, "scp/x.json", document(Action="rds:*", Resource="<any>"))
    assert lint([folder], {}).findings == ()
    assert lint([folder], {"any": "no ARN"}).findings


def test_files_without_a_policy_are_none_of_its_files(tmp_path: Path) -> None:
    written(tmp_path, "package.json", {"name": "x"})
    written(tmp_path, "waf.json", {"Statement": [{"ByteMatch": 1}]})
    written(tmp_path, "text.json", {"Policy": "not JSON"})
    written(tmp_path, "template.json", {"Resources": {"Guard": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {}}}})
    assert lint([tmp_path], {}).outcomes == ()


def test_check_finds_the_line_in_a_folder_of_policies_alone(tmp_path: Path) -> None:
    folder = written(tmp_path, "scp/x.json", document(Action="dynamodb:DeletTable"))
    ran = run("check", str(folder))
    assert ran.code == 1
    assert "scp/x.json:6: statement 1: Action: error unknown-action: dynamodb:DeletTable: no action of AWS's" in ran.out
    written(tmp_path, "scp/x.json", document())
    assert run("check", str(folder)).code == 0


def test_a_folder_without_policies_and_templates_is_still_refused(tmp_path: Path) -> None:
    assert "no CloudFormation template found" in run("check", str(written(tmp_path, "x.json", {"name": "x"}))).err


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"Version": "2012-10-17", "Statement": [["Deny"]]}', "Statement holds no statement with an Effect"),
        ('{"Version": "2012-10-17", "Statement": [], "Statement": []}', "key 'Statement' is written twice"),
        ('\ufeff{"Version": "2012-10-17", "Statement": []}', "begins with a byte order mark"),
        ('{"Version": "2023-01-01", "Statements": []}', None),  # no policy: another element
        ('{"Statement": {"RateBasedStatement": {"Limit": 100}}}', None),  # a rule of AWS WAF
    ],
)
def test_a_policy_that_cannot_be_read_fails_beside_one_that_passes(
    text: str, problem: str | None, tmp_path: Path
) -> None:
    written(tmp_path, "scp/right.json", document())
    (tmp_path / "scp" / "x.json").write_text(text, encoding="utf-8")
    answer = lint([tmp_path], {})
    assert [finding.rule for finding in answer.findings] == (["unreadable"] if problem else [])
    assert all(problem and problem in finding.problem for finding in answer.findings)
    assert len(answer.files) == (2 if problem else 1)
