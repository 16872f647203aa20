"""The lint of policy documents: each rule finds its fault, and says nothing of the same document without it."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tableguard.check.engines import policy_documents
from tableguard.check.rules import policy_grammar
from tableguard.errors import CheckError, PolicyError
from tableguard.findings.finding import Finding
from tableguard.policy import documents
from tableguard.settings import example
from tests.worlds.settings_files import EXAMPLES

Document = dict[str, Any]
Fault = Callable[[Document], Any]

DENIAL: Document = {
    "Sid": "DenyDeletion",
    "Effect": "Deny",
    "Action": ["dynamodb:DeleteTable"],
    "Resource": ["*"],
    "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}},
}
FOR_ANYBODY: Document = {**DENIAL, "Principal": "*"}
GOOD: dict[str, Document] = {
    "scp": DENIAL,
    "rcp": FOR_ANYBODY,
    "endpoint": {**FOR_ANYBODY, "Effect": "Allow"},
    "resource": FOR_ANYBODY,
    "role": {**DENIAL, "Effect": "Allow"},
}


def good(kind: str) -> Document:
    return {"Version": "2012-10-17", "Statement": [deepcopy(GOOD[kind])]}


def first(document: Document) -> Document:
    statement: Document = document["Statement"][0]
    return statement


def lengthened(characters: int) -> Fault:
    """A fault that brings the document to exactly this many characters, as it is sent."""

    def lengthen(document: Document) -> None:
        first(document)["Resource"] = [""]
        missing = characters - len(json.dumps(document, separators=(",", ":")))
        first(document)["Resource"] = ["x" * missing]

    return lengthen


def with_condition(operator: str, key: str, value: Any) -> Fault:
    return lambda document: first(document).update(Condition={operator: {key: value}})


def with_element(**elements: Any) -> Fault:
    return lambda document: first(document).update(elements)


def instead(element: str, **elements: Any) -> Fault:
    def exchange(document: Document) -> None:
        first(document).pop(element)
        first(document).update(elements)

    return exchange


def without(element: str) -> Fault:
    return lambda document: first(document).pop(element)


def broken(kind: str, fault: Fault) -> list[tuple[str, str]]:
    document = good(kind)
    fault(document)
    return [(finding.path, finding.rule) for finding in policy_grammar.check("d", kind, document)]


@pytest.mark.parametrize("kind", GOOD)
def test_a_good_document_breaks_no_rule(kind: str) -> None:
    assert policy_grammar.check("d", kind, good(kind)) == []


@pytest.mark.parametrize(
    ("kind", "fault", "place", "rule"),
    [
        ("scp", lengthened(10_241), "document", "size"),
        ("scp", lengthened(5_121), "document", "size-near-limit"),
        ("rcp", lengthened(5_121), "document", "size"),
        ("endpoint", lengthened(20_481), "document", "size"),
        ("resource", lengthened(20_481), "document", "size"),
        ("role", lengthened(6_145), "document", "size"),
        ("scp", lambda d: d.pop("Version"), "Version", "version"),
        ("scp", lambda d: d.update(Version="2008-10-17"), "Version", "version"),
        ("scp", lambda d: d.update(Statement=[]), "Statement", "statements"),
        ("role", lambda d: d["Statement"].append("all"), "Statement", "statements"),
        ("scp", without("Sid"), "statement 1", "sid"),
        ("scp", lambda d: d["Statement"].append(deepcopy(DENIAL)), "statement DenyDeletion", "sid-repeated"),
        ("scp", with_element(Action=[]), "statement DenyDeletion: Action", "empty-element"),
        ("scp", with_element(Resource=[]), "statement DenyDeletion: Resource", "empty-element"),
        ("scp", with_element(Condition={}), "statement DenyDeletion: Condition", "empty-element"),
        ("scp", with_element(Principal="*"), "statement DenyDeletion: Principal", "principal"),
        ("role", with_element(NotPrincipal="*"), "statement DenyDeletion: NotPrincipal", "principal"),
        ("resource", without("Principal"), "statement DenyDeletion", "principal"),
        ("rcp", without("Principal"), "statement DenyDeletion: Principal", "principal"),
        ("rcp", with_element(Principal={"AWS": "111122223333"}), "statement DenyDeletion: Principal", "principal"),
        (
            "endpoint",
            with_element(Principal={"AWS": "111122223333"}),
            "statement DenyDeletion: Principal",
            "principal",
        ),
        ("rcp", with_element(Effect="Allow"), "statement DenyDeletion: Effect", "rcp-effect"),
        ("rcp", instead("Action", NotAction=["s3:*"]), "statement DenyDeletion: NotAction", "rcp-element"),
        ("scp", with_element(NotAction=["s3:*"]), "statement DenyDeletion", "element"),
        ("scp", without("Resource"), "statement DenyDeletion", "element"),
        ("role", without("Action"), "statement DenyDeletion", "element"),
        ("scp", with_element(Sid=7), "statement 7: Sid", "sid-characters"),
        ("role", with_element(Sid="Deny-Deletion"), "statement Deny-Deletion: Sid", "sid-characters"),
        ("role", lambda d: d.update(Version="2026-01-01"), "Version", "version"),
        ("role", lambda d: d.update(Version="2008-10-17"), "Version", "version"),
        ("scp", with_element(Action="s*:*"), "statement DenyDeletion: Action", "service-wildcard"),
        ("rcp", with_element(Action="*"), "statement DenyDeletion: Action", "rcp-action"),
        (
            "endpoint",
            with_condition("StringLike", "aws:PrincipalAccount", "111111*"),
            "statement DenyDeletion: Condition/StringLike/aws:PrincipalAccount",
            "endpoint-operator",
        ),
        (
            "endpoint",
            with_condition("NumericEquals", "aws:principalaccount", ["111122223333"]),
            "statement DenyDeletion: Condition/NumericEquals/aws:principalaccount",
            "endpoint-operator",
        ),
        (
            "endpoint",
            with_condition("StringLike", "aws:PrincipalTag/team", ["abcde*"]),
            "statement DenyDeletion: Condition/StringLike/aws:PrincipalTag/team",
            "endpoint-wildcard",
        ),
        (
            "endpoint",
            with_condition("StringLike", "aws:PrincipalTag/team", ["abcdef*ab*"]),
            "statement DenyDeletion: Condition/StringLike/aws:PrincipalTag/team",
            "endpoint-wildcard",
        ),
    ],
)
def test_a_fault_is_found_at_its_place(kind: str, fault: Fault, place: str, rule: str) -> None:
    assert broken(kind, fault) == [(place, rule)]


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        ("scp", lengthened(5_120)),
        ("rcp", lengthened(5_120)),
        ("endpoint", lengthened(20_480)),
        ("resource", lengthened(20_480)),
        ("role", lengthened(6_144)),
        ("rcp", with_element(Action="dynamodb:*")),
        ("rcp", with_element(Principal={"AWS": "*"})),
        ("resource", with_element(Principal={"AWS": "111122223333"})),
        ("endpoint", with_condition("StringEquals", "aws:PrincipalAccount", "111122223333")),
        ("endpoint", with_condition("StringLike", "aws:PrincipalTag/team", ["abcdef*"])),
        ("endpoint", with_condition("StringLike", "aws:PrincipalTag/team", ["*abcdef*"])),
        ("endpoint", with_condition("ArnLike", "aws:PrincipalArn", ["arn:*"])),
        ("scp", with_condition("StringLike", "aws:PrincipalTag/team", ["a*"])),
        ("scp", lambda d: d["Statement"].append({**DENIAL, "Sid": "DenyMore"})),
    ],
)
def test_what_only_resembles_a_fault_is_let_pass(kind: str, fault: Fault) -> None:
    assert broken(kind, fault) == []


def test_white_space_counts_for_no_managed_policy() -> None:
    document = good("role")
    lengthened(6_144)(document)
    first(document)["Resource"][0] += " "
    assert policy_grammar.check("d", "role", document) == []


def test_an_scp_that_only_newer_limits_allow_is_a_warning() -> None:
    document = good("scp")
    lengthened(10_240)(document)
    assert [finding.level for finding in policy_grammar.check("d", "scp", document)] == ["warning"]


def written(folder: Path, kind: str, document: Document) -> Path:
    (folder / kind).mkdir(parents=True, exist_ok=True)
    (folder / kind / "some.json").write_text(json.dumps(document), encoding="utf-8")
    return folder


def findings(folder: Path, kind: str, document: Document) -> list[Finding]:
    return policy_documents.check(example(), written(folder, kind, document))


@pytest.mark.parametrize("kind", GOOD)
def test_a_good_document_of_each_kind_passes_the_whole_lint(tmp_path: Path, kind: str) -> None:
    assert findings(tmp_path, kind, good(kind)) == []


@pytest.mark.parametrize(
    ("kind", "fault", "place", "rule"),
    [
        ("scp", with_element(Action=["dynamodb:DeletTable"]), "statement DenyDeletion: Action", "W3037"),
        ("rcp", with_element(Action=["dynamo:DeleteTable"]), "statement DenyDeletion: Action", "W3037"),
        ("scp", with_element(Effect="deny"), "statement DenyDeletion: Effect", "E3510"),
        ("endpoint", with_element(Sid="Deny-Deletion"), "statement Deny-Deletion: Sid", "E3510"),
        ("resource", with_element(Resource=["table/t"]), "statement DenyDeletion: Resource/0", "E3510"),
        (
            "scp",
            with_condition("StringNotEqual", "aws:RequestedRegion", "eu-central-1"),
            "statement DenyDeletion: Condition/StringNotEqual",
            "E3510",
        ),
        ("scp", with_element(Actions=["s3:*"]), "statement DenyDeletion: Actions", "E3510"),
        ("role", with_element(Condition=["StringEquals"]), "statement DenyDeletion: Condition", "E3510"),
    ],
)
def test_a_fault_of_the_language_is_found_in_every_kind_of_document(
    tmp_path: Path, kind: str, fault: Fault, place: str, rule: str
) -> None:
    document = good(kind)
    fault(document)
    found = findings(tmp_path, kind, document)
    # the lint of meaning may have its say as well
    assert (place, rule) in {(finding.path, finding.rule) for finding in found}
    assert {finding.file for finding in found} == {str(tmp_path / kind / "some.json")}


def test_each_finding_has_the_line_of_its_element(tmp_path: Path) -> None:
    document = good("scp")
    first(document)["Action"] = ["dynamodb:DeletTable"]
    (tmp_path / "scp").mkdir()
    (tmp_path / "scp" / "some.json").write_text(json.dumps(document, indent=2), encoding="utf-8")
    lines = (tmp_path / "scp" / "some.json").read_text(encoding="utf-8").splitlines()
    reported = policy_documents.check(example(), tmp_path)
    assert {finding.rule for finding in reported} >= {"W3037", "unknown-action"}
    assert {lines[(finding.line or 0) - 1].strip() for finding in reported if finding.path.endswith("Action")} == {
        '"Action": ['
    }


def test_an_unknown_placeholder_is_a_finding_that_names_the_known_ones(tmp_path: Path) -> None:
    document = good("scp")
    first(document)["Resource"] = ["<my-table>"]
    (finding,) = findings(tmp_path, "scp", document)
    assert (finding.place, finding.rule) == (f"{tmp_path}/scp/some.json:1", "placeholder")
    assert "no value for <my-table>; known placeholders: access-log-bucket" in finding.problem


def test_a_finding_says_where_what_and_what_to_do(tmp_path: Path) -> None:
    (finding,) = findings(tmp_path, "scp", {**good("scp"), "Version": "2012-10-18"})[:1]
    assert str(finding).startswith(f"{tmp_path}/scp/some.json:1: Version: error ")
    assert "; " in str(finding)


def test_a_document_that_cannot_be_read_is_an_error_and_never_no_finding(tmp_path: Path) -> None:
    (tmp_path / "scp").mkdir()
    (tmp_path / "scp" / "some.json").write_text("{", encoding="utf-8")
    with pytest.raises(PolicyError, match="not JSON"):
        policy_documents.check(example(), tmp_path)


def test_a_folder_without_documents_is_an_error_and_never_no_finding(tmp_path: Path) -> None:
    with pytest.raises(CheckError, match="no policy documents"):
        policy_documents.check(example(), tmp_path)


@pytest.mark.parametrize("settings", EXAMPLES)
def test_the_shipped_documents_have_no_finding(settings: str) -> None:
    assert policy_documents.check(example(settings)) == []


def test_without_an_organization_guardrails_are_neither_filled_nor_linted(tmp_path: Path) -> None:
    for kind in documents.KINDS:
        document = good(kind)
        first(document)["Resource"] = ["<nobody-fills-this>"]
        (tmp_path / kind).mkdir()
        (tmp_path / kind / "some.json").write_text(json.dumps(document), encoding="utf-8")

    def found(settings: str) -> set[str]:
        return {Path(finding.file).parent.name for finding in policy_documents.check(example(settings), tmp_path)}

    assert found("default") == set(documents.KINDS)
    assert found("single-account") == set(documents.KINDS) - set(documents.GUARDRAILS)
    counted = {name: policy_documents.outcome(example(name)).passed for name in ("default", "single-account")}
    guardrails = sum(len(documents.names(kind)) for kind in documents.GUARDRAILS)
    assert counted["default"] - counted["single-account"] == guardrails > 0
