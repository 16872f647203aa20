"""The commands about policies: what they print, and their exit codes."""

import argparse
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tableguard.errors import PolicyError
from tableguard.paths import EXAMPLE_SETTINGS
from tableguard.prove import commands
from tableguard.prove.difference import difference
from tableguard.prove.promises import EVERYTHING, estate
from tableguard.prove.question import Scope
from tableguard.settings import example
from tests.policy_world import TABLE
from tests.prove_world import EXEMPTION, under

SETTINGS = EXAMPLE_SETTINGS / "default.toml"
TABLE_DENIAL = {"Action": "dynamodb:DeleteTable", "Resource": TABLE, "Condition": EXEMPTION}
DENIAL = "policies/scp/deny_table_destruction.json"
SCOPE = Scope(EVERYTHING, "anyone", estate(example()))


def options(**given: Any) -> argparse.Namespace:
    standard = {
        "settings": SETTINGS,
        "json": False,
        "sarif": False,
        "tables": False,
        "policies": None,
        "claims": None,
        "region": "",
        "context": [],
        "kind": "",
        "stack": [],
    }
    return argparse.Namespace(**{**standard, **given})


def denial(folder: Path, action: str, name: str = "scp.json") -> Path:
    folder.mkdir(exist_ok=True)
    statement = {"Sid": "Denial", "Effect": "Deny", "Action": action, "Resource": "*"}
    path = folder / name
    path.write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    return path


@pytest.fixture
def claims_file(tmp_path: Path) -> Path:
    path = tmp_path / "claims.toml"
    path.write_text('[[must-deny]]\nname = "nobody deletes a table"\nAction = ["dynamodb:DeleteTable"]\n')
    return path


