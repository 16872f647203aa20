"""What the documents of policies/ promise: read strictly, listed in the README, and kept in every case."""

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tableguard.errors import PolicyError
from tableguard.paths import POLICIES
from tableguard.policy import cases, documents
from tableguard.policy.contract import Case, Contract, Promise, load, load_all, scope_of
from tableguard.policy.evaluate import Decision, Request
from tableguard.policy.policy_set import PolicySet
from tableguard.policy.shorthand import ShortCall, Shorthand
from tableguard.settings import Settings, example
from tests.worlds.settings_files import EXAMPLES

DOCUMENT = """{
  "Version": "2012-10-17",
  "Statement": [
    {"Sid": "DenyDeletion", "Effect": "Deny", "Action": ["dynamodb:DeleteTable"], "Resource": ["*"]},
    {"Sid": "AllowReading", "Effect": "Allow", "Action": ["dynamodb:GetItem"], "Resource": ["*"]}
  ]
}"""
CONTRACT = """claim = "Nobody deletes a table."
exceptions = []
controls = ["nist-800-53r5:CP-9"]

[[case]]
name = "an administrator deletes the table"
request = {action = "dynamodb:DeleteTable", resource = "table/t", principal = "role/Admin"}
expect = "denied by DenyDeletion"
"""


def loaded(folder: Path, text: str) -> Contract:
    (folder / "role").mkdir(exist_ok=True)
    (folder / "role" / "some.json").write_text(DOCUMENT, encoding="utf-8")
    (folder / "role" / "some.toml").write_text(text, encoding="utf-8")
    return load(documents.load("role", "some", folder))


def test_a_contract_is_read_with_its_claim_and_cases(tmp_path: Path) -> None:
    contract = loaded(tmp_path, CONTRACT)
    assert (contract.claim, contract.exceptions, tuple(map(str, contract.controls))) == (
        "Nobody deletes a table.",
        (),
        ("nist-800-53r5:CP-9",),
    )
    assert [(case.name, str(case.expect)) for case in contract.cases] == [
        ("an administrator deletes the table", "denied by DenyDeletion")
    ]


@pytest.mark.parametrize(
    ("written", "instead", "reason"),
    [
        ('claim = "Nobody deletes a table."', "", "role/some.toml: claim: missing; accepted: a text, not empty"),
        ('"Nobody deletes a table."', '" "', "role/some.toml: claim: ' ' is not accepted"),
        ("exceptions = []", "exceptions = [1]", "role/some.toml: exceptions: [1] is not accepted"),
        ("nist-800-53r5:CP-9", "nist:CP-9", "role/some.toml: controls: 'nist:CP-9' is not accepted"),
        ('["nist-800-53r5:CP-9"]', "[9]", "role/some.toml: controls: [9] is not accepted; accepted: a list of texts"),
        ("exceptions = []", 'exceptions = []\nowner = "me"', "role/some.toml: owner: unknown key"),
        ("[[case]]", "[case]", "accepted: [[case]] sections, at least one"),
        ('name = "an administrator deletes the table"', "", "role/some.toml: case 1: name: missing"),
        ("dynamodb:DeleteTable", "", "case 1 (an administrator deletes the table): request: action: '' is not"),
        (', principal = "role/Admin"', "", "case 1 (an administrator deletes the table): request: principal: missing"),
        ('"role/Admin"}', '"role/Admin", who = "me"}', "request: who: unknown key"),
        ('"role/Admin"}', '"role/Admin", context = {"k" = 1}}', "request: context: k: 1 is not accepted"),
        ('"role/Admin"}', '"role/Admin", context = "k"}', "request: context: 'k' is not accepted; accepted: a table"),
        ('"denied by DenyDeletion"', '"forbidden"', "expect: 'forbidden' is not accepted; accepted: 'denied by SID'"),
        ("denied by DenyDeletion", "denied by AllowReading", "expect: no Deny statement 'AllowReading' in role/some"),
        ("denied by DenyDeletion", "denied by Nothing", "expect: no Deny statement 'Nothing' in role/some.json"),
        ('"denied by DenyDeletion"\n', '"not denied"\nsure = true\n', "case 1: sure: unknown key"),
        ("claim = ", "claim ", "not TOML"),
    ],
)
def test_a_contract_that_is_not_understood_is_refused_with_its_place(
    tmp_path: Path, written: str, instead: str, reason: str
) -> None:
    assert written in CONTRACT
    with pytest.raises(PolicyError) as error:
        loaded(tmp_path, CONTRACT.replace(written, instead, 1))
    assert reason in str(error.value)


