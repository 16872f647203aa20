"""The commands about policies: what they print, and their exit codes."""

import argparse
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tableguard.cli.commands import policies as commands
from tableguard.errors import CheckError, PolicyError
from tableguard.paths import EXAMPLE_SETTINGS
from tableguard.policy.shorthand import Shorthand
from tableguard.policy.worlds import EVERY_REQUEST
from tableguard.prove.diff.difference import difference
from tableguard.prove.engine.question import Scope
from tableguard.settings import example
from tests.worlds.policies import TABLE
from tests.worlds.proofs import EXEMPTION, under

SETTINGS = EXAMPLE_SETTINGS / "default.toml"
TABLE_DENIAL = {"Action": "dynamodb:DeleteTable", "Resource": TABLE, "Condition": EXEMPTION}
DENIAL = "policies/scp/deny_table_destruction.json"
SCOPE = Scope(EVERY_REQUEST, "anyone", Shorthand(example()).estate)


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
    place = result["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": claims_file.as_uri()}, "region": {"startLine": 2}}


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


def test_explain_takes_an_empty_value_and_no_key_without_one(capsys: pytest.CaptureFixture[str]) -> None:
    asked = {"principal": "role/Admin", "action": "dynamodb:ListTables", "resource": "*"}
    commands.explain(options(**asked, context=["aws:PrincipalTag/team="]))
    assert "aws:PrincipalTag/team = (empty)" in capsys.readouterr().out
    with pytest.raises(PolicyError, match="accepted: KEY=VALUE"):
        commands.explain(options(**asked, context=["aws:PrincipalTag/team"]))


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
    printed = capsys.readouterr().out
    assert "newly allowed: dynamodb:DeleteBackup" in printed
    assert "dynamodb:DeleteTable," not in printed
    assert "actions of dynamodb that AWS may add, such as dynamodb:delete" in printed
    assert commands.diff(options(old=new, new=old)) == 0
    assert "newly denied: dynamodb:DeleteBackup" in capsys.readouterr().out


def policies(folder: Path, **documents: list[dict[str, Any]]) -> Path:
    """A folder with a document for each kind__name."""
    for name, statements in documents.items():
        path = folder / f"{name.replace('__', '/')}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"Version": "2012-10-17", "Statement": statements}))
    return folder


NO_DELETION = {"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"}
TABLES = {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}
NO_TABLES = {**TABLES, "Effect": "Deny"}
THROUGH = {**TABLES, "Principal": "*"}
BOTH: dict[str, list[dict[str, Any]]] = {
    "scp__a": [NO_DELETION],
    "endpoint__e": [THROUGH],
    "role__r": [TABLES, {**NO_TABLES, "Action": "s3:*"}],
}


@pytest.mark.parametrize(
    ("changed", "code", "said"),
    [
        ({}, 0, "same meaning"),
        ({"scp__a": None, "scp__b": [NO_DELETION]}, 0, "same meaning"),  # SCPs are compared together
        ({"scp__a": None}, 1, "service control policies: newly allowed: s3:DeleteBucket"),
        (
            {"rcp__r": [{**NO_DELETION, "Principal": "*"}]},
            0,
            "resource control policies: newly denied: s3:DeleteBucket",
        ),
        ({"endpoint__e": [{**THROUGH, "Action": "*"}]}, 1, "endpoint/e.json: newly allowed: "),
        ({"endpoint__e": None}, 1, "endpoint/e.json: only before"),
        ({"role__q": [NO_TABLES]}, 1, "role/q.json: only after"),
        # a denial counts beside policies that allow, what is allowed without them
        ({"role__r": [TABLES]}, 1, "role/r.json: newly allowed: all "),
        (
            {"role__r": [{**NO_TABLES, "Action": "s3:*"}]},
            0,
            "role/r.json: newly denied: all 79 known actions of dynamodb",
        ),
    ],
)
def test_diff_of_folders_compares_each_layer_by_itself(
    changed: dict[str, Any], code: int, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = {name: found for name, found in {**BOTH, **changed}.items() if found is not None}
    asked = options(old=policies(tmp_path / "old", **BOTH), new=policies(tmp_path / "new", **new))
    assert commands.diff(asked) == code
    assert said in capsys.readouterr().out


def test_diff_of_allow_lists_does_not_assume_full_access(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    allow = {**TABLES, "Action": ["s3:*", "sqs:*"]}
    old = policies(tmp_path / "old", scp__a=[allow])
    new = policies(tmp_path / "new", scp__a=[{**allow, "Action": "s3:*"}])
    assert commands.diff(options(old=old, new=new, json=True)) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["documents"] == ["scp/a.json (scp)"]
    assert "without FullAWSAccess" in found["assumed"][0]
    assert {action.partition(":")[0] for change in found["changes"] for action in change["actions"]} == {"sqs"}


def test_changes_for_other_callers_are_told_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    read = {**NO_DELETION, "Action": ["s3:DeleteBucket", "s3:GetObject"]}
    exempt = {**read, "Action": "s3:GetObject", "Condition": EXEMPTION}
    asked = options(old=policies(tmp_path / "old", scp__a=[read]), new=policies(tmp_path / "new", scp__a=[exempt]))
    assert commands.diff(options(**{**vars(asked), "json": True})) == 1
    changes = json.loads(capsys.readouterr().out)["changes"]
    assert sorted((*change["actions"], len(change["callers"]) == 1) for change in changes) == [
        ("s3:DeleteBucket", False),
        ("s3:GetObject", True),
    ]


@pytest.mark.parametrize("command", [commands.prove, commands.diff, commands.explain, commands.preflight])
def test_two_formats_at_once_are_refused(command: Any, tmp_path: Path) -> None:
    path = denial(tmp_path, "s3:*")
    given = {"old": path, "new": path, "principal": "role/Admin", "action": "s3:GetObject", "resource": "*"}
    with pytest.raises(CheckError, match="--json and --sarif are two formats"):
        command(options(json=True, sarif=True, **given))


def test_a_region_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    asked = {"principal": "role/Admin", "action": "dynamodb:ListTables", "resource": "*"}
    with pytest.raises(PolicyError, match="--region 'mars': not the name of a region"):
        commands.explain(options(**asked, region="mars"))
    commands.explain(options(**asked, region="eu-west-1"))
    assert "eu-west-1" in capsys.readouterr().out


def test_what_was_read_left_out_and_assumed_is_part_of_the_answer(
    tmp_path: Path, claims_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = policies(tmp_path / "policies", scp__a=[NO_DELETION])
    (folder / "README.md").write_text("about")
    assert commands.prove(options(policies=folder, claims=claims_file, json=True)) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["documents"] == ["scp/a.json (scp)"]
    assert found["left_out"] == [str(folder / "README.md")]
    (promise,) = found["promises"]
    assert "the callers' own policies allow everything" in promise["assumed"]
    assert "scp policy everything is FullAWSAccess" in promise["counterexample"]["assumed"]


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


def test_preflight_takes_the_scps_of_a_folder_and_names_what_it_leaves_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = policies(tmp_path / "mixed", scp__a=[NO_DELETION], role__r=[{**NO_TABLES, "Action": "*"}])
    assert commands.preflight(options(stack=["table"], policies=folder)) == 0
    assert "r.json: no SCP, left out" in capsys.readouterr().err


def test_preflight_names_the_resource_that_an_scp_stops(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.preflight(options(stack=["table"], policies=denial(tmp_path, "dynamodb:CreateTable"))) == 1
    assert "(AWS::DynamoDB::Table): dynamodb:CreateTable stopped: denied by scp" in capsys.readouterr().out