@pytest.mark.parametrize(
    ("action", "code", "said"),
    [
        ("dynamodb:DeleteTable", 0, "1 of 1 promises proved"),
        ("dynamodb:DeleteTabel", 1, "calls dynamodb:DeleteTable on"),
        ("sts:*", 1, "refuted"),
    ],
)
def test_prove_ends_with_1_and_the_request_where_a_promise_is_refuted(  # noqa: PLR0917  # two fixtures and a table
    action: str, code: int, said: str, tmp_path: Path, claims_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert commands.prove(options(policies=denial(tmp_path, action), claims=claims_file)) == code
    assert said in capsys.readouterr().out


def test_prove_tells_the_classes_and_the_facts_where_asked(
    tmp_path: Path, claims_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    commands.prove(options(policies=denial(tmp_path, "dynamodb:*"), claims=claims_file, tables=True))
    printed = capsys.readouterr().out
    assert "classes denied by scp policy" in printed
    assert "assumed: every request carries aws:RequestedRegion" in printed


def test_prove_as_json_has_the_counterexample_in_full(
    tmp_path: Path, claims_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    commands.prove(options(policies=denial(tmp_path, "s3:*"), claims=claims_file, json=True))
    (promise,) = json.loads(capsys.readouterr().out)["promises"]
    assert promise["verdict"] == "refuted"
    assert promise["counterexample"]["request"]["action"] == "dynamodb:DeleteTable"


def test_prove_as_sarif_places_each_refuted_promise(
    tmp_path: Path, claims_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    commands.prove(options(policies=denial(tmp_path, "s3:*"), claims=claims_file, sarif=True))
    sarif = json.loads(capsys.readouterr().out)
    (result,) = sarif["runs"][0]["results"]
    assert sarif["version"] == "2.1.0"
    assert result["ruleId"] == "refuted"
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == str(claims_file)


def test_what_is_undefined_ends_with_2(tmp_path: Path, claims_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = denial(tmp_path, "dynamodb:DeleteTable")
    document = json.loads(path.read_text())
    document["Statement"][0]["Condition"] = {"StringLike": {"aws:userid": "*:session"}}
    path.write_text(json.dumps(document))
    assert commands.prove(options(policies=path, claims=claims_file)) == 2
    assert "not proved: aws:userid" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("principal", "code", "said"),
    [
        ("role/Admin", 1, "denied: denied by scp policy deny_table_destruction, statement DenyTableDestruction"),
        ("break-glass", 0, "allowed: "),
    ],
)
def test_explain_tells_what_every_layer_says(
    principal: str, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = options(principal=principal, action="dynamodb:DeleteTable", resource="table/<table-name>")
    assert commands.explain(asked) == code
    printed = capsys.readouterr().out
    assert said in printed
    assert "identity  allows" in printed


def test_a_denial_is_a_finding_at_the_document_that_denies(capsys: pytest.CaptureFixture[str]) -> None:
    asked = {"action": "dynamodb:DeleteTable", "resource": "table/<table-name>", "sarif": True}
    assert commands.explain(options(principal="role/Admin", **asked)) == 1
    (result,) = json.loads(capsys.readouterr().out)["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == DENIAL
    assert commands.explain(options(principal="break-glass", **asked)) == 0
    assert json.loads(capsys.readouterr().out)["runs"][0]["results"] == []


@pytest.mark.parametrize(
    ("action", "resource", "problem"),
    [
        ("dynamodb:DeleteTable", "<table-name>", "does not act on '<table-name>'; accepted: table/<TableName>"),
        ("dynamodb:DeleteTable", "*", "does not act on '*'; accepted: table/<TableName>"),
        ("dynamodb:ListTables", "table/<table-name>", "accepted: no resource: leave it out"),
        (
            "DeleteTable",
            "table/<table-name>",
            "action 'DeleteTable': accepted: SERVICE:NAME, as in dynamodb:DeleteTable",
        ),
    ],
)
def test_a_request_that_aws_does_not_have_is_not_explained(action: str, resource: str, problem: str) -> None:
    with pytest.raises(PolicyError, match=re.escape(problem)):
        commands.explain(options(principal="role/Admin", action=action, resource=resource))


def test_diff_tells_what_is_newly_allowed_and_denied(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = denial(tmp_path / "old", "dynamodb:Delete*"), denial(tmp_path / "new", "dynamodb:DeleteTable*")
    assert commands.diff(options(old=old, new=new)) == 1
    assert "newly allowed: dynamodb:DeleteBackup" in capsys.readouterr().out
    assert commands.diff(options(old=new, new=old)) == 0
    assert "newly denied: dynamodb:DeleteBackup" in capsys.readouterr().out


def test_diff_of_two_ways_to_say_the_same_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = denial(tmp_path / "old", "dynamodb:DeleteTable"), denial(tmp_path / "new", "DynamoDB:deletetable")
    assert commands.diff(options(old=old, new=new)) == 0
    assert "same meaning" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new", "newly"),
    [
        (TABLE_DENIAL, {**TABLE_DENIAL, "Action": "dynamodb:Delete*"}, {"denied"}),
        (TABLE_DENIAL, {**TABLE_DENIAL, "Resource": f"{TABLE}x"}, {"allowed", "denied"}),
        (TABLE_DENIAL, {**TABLE_DENIAL, "Condition": {"ArnNotEquals": EXEMPTION["ArnNotLike"]}}, set()),
    ],
)
def test_a_difference_is_what_is_answered_otherwise(old: dict[str, Any], new: dict[str, Any], newly: set[str]) -> None:
    assert {change.newly for change in difference(under(old), under(new), SCOPE).changes} == newly


def test_preflight_finds_nothing_in_the_way_of_the_shipped_stacks(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.preflight(options()) == 0
    assert " 0 stopped" in capsys.readouterr().out


def test_preflight_names_the_resource_that_an_scp_stops(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.preflight(options(stack=["table"], policies=denial(tmp_path, "dynamodb:CreateTable"))) == 1
    assert "(AWS::DynamoDB::Table): dynamodb:CreateTable stopped: denied by scp" in capsys.readouterr().out