def test_two_cases_of_one_name_are_refused(tmp_path: Path) -> None:
    twice = CONTRACT + CONTRACT[CONTRACT.index("[[case]]") :]
    with pytest.raises(PolicyError, match="'an administrator deletes the table' is the name of two"):
        loaded(tmp_path, twice)


def test_a_document_without_a_contract_is_refused(tmp_path: Path) -> None:
    loaded(tmp_path, CONTRACT)
    (tmp_path / "role" / "some.toml").unlink()
    with pytest.raises(PolicyError, match=r"some\.toml: missing; every document has its contract beside it"):
        load_all(tmp_path)


def test_a_contract_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    loaded(tmp_path, CONTRACT)
    (tmp_path / "role" / "some.toml").write_bytes(b'claim = "\xff"')
    with pytest.raises(PolicyError, match="not UTF-8 text"):
        load_all(tmp_path)


def resolved(settings: Settings | None = None, **fields: Any) -> tuple[Request, ...]:
    """The requests of a call of which only the interesting fields are given."""
    call = ShortCall(
        **{
            "action": "dynamodb:GetItem",
            "resource": "*",
            "principal": "role/x",
            "region": "",
            "owner": "",
            "context": {},
            **fields,
        }
    )
    contract = load(documents.load("scp", "protect_perimeter"))
    case = Case("some", call, contract.cases[0].expect)
    return cases.requests(contract, case, Shorthand(settings or example()))


@pytest.mark.parametrize(
    ("principal", "arn"),
    [
        ("role/Admin", "arn:aws:iam::111122223333:role/Admin"),
        ("role/<name>-x", "arn:aws:iam::111122223333:role/cruddur-x"),
        ("user/jane", "arn:aws:iam::111122223333:user/jane"),
        ("root", "arn:aws:iam::111122223333:root"),
        ("deployer", "arn:aws:iam::111122223333:role/cruddur-deployer"),
        ("break-glass", "arn:aws:iam::111122223333:role/cruddur-break-glass"),
        ("arn:aws:iam::<management-account-id>:role/Admin", "arn:aws:iam::123456789012:role/Admin"),
        ("lambda.amazonaws.com", "lambda.amazonaws.com"),
        ("*", "*"),
    ],
)
def test_a_principal_written_short_is_completed(principal: str, arn: str) -> None:
    (request,) = resolved(principal=principal)
    assert request.principal.arn == arn


def test_a_case_about_the_deployer_is_asked_for_each_role_that_is_exempt() -> None:
    roles = ("arn:aws:iam::111122223333:role/a", "arn:aws:iam::111122223333:role/b")
    settings = dataclasses.replace(example(), exempt_roles=roles)
    assert tuple(request.principal.arn for request in resolved(settings, principal="deployer")) == roles


@pytest.mark.parametrize(
    ("action", "resource", "arn"),
    [
        ("dynamodb:GetItem", "table/<table-name>", "arn:aws:dynamodb:eu-central-1:111122223333:table/cruddur-messages"),
        ("backup:StartCopyJob", "recovery-point:1", "arn:aws:backup:eu-central-1:111122223333:recovery-point:1"),
        ("iam:PassRole", "role/x", "arn:aws:iam::111122223333:role/x"),
        ("s3:GetObject", "bucket/key", "arn:aws:s3:::bucket/key"),
        ("kms:Decrypt", "arn:aws:kms:<region>:1:key/x", "arn:aws:kms:eu-central-1:1:key/x"),
        ("iam:ListRoles", "*", "*"),
    ],
)
def test_a_resource_written_short_is_completed_for_its_service(action: str, resource: str, arn: str) -> None:
    (request,) = resolved(action=action, resource=resource)
    assert request.resource == arn


@pytest.mark.parametrize(
    ("resource", "owner", "account"),
    [
        ("table/t", "", "111122223333"),
        ("*", "", "111122223333"),
        ("arn:aws:dynamodb:eu-central-1:444455556666:table/t", "", "444455556666"),
        ("arn:aws:s3:::bucket", "", "111122223333"),
        ("arn:aws:s3:::bucket", "444455556666", "444455556666"),
    ],
)
def test_a_resource_is_in_the_account_of_its_arn_or_in_its_owner_s(resource: str, owner: str, account: str) -> None:
    (request,) = resolved(resource=resource, owner=owner)
    assert request.resource_account == account


def test_elsewhere_is_a_region_that_the_settings_do_not_allow() -> None:
    settings = dataclasses.replace(example(), allowed_regions=("eu-central-1", "us-east-1"))
    (request,) = resolved(settings, region="elsewhere", resource="table/t")
    assert request.keys()["aws:requestedregion"] == ("eu-west-1",)
    assert request.resource == "arn:aws:dynamodb:eu-west-1:111122223333:table/t"


