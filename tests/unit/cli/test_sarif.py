"""The SARIF of every command that gives it: valid, at files that exist, with a line for templates and policies."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from tableguard.cli.app import main
from tests.engines.checkov import needs_checkov
from tests.worlds import sarif

SETTINGS = ("--settings", "templates/settings/default.toml")
OPEN = {"Sid": "Open", "Effect": "Allow", "Action": "*", "Resource": "*"}
DENIAL = {"Sid": "Denial", "Effect": "Deny", "Action": "*", "Resource": "*"}
TABLE = {
    "Type": "AWS::DynamoDB::Table",
    "DeletionPolicy": "Retain",
    "UpdateReplacePolicy": "Retain",
    "Properties": {
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
    },
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A template without backups, an SCP that denies all but one action, another without that gap, and a promise."""
    (tmp_path / "template.yaml").write_text(yaml.safe_dump({"Resources": {"Messages": TABLE}}), encoding="utf-8")
    for name, more in (("old", [DENIAL]), ("new", [{**DENIAL, "Action": ["s3:*", "lambda:*"]}])):
        (tmp_path / name).mkdir()
        document = {"Version": "2012-10-17", "Statement": [OPEN, *more]}
        (tmp_path / name / "scp.json").write_text(json.dumps(document, indent=2), encoding="utf-8")
    promise = 'kind = "scp"\n[[must-deny]]\nAction = ["dynamodb:DeleteTable"]\nname = "nobody deletes a table"\n'
    (tmp_path / "promises.toml").write_text(promise, encoding="utf-8")
    return tmp_path


def written(arguments: Sequence[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, list[dict[str, Any]]]:
    code = main([*arguments, "--sarif"])
    return code, sarif.results(capsys.readouterr().out)


def places(results: list[dict[str, Any]]) -> set[tuple[str, str, int]]:
    """Rule, file's name and line of each result."""
    physical = [(result["ruleId"], result["locations"][0]["physicalLocation"]) for result in results]
    return {
        (rule, Path(place["artifactLocation"]["uri"]).name, place["region"]["startLine"]) for rule, place in physical
    }


@needs_checkov
def test_check(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, results = written(["check", str(folder / "template.yaml")], capsys)
    assert code == 1
    assert ("CKV_AWS_28", "template.yaml", 2) in places(results)


def test_prove(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["--policies", str(folder / "new"), "--claims", str(folder / "promises.toml")]
    code, results = written(["prove", *SETTINGS, *asked], capsys)
    assert (code, places(results)) == (1, {("refuted", "promises.toml", 4)})


def test_diff(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, results = written(["diff", *SETTINGS, "--kind", "scp", str(folder / "old"), str(folder / "new")], capsys)
    statement = (folder / "new" / "scp.json").read_text(encoding="utf-8").splitlines().index("    {", 9) + 1
    assert (code, places(results)) == (1, {("newly-allowed", "scp.json", statement)})


def test_explain(capsys: pytest.CaptureFixture[str]) -> None:
    code, results = written(["explain", *SETTINGS, "dynamodb:DeleteTable", "table/<table-name>"], capsys)
    document = Path("policies/scp/deny_strangers.json").read_text(encoding="utf-8").splitlines()
    ((rule, file, line),) = places(results)
    assert (code, rule, file) == (1, "request-denied", "deny_strangers.json")
    assert '"Sid": "DenyStrangersAtTheTable"' in document[line]


def test_preflight(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, results = written(["preflight", *SETTINGS, "--policies", str(folder / "new"), "stream"], capsys)
    rendered = Path("templates/rendered/stream.yaml").read_text(encoding="utf-8").splitlines()
    assert code == 1
    assert {rule for rule, _, _ in places(results)} == {"scp-stops-deployment"}
    named = {result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] for result in results}
    assert {f"Resources/{rendered[line - 1].strip(' :')}" for _, _, line in places(results)} == named


def test_reach(capsys: pytest.CaptureFixture[str]) -> None:
    code, results = written(["reach", *SETTINGS, "--from", "deployer", "--to", "message-read"], capsys)
    contract = Path("policies/together.toml").read_text(encoding="utf-8").splitlines()
    ((rule, file, line),) = places(results)
    assert (code, rule, file, contract[line - 1]) == (1, "goal-reached", "together.toml", "[goals.message-read]")
