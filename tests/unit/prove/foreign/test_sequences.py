"""Promises about sequences in anybody's documents: who has what, what runs as whom, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from tableguard.errors import PolicyError
from tableguard.prove.foreign import documents, promise_file
from tableguard.prove.reach.promises import ReachAnswer
from tableguard.settings import example
from tests.worlds.policies import ACCOUNT

TRUST_OF_ACCOUNT = {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
DOCUMENTS: dict[str, list[dict[str, Any]]] = {
    "role/clerk": [
        {"Action": ["sts:AssumeRole", "lambda:UpdateFunctionCode", "dynamodb:PutResourcePolicy"], "Resource": "*"}
    ],
    "role/strong": [{"Action": "s3:DeleteBucket", "Resource": "*"}],
    "trust/account": [TRUST_OF_ACCOUNT],
    "trust/service": [{"Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    "resource/table": [
        {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/strong"}, "Action": "dynamodb:Scan", "Resource": "*"}
    ],
}
TABLE = f"arn:aws:dynamodb:eu-central-1:{ACCOUNT}:table/t"
FUNCTION = f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:f"
GOALS = f"""
[goals.gone]
says = "deletes the bucket"
[[goals.gone.calls]]
Action = "s3:DeleteBucket"
Resource = "arn:aws:s3:::data"
[goals.read]
says = "reads the table"
[[goals.read.calls]]
on = "table"
Action = "dynamodb:Scan"
Resource = "{TABLE}"
"""
CLERK = '"user/clerk" = {policies = ["role/clerk"]}'


def strong(trust: str) -> str:
    return f'"role/strong" = {{policies = ["role/strong"], trust = "trust/{trust}"}}'


def answered(folder: Path, roles: str, goal: str = "gone", more: str = "", start: str = "user/clerk") -> ReachAnswer:
    """The answer to one promise, that nobody who begins as `start` reaches a goal."""
    for name, statements in DOCUMENTS.items():
        path = folder / f"{name}.json"
        path.parent.mkdir(exist_ok=True)
        content: dict[str, Any] = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", **each} for each in statements],
        }
        path.write_text(json.dumps(content), encoding="utf-8")
    promise = f'[[must-not-reach]]\nname = "n"\nfrom = "{start}"\ngoals = ["{goal}"]\n'
    file = folder / "promises.toml"
    file.write_text(f"[roles]\n{roles}\n{more}\n{GOALS}\n{promise}", encoding="utf-8")
    promises = promise_file.load(file, example())
    read = documents.read(folder, promises.values, promises.kind)
    (answer,) = promise_file.sequence_answers(promises, read.documents)
    return answer


def kinds(answer: ReachAnswer) -> list[str]:
    return [step.kind.name for step in answer.sequence.steps] if answer.sequence else []


@pytest.mark.parametrize(
    ("trust", "verdict", "steps"), [("account", "refuted", ["take-role"]), ("service", "proved", [])]
)
def test_a_role_is_taken_by_whom_its_document_trusts(
    tmp_path: Path, trust: str, verdict: str, steps: list[str]
) -> None:
    answer = answered(tmp_path, f"{CLERK}\n{strong(trust)}")
    assert (answer.verdict, kinds(answer)) == (verdict, steps)


def test_a_role_without_a_trust_policy_is_taken_by_anybody_and_that_is_said(tmp_path: Path) -> None:
    answer = answered(tmp_path, f'{CLERK}\n"role/strong" = {{policies = ["role/strong"]}}')
    assert (answer.verdict, kinds(answer)) == ("refuted", ["take-role"])
    assert answer.assumed == (
        'role/strong has no trust = "NAME" in the file: everybody may take it whose own policies allow that',
    )


@pytest.mark.parametrize(("runs_as", "verdict"), [("role/strong", "refuted"), ("user/clerk", "proved")])
def test_what_runs_with_a_role_leads_to_it(tmp_path: Path, runs_as: str, verdict: str) -> None:
    resources = f'[resources]\n"{FUNCTION}" = {{kind = "function", runs-as = "{runs_as}"}}'
    answer = answered(tmp_path, f"{CLERK}\n{strong('service')}", more=resources)
    assert (answer.verdict, kinds(answer)) == (verdict, ["function-code"] if verdict == "refuted" else [])


def test_a_resource_is_opened_as_its_kind_is(tmp_path: Path) -> None:
    resources = f'[resources]\n"{TABLE}" = {{kind = "table", policy = "resource/table"}}'
    answer = answered(tmp_path, CLERK, "read", resources)
    assert (answer.verdict, kinds(answer)) == ("refuted", ["open-table"])
    with pytest.raises(PolicyError, match="'table' is the kind of no resource; accepted: bucket"):
        answered(tmp_path, CLERK, "read", resources.replace('kind = "table"', 'kind = "bucket"'))


def test_a_group_has_its_policies_and_gives_them_to_its_members(tmp_path: Path) -> None:
    group = '"group/staff" = {policies = ["role/clerk"]}'
    member = '"user/clerk" = {policies = [], groups = ["group/staff"]}'
    assert kinds(answered(tmp_path, f"{group}\n{member}\n{strong('account')}")) == ["take-role"]
    stranger = '"user/clerk" = {policies = []}'
    assert answered(tmp_path, f"{group}\n{stranger}\n{strong('account')}").verdict == "proved"


@pytest.mark.parametrize(
    ("roles", "more", "problem"),
    [
        (strong("nowhere"), "", "no trust policy is called trust/nowhere"),
        (
            CLERK,
            f'[resources]\n"{TABLE}" = {{kind = "table", policy = "resource/none"}}',
            "no document is called resource/none",
        ),
        (
            CLERK,
            f'[resources]\n"{TABLE}" = {{kind = "desk"}}',
            "kind: 'desk' is not accepted; accepted: app-service, bucket",
        ),
        (CLERK, f'[resources]\n"{TABLE}" = "table"', 'accepted: {kind = "function", runs-as = "role/NAME"'),
    ],
)
def test_what_does_not_fit_is_said_in_one_line(tmp_path: Path, roles: str, more: str, problem: str) -> None:
    with pytest.raises(PolicyError) as raised:
        answered(tmp_path, roles, more=more)
    assert problem in str(raised.value)
    assert "\n" not in str(raised.value)


def above_the_account(unit: str) -> str:
    names = ("root", "root/apps", f"root/apps/{ACCOUNT}")
    attached = {"root": '["FullAWSAccess"]', "root/apps": unit, names[2]: '["FullAWSAccess"]'}
    return "".join(f'[[level]]\nname = "{name}"\nscps = {attached[name]}\n' for name in names)


@pytest.mark.parametrize(
    ("unit", "verdict"),
    [('["FullAWSAccess"]', "refuted"), ('["storage"]', "proved"), ('["storage", "taking"]', "refuted")],
)
def test_a_sequence_passes_each_level_above_its_account(tmp_path: Path, unit: str, verdict: str) -> None:
    roles = "\n".join([CLERK, strong("account")])
    for name, actions in (("storage", "s3:*"), ("taking", "sts:*")):
        if name in unit:
            path = tmp_path / "scp" / f"{name}.json"
            path.parent.mkdir(exist_ok=True)
            statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
            path.write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}), encoding="utf-8")
    assert answered(tmp_path, roles, more=above_the_account(unit)).verdict == verdict


def test_the_account_of_sequences_is_one_of_the_levels(tmp_path: Path) -> None:
    level = '[[level]]\nname = "root"\nscps = ["FullAWSAccess"]\n'
    with pytest.raises(PolicyError, match=rf"no \[\[level\]\] is the account {ACCOUNT}"):
        answered(tmp_path, CLERK, more=level)


OPEN = f'"{TABLE}" = {{kind = "table", policy = "resource/table"}}'
READS = """
[goals.reads]
says = "reads"
[[goals.reads.calls]]
Action = "dynamodb:Scan"
Resource = "{resource}"
"""


@pytest.mark.parametrize(
    ("resource", "verdict"),
    [
        (TABLE, "refuted"),
        (f"{TABLE}/index/by-day", "refuted"),
        (TABLE.replace("table/t", "table/*"), "refuted"),
        (TABLE.replace("table/t", "table/other"), "proved"),  # no policy of it is listed
        (f"{TABLE}/stream/1", "proved"),  # which has a policy of its own
    ],
)
def test_a_goal_meets_the_policy_of_what_it_is_on_though_it_does_not_say_so(
    resource: str, verdict: str, tmp_path: Path
) -> None:
    goal = READS.format(resource=resource)
    roles = '"role/strong" = {policies = ["role/strong"], trust = "trust/service"}'
    answer = answered(tmp_path, roles, "reads", f"[resources]\n{OPEN}\n{goal}", "role/strong")
    assert (answer.verdict, answer.reason) == (verdict, "")


def test_a_goal_on_a_kind_of_which_nothing_is_listed_is_refused(tmp_path: Path) -> None:
    goal = READS.format(resource=TABLE) + 'on = "tabel"\n'
    with pytest.raises(PolicyError, match=r"goals: reads: on: .tabel. is the kind of no resource; accepted: table"):
        answered(tmp_path, CLERK, "reads", f"[resources]\n{OPEN}\n{goal}")


@pytest.mark.parametrize("name", ["table/t", "arn:aws:dynamodb"])
def test_a_resource_that_is_no_arn_is_refused_with_its_place_and_an_arn_is_not(name: str, tmp_path: Path) -> None:
    resources = f"[resources]\n{OPEN}"
    assert answered(tmp_path, CLERK, "read", resources).verdict == "refuted"
    with pytest.raises(PolicyError, match=f"promises.toml: resources: {name}: not an ARN; accepted: such as arn:"):
        answered(tmp_path, CLERK, "read", resources.replace(TABLE, name))


@pytest.mark.parametrize(("resource", "verdict"), [("policy/editor", "refuted"), ("policy/other", "proved")])
def test_who_may_rewrite_a_policy_of_his_may_do_everything(tmp_path: Path, resource: str, verdict: str) -> None:
    rewriting = {
        "Effect": "Allow",
        "Action": "iam:CreatePolicyVersion",
        "Resource": f"arn:aws:iam::{ACCOUNT}:{resource}",
    }
    (tmp_path / "role").mkdir()
    document = {"Version": "2012-10-17", "Statement": [rewriting]}
    (tmp_path / "role" / "editor.json").write_text(json.dumps(document), encoding="utf-8")
    roles = '"user/editor" = {policies = ["role/editor"]}'
    assert answered(tmp_path, roles, start="user/editor").verdict == verdict