def test_there_is_no_elsewhere_when_every_known_region_is_allowed() -> None:
    allowed = ("eu-central-1", "us-east-1", "eu-west-1", "ap-southeast-2", "sa-east-1")
    with pytest.raises(PolicyError, match="none is left to be 'elsewhere'"):
        resolved(dataclasses.replace(example(), allowed_regions=allowed), region="elsewhere")


@pytest.mark.parametrize(
    ("fields", "key", "values"),
    [
        ({}, "aws:requestedregion", ("eu-central-1",)),
        ({"region": "eu-west-1"}, "aws:requestedregion", ("eu-west-1",)),
        ({}, "aws:securetransport", ("true",)),
        ({"context": {"aws:SecureTransport": "false"}}, "aws:securetransport", ("false",)),
        ({}, "aws:principalorgid", ("o-exampleorgid",)),
        ({"principal": "arn:aws:iam::123456789012:role/x"}, "aws:principalorgid", ("o-exampleorgid",)),
        ({"principal": "arn:aws:iam::444455556666:role/x"}, "aws:principalorgid", None),
        ({"principal": "lambda.amazonaws.com"}, "aws:principalorgid", None),
        ({"context": {"k": ("<name>-a", "b")}}, "k", ("cruddur-a", "b")),
    ],
)
def test_a_request_carries_what_every_request_carries(fields: dict[str, Any], key: str, values: Any) -> None:
    (request,) = resolved(**fields)
    assert request.keys().get(key) == values


def test_a_list_inside_a_case_is_refused_with_its_place() -> None:
    with pytest.raises(PolicyError, match=r"protect_perimeter\.json: case 'some': <allowed-regions> is a list"):
        resolved(context={"k": "<allowed-regions>"})


def every_case() -> Iterator[tuple[Contract, Case]]:
    return ((contract, case) for contract in load_all() for case in contract.cases)


def is_of_account(case: Case) -> bool:
    """Tell whether a case speaks neither of the organization that somebody is in nor of its management account."""
    words = f"{case.call.principal} {case.call.resource} {dict(case.call.context)}"
    return "<management-account-id>" not in words and "OrgID" not in words


@pytest.mark.parametrize("settings", EXAMPLES)
def test_every_document_answers_each_of_its_cases_as_promised(settings: str) -> None:
    policies = PolicySet.filled(example(settings))
    asked = [(contract, case) for contract, case in every_case() if policies.guardrails_attached or is_of_account(case)]
    assert len(asked) > 300
    wrong = [
        f"{contract.policy.place}: {case.name}: expected {case.expect}, got {'; '.join(map(str, decision.because))}"
        for contract, case in asked
        for decision in cases.answers(contract, case, policies)
        if not cases.fulfils(decision, case.expect, contract.policy.kind)
    ]
    assert wrong == []


def answers_of(contract: Contract, folder: Path) -> tuple[Decision, ...]:
    return cases.answers(contract, contract.cases[0], PolicySet.filled(example(), folder))


def test_a_case_is_not_fulfilled_by_the_opposite_answer_nor_by_another_statement(tmp_path: Path) -> None:
    for expect in ("not denied", "allowed by AllowReading"):
        contract = loaded(tmp_path, CONTRACT.replace("denied by DenyDeletion", expect))
        (decision,) = answers_of(contract, tmp_path)
        assert not cases.fulfils(decision, contract.cases[0].expect, "role")
    contract = loaded(tmp_path, CONTRACT)
    (decision,) = answers_of(contract, tmp_path)
    assert cases.fulfils(decision, contract.cases[0].expect, "role")


def fields_of(call: ShortCall) -> dict[str, Any]:
    plain = {field.name: getattr(call, field.name) for field in dataclasses.fields(call) if field.name != "context"}
    return plain | {f"context {key}": value for key, value in call.context.items()}


def differing(one: ShortCall, other: ShortCall) -> int:
    left, right = fields_of(one), fields_of(other)
    return sum(left.get(key) != right.get(key) for key in left.keys() | right.keys())


def test_every_case_has_a_twin_that_differs_in_one_field_and_gets_the_other_answer() -> None:
    alone = [
        f"{contract.policy.place}: {case.name}"
        for contract, case in every_case()
        if not any(
            other.expect.stops != case.expect.stops and differing(other.call, case.call) == 1
            for other in contract.cases
        )
    ]
    assert alone == []


