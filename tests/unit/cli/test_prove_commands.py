"""The commands about policies: what they print, and their exit codes."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tableguard.paths import EXAMPLE_SETTINGS
from tableguard.policy.shorthand import Shorthand
from tableguard.policy.worlds import EVERY_REQUEST, Scope
from tableguard.prove.diff.difference import difference
from tableguard.settings import example
from tests.worlds import commands
from tests.worlds.policies import TABLE
from tests.worlds.proofs import EXEMPTION, under

SETTINGS = EXAMPLE_SETTINGS / "default.toml"
TABLE_DENIAL = {"Action": "dynamodb:DeleteTable", "Resource": TABLE, "Condition": EXEMPTION}
DELETION = ("dynamodb:DeleteTable", "table/<table-name>")
DENIAL = "policies/scp/deny_strangers.json"
SCOPE = Scope(EVERY_REQUEST, "anyone", Shorthand(example()).estate)


def run(name: str, *arguments: object, code: int = 0) -> str:
    """Run a command with the example settings, expect its exit code, and return what it printed."""
    ran = commands.run(name, *map(str, arguments), "--settings", str(SETTINGS))
    assert ran.code == code, ran
    return ran.err if code == 2 and not ran.out else ran.out


def denial(folder: Path, action: str, name: str = "scp.json") -> Path:
    folder.mkdir(exist_ok=True)
    statement = {"Sid": "Denial", "Effect": "Deny", "Action": action, "Resource": "*"}
    path = folder / name
    path.write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    return path


@pytest.fixture
def promises(tmp_path: Path) -> Path:
    path = tmp_path / "promises.toml"
    path.write_text('[[must-deny]]\nname = "nobody deletes a table"\nAction = ["dynamodb:DeleteTable"]\n')
    return path


@pytest.mark.parametrize(
    ("action", "code", "words"),
    [
        ("dynamodb:DeleteTable", 0, "1 of 1 promises proved"),
        ("dynamodb:DeleteTabel", 1, "calls dynamodb:DeleteTable on"),
        ("sts:*", 1, "refuted"),
    ],
)
def test_prove_ends_with_1_and_the_request_where_a_promise_is_refuted(  # two fixtures and a table
    action: str, code: int, words: str, tmp_path: Path, promises: Path
) -> None:
    assert words in run("prove", "--policies", denial(tmp_path, action), "--promises", promises, code=code)


def test_prove_tells_the_classes_and_the_facts_where_asked(tmp_path: Path, promises: Path) -> None:
    policies = denial(tmp_path, "dynamodb:*")
    printed = run("prove", "--policies", policies, "--promises", promises, "--tables")
    assert "classes denied by scp policy" in printed
    assert "assumed: every request carries aws:" in printed


def test_prove_as_json_has_the_counterexample_in_full(tmp_path: Path, promises: Path) -> None:
    policies = denial(tmp_path, "s3:*")
    printed = run("prove", "--policies", policies, "--promises", promises, "--json", code=1)
    (promise,) = json.loads(printed)["promises"]
    assert promise["verdict"] == "refuted"
    assert promise["counterexample"]["request"]["action"] == "dynamodb:DeleteTable"


def test_the_older_name_of_the_option_names_the_same_file(tmp_path: Path, promises: Path) -> None:
    policies = denial(tmp_path, "dynamodb:DeleteTable")
    assert "1 of 1 promises proved" in run("prove", "--policies", policies, "--claims", promises)
    both = run("prove", "--policies", policies, "--claims", promises, "--promises", promises, code=2)
    assert "--promises and --claims exclude each other" in both


@pytest.mark.parametrize("option", ["--policies", "--promises"])
def test_documents_and_promises_go_together(option: str, promises: Path) -> None:
    assert "--policies and --promises go together" in run("prove", option, promises, code=2)


def test_prove_as_sarif_places_each_refuted_promise(tmp_path: Path, promises: Path) -> None:
    policies = denial(tmp_path, "s3:*")
    sarif = json.loads(run("prove", "--policies", policies, "--promises", promises, "--sarif", code=1))
    (result,) = sarif["runs"][0]["results"]
    assert sarif["version"] == "2.1.0"
    assert result["ruleId"] == "refuted"
    place = result["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": promises.as_uri()}, "region": {"startLine": 2}}


def test_what_is_undefined_ends_with_2(tmp_path: Path, promises: Path) -> None:
    path = denial(tmp_path, "dynamodb:DeleteTable")
    document = json.loads(path.read_text())
    document["Statement"][0]["Condition"] = {"StringLike": {"aws:SourceVpc": "*${aws:userid}"}}
    path.write_text(json.dumps(document))
    assert "not proved: dynamodb:DeleteTable: *${aws:userid} has a wildcard" in run(
        "prove", "--policies", path, "--promises", promises, code=2
    )


@pytest.mark.parametrize(
    ("principal", "code", "words"),
    [
        ("role/Admin", 1, "denied by statement DenyStrangersAtTheTable of SCP deny_strangers (policies/scp"),
        ("break-glass", 0, "allowed by "),
    ],
)
def test_explain_tells_what_every_layer_says(principal: str, code: int, words: str) -> None:
    printed = run("explain", *DELETION, "--principal", principal, code=code)
    assert words in printed
    assert "identity  allows" in printed


def test_explain_takes_an_empty_value_and_no_key_without_one() -> None:
    printed = run("explain", "dynamodb:ListTables", "--context", "aws:PrincipalTag/team=")
    assert "aws:PrincipalTag/team = (empty)" in printed
    assert "accepted: KEY=VALUE" in run("explain", "dynamodb:ListTables", "--context", "aws:PrincipalTag/team", code=2)


def test_explain_takes_no_context_key_that_aws_does_not_have() -> None:
    arguments = ("explain", "dynamodb:ListTables", "--context")
    assert "--context: aws:SourceVpcee: AWS knows no such context key" in run(*arguments, "aws:SourceVpcee=x", code=2)
    assert "allowed" in run(*arguments, "aws:SourceVpc=x")
    assert "allowed" in run(*arguments, "ecs:cluster=x")


def test_a_denial_is_a_finding_at_the_document_that_denies() -> None:
    (result,) = json.loads(run("explain", *DELETION, "--sarif", code=1))["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == DENIAL
    allowed = run("explain", *DELETION, "--principal", "break-glass", "--sarif")
    assert json.loads(allowed)["runs"][0]["results"] == []


@pytest.mark.parametrize(
    ("action", "resource", "problem"),
    [
        ("dynamodb:DeleteTable", "<table-name>", "does not act on '<table-name>'; accepted: table/<TableName>"),
        ("dynamodb:DeleteTable", "*", "does not act on '*'; accepted: table/<TableName>"),
        ("dynamodb:ListTables", "table/<table-name>", "accepted: no resource: leave it out"),
        ("cloudwatch:PutMetricAlarm", "*", "does not act on '*'; accepted: alarm:<AlarmName> or dataset/<DatasetId>"),
        ("cloudwatch:PutMetricData", "alarm:a", "accepted: dataset/<DatasetId> or no resource: leave it out"),
        ("dynamodb:Bogus", "*", "dynamodb:Bogus: IAM has no such action; no action of dynamodb is named like Bogus"),
        ("dynamodb:DeletTable", "*", "IAM has no such action; accepted: dynamodb:DeleteTable, "),
        (
            "dynamodb:ExecuteStatement",
            "table/<table-name>",
            "it is an operation of dynamodb's API, and its actions are dynamodb:PartiQLSelect, dynamodb:PartiQLInsert",
        ),
        ("DYNAMODB:transactgetitems", "*", "and its actions are dynamodb:GetItem"),
        (
            "DeleteTable",
            "table/<table-name>",
            "action 'DeleteTable': accepted: SERVICE:NAME, as in dynamodb:DeleteTable",
        ),
    ],
)
def test_a_request_that_aws_does_not_have_is_not_explained(action: str, resource: str, problem: str) -> None:
    assert problem in run("explain", action, resource, code=2)


@pytest.mark.parametrize(
    ("action", "resource", "note"),
    [
        ("cloudwatch:PutMetricData", "*", "asked for a request that names no dataset"),
        ("events:UpdateEventBus", "*", "asked for a request that names no event-bus or event-busv2"),
        ("dynamodb:DescribeBulkOperation", "*", "alone: which resources and context keys it has is not known"),
        ("ecs:ExecuteCommand", "*", "the actions of ecs are not known here: taken for one as it is written"),
    ],
)
def test_explain_notes_what_is_open_about_the_action(action: str, resource: str, note: str) -> None:
    (line,) = [line for line in run("explain", action, resource).splitlines() if line.startswith("    action    ")]
    assert line.endswith(note)


@pytest.mark.parametrize(
    ("action", "resource"), [("dynamodb:ListTables", "*"), ("cloudwatch:PutMetricData", "dataset/default")]
)
def test_explain_notes_nothing_about_an_action_that_is_known(action: str, resource: str) -> None:
    assert "    action " not in run("explain", action, resource)


REFUSAL = (
    "User: arn:aws:sts::111122223333:assumed-role/Admin/ida is not authorized to perform: dynamodb:DeleteTable on "
    "resource: arn:aws:dynamodb:eu-central-1:111122223333:table/cruddur-messages"
)


def test_why_names_the_statement_of_a_message_of_a_file_and_of_stdin(tmp_path: Path) -> None:
    said = run("why", REFUSAL)
    assert said.splitlines()[-1] == "`tableguard prove` tells which promises would no longer hold"
    assert f"refused by statement DenyStrangersAtTheTable of SCP deny_strangers ({DENIAL}:" in said
    (tmp_path / "message.txt").write_text(REFUSAL, encoding="utf-8")
    assert run("why", tmp_path / "message.txt") == said
    record = {
        "eventName": "DeleteTable",
        "errorCode": "AccessDenied",
        "errorMessage": REFUSAL,
        "awsRegion": "eu-central-1",
    }
    (tmp_path / "a trail's.json.gz").write_bytes(gzip.compress(json.dumps({"Records": [record]}).encode()))
    assert run("why", tmp_path / "a trail's.json.gz") == said
    piped = commands.run("why", "-", "--json", "--settings", str(SETTINGS), answer=json.dumps(record))
    assert json.loads(piped.out)["refused_by"]["sid"] == "DenyStrangersAtTheTable"


def test_why_ends_with_2_for_what_it_cannot_read_or_is_not_denied(tmp_path: Path) -> None:
    assert "no message of denied access is found" in run("why", "Access Denied", code=2)
    assert "nor a file that can be read (No such file" in run("why", tmp_path / "none.json", code=2)
    (tmp_path / "bytes").write_bytes(b"\xff\xff")
    assert "nor a file that can be read (not UTF-8)" in run("why", tmp_path / "bytes", code=2)
    (tmp_path / "cut.gz").write_bytes(gzip.compress(b"{}")[:12])
    assert "nor a file that can be read" in run("why", tmp_path / "cut.gz", code=2)
    admitted = REFUSAL.replace("assumed-role/Admin", "assumed-role/cruddur-break-glass")
    assert "the policies here do not deny that" in run("why", admitted, code=2)


def test_diff_tells_what_is_newly_allowed_and_denied(tmp_path: Path) -> None:
    old, new = denial(tmp_path / "old", "dynamodb:Delete*"), denial(tmp_path / "new", "dynamodb:DeleteTable*")
    printed = run("diff", old, new, code=1)
    assert "newly allowed: dynamodb:DeleteBackup" in printed
    assert "dynamodb:DeleteTable," not in printed
    assert "actions of dynamodb that AWS may add, such as dynamodb:delete" in printed
    assert "newly denied: dynamodb:DeleteBackup" in run("diff", new, old)


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
    ("changed", "code", "words"),
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
            "role/r.json: newly denied: all 83 known actions of dynamodb",
        ),
    ],
)
def test_diff_of_folders_compares_each_layer_by_itself(
    changed: dict[str, Any], code: int, words: str, tmp_path: Path
) -> None:
    new = {name: statements for name, statements in {**BOTH, **changed}.items() if statements is not None}
    old = policies(tmp_path / "old", **BOTH)
    assert words in run("diff", old, policies(tmp_path / "new", **new), code=code)


NAMED_OTHERWISE = "deny-kms-key-deletion"
NO_KEY_DELETION = {"Effect": "Deny", "Action": "kms:ScheduleKeyDeletion", "Resource": "*"}


def test_a_word_in_a_files_name_changes_no_answer(tmp_path: Path) -> None:
    folder = policies(tmp_path / "new", **{f"scp__{NAMED_OTHERWISE}": [NO_KEY_DELETION]})
    empty = policies(tmp_path / "old", scp__other=[NO_DELETION])
    promises = tmp_path / "promises.toml"
    promises.write_text('[[must-deny]]\nname = "keys stay"\nAction = "kms:ScheduleKeyDeletion"\n')
    assert "1 of 1 promises proved" in run("prove", "--policies", folder, "--promises", promises)
    assert "service control policies: newly denied: kms:ScheduleKeyDeletion" in run("diff", empty, folder, code=1)
    stopping = denial(tmp_path, "kms:CreateKey", f"{NAMED_OTHERWISE}.json")
    assert "kms:CreateKey stopped: denied by scp" in run("preflight", "table", "--policies", stopping, code=1)


@pytest.mark.parametrize("command", ["prove", "diff", "preflight"])
@pytest.mark.parametrize(
    ("differs", "problem"),
    [
        ({"Resource": None}, "neither Resource nor NotResource; AWS refuses it as an SCP"),
        ({"Condition": {"StringEquals": {"aws:requestedregoin": "x"}}}, "like it: aws:RequestedRegion"),
    ],
)
def test_what_aws_refuses_is_answered_by_no_command(
    command: str, differs: dict[str, Any], problem: str, tmp_path: Path, promises: Path
) -> None:
    statement = {key: value for key, value in {**NO_DELETION, **differs}.items() if value is not None}
    folder = policies(tmp_path / "policies", scp__a=[statement])
    arguments: dict[str, list[object]] = {
        "prove": ["--policies", folder, "--promises", promises],
        "diff": [folder, folder],
        "preflight": ["table", "--policies", folder],
    }
    assert problem in run(command, *arguments[command], code=2)


@pytest.mark.parametrize("kind", ["scp", "role"])
def test_diff_asks_for_the_kind_that_nothing_tells(kind: str, tmp_path: Path) -> None:
    for folder in ("old", "new"):
        policies(tmp_path / folder, x=[TABLES])
    arguments = ("diff", tmp_path / "old" / "x.json", tmp_path / "new" / "x.json")
    assert "nothing tells its kind: it allows and names no Principal; put it into a folder scp/ or role/" in run(
        *arguments, code=2
    )
    assert "same meaning" in run(*arguments, "--kind", kind)


def test_diff_of_allow_lists_does_not_assume_full_access(tmp_path: Path) -> None:
    allow = {**TABLES, "Action": ["s3:*", "sqs:*"]}
    old = policies(tmp_path / "old", scp__a=[allow])
    new = policies(tmp_path / "new", scp__a=[{**allow, "Action": "s3:*"}])
    facts = json.loads(run("diff", old, new, "--json"))
    assert facts["documents"] == ["scp/a.json (scp)"]
    assert "without FullAWSAccess" in facts["assumed"][0]
    assert {action.partition(":")[0] for change in facts["changes"] for action in change["actions"]} == {"sqs"}


def test_changes_for_other_callers_are_told_apart(tmp_path: Path) -> None:
    read = {**NO_DELETION, "Action": ["s3:DeleteBucket", "s3:GetObject"]}
    exempt = {**read, "Action": "s3:GetObject", "Condition": EXEMPTION}
    old, new = policies(tmp_path / "old", scp__a=[read]), policies(tmp_path / "new", scp__a=[exempt])
    changes = json.loads(run("diff", old, new, "--json", code=1))["changes"]
    assert sorted((*change["actions"], len(change["callers"]) == 1) for change in changes) == [
        ("s3:DeleteBucket", False),
        ("s3:GetObject", True),
    ]


@pytest.mark.parametrize("arguments", [["prove"], ["diff", "a", "b"], ["explain", "s3:GetObject"], ["preflight"]])
def test_two_formats_at_once_are_refused(arguments: list[str]) -> None:
    assert "--json and --sarif are two formats; choose one" in run(*arguments, "--json", "--sarif", code=2)


def test_a_region_that_is_none_is_refused() -> None:
    refused = run("explain", "dynamodb:ListTables", "--region", "mars", code=2)
    assert "--region 'mars': not the name of a region" in refused
    assert "eu-west-1" in run("explain", "dynamodb:ListTables", "--region", "eu-west-1")


def test_what_was_read_left_out_and_assumed_is_part_of_the_answer(tmp_path: Path, promises: Path) -> None:
    folder = policies(tmp_path / "policies", scp__a=[NO_DELETION])
    (folder / "README.md").write_text("about")
    facts = json.loads(run("prove", "--policies", folder, "--promises", promises, "--json", code=1))
    assert facts["documents"] == ["scp/a.json (scp)"]
    assert facts["left_out"] == [str(folder / "README.md")]
    (promise,) = facts["promises"]
    assert "the callers' own policies allow everything" in promise["assumed"]
    assert "scp policy everything is FullAWSAccess" in promise["counterexample"]["assumed"]


def test_diff_of_two_ways_to_say_the_same_says_so(tmp_path: Path) -> None:
    old, new = denial(tmp_path / "old", "dynamodb:DeleteTable"), denial(tmp_path / "new", "DynamoDB:deletetable")
    assert "same meaning" in run("diff", old, new)


BY_TEAM = {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}
BY_TEAM_OR_NONE = {"aws:ResourceTag/team": "${aws:PrincipalTag/team, 'none'}"}


def test_diff_compares_a_denial_unless_two_tags_are_equal(tmp_path: Path) -> None:
    old = policies(tmp_path / "old", scp__a=[{**NO_DELETION, "Condition": {"StringNotEquals": BY_TEAM}}])
    same = policies(tmp_path / "same", scp__a=[{**NO_DELETION, "Condition": {"StringNotLike": BY_TEAM}}])
    wider = policies(tmp_path / "wider", scp__a=[{**NO_DELETION, "Condition": {"StringNotEquals": BY_TEAM_OR_NONE}}])
    assert "same meaning" in run("diff", old, same)
    # a caller without the tag may delete what is tagged none
    printed = run("diff", old, wider, code=1)
    assert "newly allowed: s3:DeleteBucket" in printed
    assert "aws:ResourceTag/team = none" in printed


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


def test_preflight_finds_nothing_in_the_way_of_the_shipped_stacks() -> None:
    printed = run("preflight")
    assert " 0 stopped" in printed
    place = "stream/FailuresBucketPolicy (AWS::S3::BucketPolicy): s3:PutBucketPolicy"
    assert f"{place} left to break-glass once the SCPs are attached: denied by scp" in printed


def test_what_another_scp_denies_all_but_break_glass_stops_the_deployer(tmp_path: Path) -> None:
    exempt = {"ArnNotLike": {"aws:PrincipalArn": list(example().break_glass_roles)}}
    statement = {"Effect": "Deny", "Action": "s3:PutBucketPolicy", "Resource": "*", "Condition": exempt}
    folder = policies(tmp_path / "scps", scp__a=[statement])
    assert "(AWS::S3::BucketPolicy): s3:PutBucketPolicy stopped: denied by scp" in run(
        "preflight", "stream", "--policies", folder, code=1
    )


def test_preflight_takes_the_scps_of_a_folder_and_names_what_it_leaves_out(tmp_path: Path) -> None:
    folder = policies(tmp_path / "mixed", scp__a=[NO_DELETION], role__r=[{**NO_TABLES, "Action": "*"}])
    ran = commands.run("preflight", "table", "--policies", str(folder), "--settings", str(SETTINGS))
    assert (ran.code, "r.json: no SCP, left out" in ran.err) == (0, True)


def test_preflight_without_an_scp_asks_nothing_and_says_so(tmp_path: Path) -> None:
    folder = policies(tmp_path / "roles", role__r=[{**NO_TABLES, "Action": "*"}])
    assert f"{folder}: no SCP, so that nothing is asked" in run("preflight", "table", "--policies", folder, code=2)
    policies(folder, scp__a=[NO_DELETION])
    assert "0 stopped" in run("preflight", "table", "--policies", folder)


STORAGE = {"Effect": "Allow", "Action": ["s3:*", "kms:*", "sqs:*"], "Resource": "*"}
TREE = """
[[level]]
name = "root"
scps = ["FullAWSAccess", "a"]

