"""Whoever can call is looked at: roles and users of every path, services of every name."""

from dataclasses import replace

import pytest

from tableguard.policy.evaluate import World
from tableguard.policy.principals import principal
from tableguard.prove.engine.prover import Proof
from tests.worlds.policies import ACCOUNT, FULL_FOR_ANYBODY, MANAGEMENT, TABLE, document
from tests.worlds.proofs import proof, under

DECRYPT = {"Action": "kms:Decrypt"}
PRINTABLE = [chr(code) for code in range(0x21, 0x80)]


def but(*arns: str) -> tuple[Proof, Proof]:
    """Ask whether a denial to all but these denies everybody, and whether it leaves these allowed."""
    scp = {**DECRYPT, "Condition": {"ArnNotLike": {"aws:PrincipalArn": list(arns)}}}
    exempt = {**DECRYPT, "Condition": {"ArnLike": {"aws:PrincipalArn": list(arns)}}}
    return proof(under(scp), DECRYPT), proof(under(scp), exempt, "allowed")


@pytest.mark.parametrize("character", PRINTABLE, ids=lambda character: f"U+{ord(character):04X}")
@pytest.mark.parametrize("kind", ["role", "user"])
def test_a_path_of_any_printable_character_is_looked_at(kind: str, character: str) -> None:
    written = f"${{{character}}}" if character in "*?$" else character
    denied, allowed = but(f"arn:aws:iam::*:{kind}/x{written}y/*")
    assert denied.verdict == "refuted"
    assert denied.counterexample is not None
    assert f"{kind}/x{character}y/" in denied.counterexample.principal.arn
    assert allowed.verdict == "proved"


def test_a_path_that_no_role_has_is_not() -> None:
    denied, allowed = but("arn:aws:iam::*:role/a b/*")
    assert denied.verdict == "proved"
    assert "no request is within the scope" in allowed.reason


def test_a_role_of_aws_whose_name_has_a_colon_is_looked_at() -> None:
    denied, allowed = but("arn:aws:iam::*:role/aws:ec2-infrastructure")
    assert (denied.verdict, allowed.verdict) == ("refuted", "proved")


def test_a_role_whose_path_only_looks_like_that_of_service_linked_roles_is_bound() -> None:
    alike = f"arn:aws:iam::{ACCOUNT}:role/x:role/aws-service-role/y/z"
    linked = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/y/z"
    assert [principal(arn).service_linked for arn in (alike, linked)] == [False, True]
    denied, _ = but("arn:aws:iam::*:role/x:role/aws-service-role/*")
    assert denied.verdict == "refuted"


@pytest.mark.parametrize(("second", "verdict"), [("bx", "refuted"), ("b?", "refuted"), ("b*", "proved")])
def test_services_of_every_name_are_looked_at(second: str, verdict: str) -> None:
    key = "aws:PrincipalServiceName"
    lines = ({"StringNotLike": {key: "b*.amazonaws.com"}}, {"StringLike": {key: f"{second}.amazonaws.com"}})
    table = document(*({"Principal": "*", "Condition": line} for line in lines), name="table")
    table = replace(table, statements=(*table.statements, *FULL_FOR_ANYBODY.statements))
    services = {"Bool": {"aws:PrincipalIsAWSService": "true"}}
    read = {"Action": "dynamodb:GetItem", "Resource": TABLE, "Condition": services}
    assert proof(World(MANAGEMENT, resource=table), read, callers="anyone").verdict == verdict


FEDERATED = f"arn:aws:sts::{ACCOUNT}:federated-user/mina"
KINDS = {
    "role": f"arn:aws:iam::{ACCOUNT}:role/app",
    "user": f"arn:aws:iam::{ACCOUNT}:user/mina",
    "root": f"arn:aws:iam::{ACCOUNT}:root",
    "federated-user": FEDERATED,
}
PATTERNS = {
    "role": "arn:aws:iam::*:role/*",
    "user": "arn:aws:iam::*:user/*",
    "root": "arn:aws:iam::*:root",
    "federated-user": "arn:aws:sts::*:federated-user/*",
}


@pytest.mark.parametrize("left", KINDS)
def test_whoever_of_an_account_a_denial_leaves_out_refutes_a_claim_about_everybody(left: str) -> None:
    others = [pattern for kind, pattern in PATTERNS.items() if kind != left]
    scp = {**DECRYPT, "Condition": {"ArnLike": {"aws:PrincipalArn": others}}}
    found = proof(under(scp), DECRYPT)
    assert found.verdict == "refuted"
    assert found.counterexample is not None
    assert found.counterexample.principal.kind == left
    all_of_them = {**DECRYPT, "Condition": {"ArnLike": {"aws:PrincipalArn": list(PATTERNS.values())}}}
    assert proof(under(all_of_them), DECRYPT).verdict == "proved"
    assert proof(under(DECRYPT), DECRYPT, callers=(KINDS[left],)).verdict == "proved"


@pytest.mark.parametrize(("key", "left"), [("User", "role"), ("AssumedRole", "user"), ("FederatedUser", "user")])
def test_the_type_of_a_principal_tells_its_kind(key: str, left: str) -> None:
    scp = {**DECRYPT, "Condition": {"StringEquals": {"aws:PrincipalType": key}}}
    assert proof(under(scp), DECRYPT, callers=(KINDS[left],)).verdict == "refuted"
    of_type = {**DECRYPT, "Condition": {"StringEquals": {"aws:PrincipalType": key}}}
    assert proof(under(scp), of_type).verdict == "proved"


@pytest.mark.parametrize(
    ("named", "verdict"),
    [
        (FEDERATED, "proved"),
        (f"{FEDERATED}s", "refuted"),
        (f"arn:aws:iam::{ACCOUNT}:user/mina", "refuted"),
        (ACCOUNT, "refuted"),
    ],
)
def test_a_resource_policy_that_names_a_federated_user_needs_no_policy_of_the_user(named: str, verdict: str) -> None:
    table = document({"Effect": "Allow", "Principal": {"AWS": named}}, name="table")
    read = {"Action": "dynamodb:GetItem", "Resource": TABLE}
    assert proof(World(MANAGEMENT, resource=table), read, "allowed", (FEDERATED,)).verdict == verdict