def test_every_statement_decides_a_case() -> None:
    idle = {
        contract.policy.place: sids
        for contract in load_all()
        if (sids := sids_of(contract) - {case.expect.sid for case in contract.cases})
    }
    assert idle == {}


def asked_callers(*written: str) -> object:
    promise = Promise("nobody deletes", "denied", written, {"Action": "dynamodb:DeleteTable"})
    shorthand = Shorthand(example())
    return scope_of("here", promise, shorthand, shorthand.values).callers


def test_a_promise_about_one_group_is_asked_of_the_group_and_about_a_role_of_its_arn() -> None:
    assert asked_callers("members") == "members"
    assert asked_callers("role/members") == (f"arn:aws:iam::{example().account_id}:role/members",)


@pytest.mark.parametrize("element", ["Resource", "NotResource"])
def test_a_promise_asks_about_the_filled_resource_that_it_names_or_leaves_out(element: str) -> None:
    written = {"Action": "dynamodb:DeleteTable", element: "arn:aws:dynamodb:*:<account-id>:table/*"}
    shorthand = Shorthand(example())
    scope = scope_of("here", Promise("p", "denied", ("members",), written), shorthand, shorthand.values)
    assert scope.statement.resource.values == (f"arn:aws:dynamodb:*:{example().account_id}:table/*",)
    assert scope.statement.resource.inverted == (element == "NotResource")


def whole_services(document: dict[str, Any]) -> set[str]:
    """Return the services of which an Allow covers every action, as Security Hub's IAM.21 counts them."""
    allowed = [statement["Action"] for statement in document["Statement"] if statement["Effect"] == "Allow"]
    return {action.removesuffix(":*") for actions in allowed for action in actions if action.endswith(":*")}


@pytest.mark.parametrize(
    ("effect", "action", "services"),
    [("Allow", "s3:*", {"s3"}), ("Deny", "s3:*", set()), ("Allow", "s3:Get*", set())],
)
def test_a_service_is_whole_if_every_action_of_it_is_allowed(effect: str, action: str, services: set[str]) -> None:
    assert whole_services({"Statement": [{"Effect": effect, "Action": [action], "Resource": ["*"]}]}) == services


def test_no_role_allows_a_whole_service_and_break_glass_meets_iam_21() -> None:
    roles = [contract for contract in load_all() if contract.policy.kind == "role"]
    assert {contract.policy.name for contract in roles if whole_services(contract.policy.document)} == set()
    claiming = {contract.policy.name for contract in roles if "security-hub:IAM.21" in map(str, contract.controls)}
    assert claiming >= {
        "break_glass",
        "break_glass_buckets",
        "break_glass_evidence",
        "break_glass_links",
        "break_glass_stacks",
        "break_glass_user_pool",
    }


def sids_of(contract: Contract) -> set[str]:
    return {statement["Sid"] for statement in contract.policy.document["Statement"]}


def listed(page: str) -> dict[str, tuple[list[str], list[str], list[str]]]:
    """Return what a page says of each document: its claims, exceptions and statements."""
    sections = re.split(r"^### ", page, flags=re.MULTILINE)[1:]
    entries = {}
    for section in sections:
        name, _, body = section.partition("\n")
        exceptions = re.search(r"^Exceptions:\n\n((?:- .*\n)+)", body, re.MULTILINE)
        entries[name] = (
            re.findall(r"^> (.*)$", body, re.MULTILINE),
            re.findall(r"^- (.*)$", exceptions[1], re.MULTILINE) if exceptions else [],
            re.findall(r"^\| `(\w+)` \|", body, re.MULTILINE),
        )
    return entries


def test_the_readme_lists_every_claim_with_every_exception_and_statement_and_nothing_else() -> None:
    assert listed((POLICIES / "README.md").read_text(encoding="utf-8")) == {
        f"{contract.policy.kind}/{contract.policy.name}": (
            [contract.claim],
            list(contract.exceptions),
            [statement["Sid"] for statement in contract.policy.document["Statement"]],
        )
        for contract in load_all()
    }


def test_an_exception_is_read_from_a_page() -> None:
    section = (
        "### scp/a\n\n> Nobody does.\n\nExceptions:\n\n- One does.\n- Two do.\n\n| `Deny` | all |\n\n- no exception\n"
    )
    assert listed(section) == {"scp/a": (["Nobody does."], ["One does.", "Two do."], ["Deny"])}


def test_no_contract_lies_without_its_document() -> None:
    for kind in documents.KINDS:
        contracts, policies = ({path.stem for path in (POLICIES / kind).glob(f"*.{e}")} for e in ("toml", "json"))
        assert contracts == policies