[[level]]
name = "root/apps"
scps = {apps}

[[level]]
name = "root/apps/{account}"
"""


def tree(folder: Path, apps: str, account: str = example().account_id) -> Path:
    path = folder / "levels.toml"
    path.write_text(TREE.format(apps=apps, account=account))
    return path


def test_preflight_asks_the_scps_of_each_level_above_the_account(tmp_path: Path) -> None:
    folder = policies(tmp_path / "scps", scp__a=[NO_DELETION], scp__b=[STORAGE])
    stopped = run("preflight", "table", "--policies", folder, "--levels", tree(tmp_path, '["b"]'), code=1)
    assert "dynamodb:CreateTable stopped: not allowed by any scp policy" in stopped
    beside = tree(tmp_path, '["b", "FullAWSAccess"]')
    assert " 0 stopped" in run("preflight", "table", "--policies", folder, "--levels", beside)


def test_preflight_under_an_allow_list_alone_stops_what_it_does_not_allow(tmp_path: Path) -> None:
    folder = policies(tmp_path / "scps", scp__b=[STORAGE])
    assert "dynamodb:CreateTable stopped" in run("preflight", "table", "--policies", folder, code=1)
    wider = policies(tmp_path / "wider", scp__b=[STORAGE, {**STORAGE, "Action": "*"}])
    assert " 0 stopped" in run("preflight", "table", "--policies", wider)


def test_preflight_asks_at_which_level_the_account_is(tmp_path: Path) -> None:
    folder = policies(tmp_path / "scps", scp__a=[NO_DELETION], scp__b=[STORAGE])
    levels = tree(tmp_path, '["b"]', "444455556666")
    assert "no [[level]] is the account 111122223333; write one" in run(
        "preflight", "table", "--policies", folder, "--levels", levels, code=2
    )
    assert "name both" in run("preflight", "table", "--levels", levels, code=2)


def test_diff_tells_at_which_levels_something_changes(tmp_path: Path) -> None:
    old = policies(tmp_path / "old", scp__a=[NO_DELETION], scp__b=[STORAGE])
    new = policies(tmp_path / "new", scp__a=[NO_DELETION], scp__b=[{**STORAGE, "Action": ["s3:*", "kms:*"]}])
    levels = tree(tmp_path, '["b"]')
    printed = run("diff", old, new, "--levels", levels)
    assert "service control policies at root/apps, root/apps/111122223333: newly denied: " in printed
    assert "at root:" not in printed
    assert "same meaning" in run("diff", old, new, "--levels", tree(tmp_path, '["b", "FullAWSAccess"]'))
    sarif = json.loads(run("diff", old, new, "--levels", tree(tmp_path, '["b"]'), "--sarif"))
    (result, *_) = sarif["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].endswith("new/scp/b.json")


@pytest.mark.parametrize(("action", "noted"), [("s3:DeletBucket", True), ("s3:DeleteBucket", False)])
def test_prove_notes_a_promise_or_goal_about_an_action_that_aws_does_not_have(
    action: str, noted: bool, tmp_path: Path
) -> None:
    folder = policies(tmp_path / "scps", scp__a=[{**NO_DELETION, "Action": "s3:*"}])
    file = tmp_path / "promises.toml"
    goal = f'[goals.gone]\nsays = "x"\n[[goals.gone.calls]]\nAction = "{action}"\nResource = "arn:aws:s3:::x"\n'
    file.write_text(f'[[must-deny]]\nname = "kept"\nAction = "{action}"\n{goal}', encoding="utf-8")
    printed = run("prove", "--policies", folder, "--promises", file)
    for name in ("kept", "gone"):
        assert (f"{name}: Action: {action}: no action of AWS's is called so; like it: " in printed) is noted


@pytest.mark.parametrize(
    ("action", "document"), [("s3:DeleteBucket", "scp/a.json"), ("kms:ScheduleKeyDeletion", "scp/b.json")]
)
def test_diff_places_each_change_at_the_document_that_decides_it(action: str, document: str, tmp_path: Path) -> None:
    no_key = {**NO_DELETION, "Action": "kms:ScheduleKeyDeletion"}
    old = policies(tmp_path / "old", scp__a=[NO_DELETION], scp__b=[no_key])
    new = policies(
        tmp_path / "new", scp__a=[{**NO_DELETION, "Resource": "arn:aws:s3:::x"}], scp__b=[STORAGE, NO_TABLES]
    )
    results = json.loads(run("diff", old, new, "--sarif", code=1))["runs"][0]["results"]
    (place,) = (result["locations"][0] for result in results if f"newly allowed: {action}" in result["message"]["text"])
    assert place["physicalLocation"]["artifactLocation"]["uri"].endswith(f"new/{document}")


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ({"StringNotEqualsIfExists": {"aws:ResourceOrgID": "o-exampleorgid"}}, "stopped in some cases for "),
        ({"StringNotEquals": {"aws:PrincipalOrgID": "o-anotherorgid"}}, "stopped for "),
    ],
)
def test_preflight_says_of_what_it_counts_whether_it_is_stopped_in_some_cases_only(
    condition: dict[str, Any], words: str, tmp_path: Path
) -> None:
    denial_of_s3 = {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": condition}
    folder = policies(tmp_path / "scps", scp__a=[denial_of_s3])
    code = 1 if words == "stopped for " else 0
    assert f"s3:DeleteBucketCors: {words}" in run("preflight", "audit", "--policies", folder, code=code)


def test_a_file_of_promises_tells_its_levels_to_other_commands_and_one_without_is_refused(
    tmp_path: Path, promises: Path
) -> None:
    folder = policies(tmp_path / "scps", scp__a=[NO_DELETION], scp__b=[STORAGE])
    assert "no [[level]]" in run("diff", folder, folder, "--levels", promises, code=2)
    both = tree(tmp_path, '["b"]')
    both.write_text(promises.read_text() + both.read_text())
    assert "same meaning" in run("diff", folder, folder, "--levels", both)


def test_preflight_names_the_resource_that_an_scp_stops(tmp_path: Path) -> None:
    printed = run("preflight", "table", "--policies", denial(tmp_path, "dynamodb:CreateTable"), code=1)
    assert "(AWS::DynamoDB::Table): dynamodb:CreateTable stopped: denied by scp" in printed


def test_reach_shows_the_shortest_sequence_and_what_it_leaves_out() -> None:
    ran = run("reach", "--from", "deployer", "--to", "message-read", code=1)
    lines = ran.splitlines()
    assert "message-read: reads a message, or who takes part" in lines
    assert "    1. function-code: replaces the code of function:cruddur-pattern-d" in lines
    assert [line for line in lines if line.startswith("    2. ") and "calls dynamodb:BatchGetItem" in line]
    assert [line for line in lines if line.startswith("left out: ")]
    assert lines[-1] == "1 of 1 goal reached"


def test_reach_ends_well_where_no_goal_is_reached() -> None:
    printed = run("reach", "--from", "role/<name>-auditor", "--to", "role/Nobody", "--to", "trail-stopped")
    assert "trail-stopped: not reached" in printed
    taken = run("reach", "--without", "user-pool", "--without", "task-command")
    assert "taken to be impossible: user-pool" in taken


@pytest.mark.parametrize(("start", "code"), [("role/Admin", 1), ("role/<name>-auditor", 0)])
def test_reach_knows_that_somebody_may_make_what_a_goal_names(start: str, code: int) -> None:
    printed = run("reach", "--from", start, "--to", "user/somebody", code=code)
    assert ("1. make-user: makes user/somebody" in printed) is bool(code)


def test_reach_prints_the_same_as_json() -> None:
    facts = json.loads(run("reach", "--from", "deployer", "--to", "message-read", "--json", code=1))
    ((goal),) = facts["goals"]
    assert [step["step"] for step in goal["sequence"]] == ["function-code", "call"]
    statement = goal["sequence"][0]["calls"][0]["because"][-1]
    assert (statement["policy"], statement["sid"]) == ("role/deployer_function.json", "Function")
    assert facts["left_out"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--to", "moon"], "--to 'moon': accepted: break-glass, deployer"),
        (["--without", "flying"], "--without: 'flying' is no step; accepted: take-role"),
        (["--promises", "x.toml"], "--policies and --promises go together"),
        (["--to", "dynamodb:ExecuteStatement@*"], "IAM has no such action; it is an operation of dynamodb's API"),
        (["--to", "dynamodb:GetItm@*"], "dynamodb:GetItm: IAM has no such action; accepted: dynamodb:GetItem"),
    ],
)
def test_reach_refuses_what_there_is_not(arguments: list[str], problem: str) -> None:
    assert problem in run("reach", *arguments, code=2)


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        ("", "no message of denied access is found"),
        (" ", "no message of denied access"),
        (".", "nor a file that can be"),
    ],
)
def test_why_says_of_an_empty_message_that_it_is_none(message: str, problem: str) -> None:
    assert problem in run("why", message, code=2)
