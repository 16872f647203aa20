"""Resources of every account are looked at: ours, another member's, the management account's and strangers'."""

from typing import Any

import pytest

from tableguard.policy.evaluate import World, decide
from tableguard.prove import requests
from tableguard.prove.engine.prover import Proof
from tests.worlds.policies import ACCOUNT, FULL, FULL_FOR_ANYBODY, MANAGEMENT, OTHER_ACCOUNT, document
from tests.worlds.proofs import proof

OURS = "o-exampleorgid"
PARTNER = "999988887777"
RCP = document({"Principal": "*", "Action": "dynamodb:*"}, name="rcp")
DELETE: dict[str, Any] = {"Action": "dynamodb:DeleteTable"}


def under_rcp(**more: Any) -> Proof:
    """Ask whether an RCP that denies everything on DynamoDB denies these deletions to members."""
    identity, resource = (FULL,), FULL_FOR_ANYBODY
    world = World(MANAGEMENT, (), ((RCP,),), identity=identity, resource=resource, organization=OURS)
    return proof(world, {**DELETE, **more})


def of_account(account: str) -> dict[str, Any]:
    return {"Resource": f"arn:aws:dynamodb:*:{account}:table/*"}


def owned_by(account: str) -> dict[str, Any]:
    return {"Condition": {"StringEquals": {"aws:ResourceAccount": account}}}


def of_organization(organization: str, *but: str) -> dict[str, Any]:
    lines: dict[str, Any] = {"StringEquals": {"aws:ResourceOrgID": organization}}
    return {"Condition": lines | ({"StringNotEquals": {"aws:ResourceAccount": list(but)}} if but else {})}


@pytest.mark.parametrize(
    "about",
    [
        {},
        of_account(MANAGEMENT),
        owned_by(MANAGEMENT),
        of_account(PARTNER),
        owned_by(PARTNER),
        of_organization(OURS),
        of_organization("o-otherorgid1"),
        {"Condition": {"Null": {"aws:ResourceOrgID": "true"}}},
        {"Condition": {"StringNotEquals": {"aws:ResourceAccount": MANAGEMENT}}},
    ],
    ids=str,
)
def test_no_rcp_binds_the_resources_of_these_accounts(about: dict[str, Any]) -> None:
    found = under_rcp(**about)
    assert found.verdict == "refuted"
    assert found.counterexample is not None
    assert decide(found.question.world, found.counterexample).allowed
    assert found.counterexample.resource_account == MANAGEMENT or found.counterexample.resource_organization != OURS


@pytest.mark.parametrize("about", [of_account(ACCOUNT), owned_by(ACCOUNT), of_organization(OURS, MANAGEMENT)], ids=str)
def test_an_rcp_binds_the_resources_of_its_members(about: dict[str, Any]) -> None:
    assert under_rcp(**about).verdict == "proved"


@pytest.mark.parametrize("account", [MANAGEMENT, OTHER_ACCOUNT, PARTNER])
def test_a_request_says_whose_the_resource_is_where_its_name_does_not(account: str) -> None:
    found = under_rcp(**owned_by(account), Resource="*")
    assert found.counterexample is not None
    assert f"on * of account {account}" in requests.sentence(found.counterexample)
    assert (" in no organization" in requests.sentence(found.counterexample)) == (account != MANAGEMENT)


@pytest.mark.parametrize("owner", ["aws", "amazon", "AWS", "cloudfront"])
def test_resources_of_awss_own_accounts_are_looked_at(owner: str) -> None:
    others = document({"NotResource": f"arn:aws:dynamodb:*:{owner}:*"}, name="scp")
    world = World(MANAGEMENT, ((FULL, others),), identity=(FULL,), resource=FULL_FOR_ANYBODY)
    assert proof(world, {**DELETE, "Resource": "arn:aws:*:*:*:*"}).verdict == "refuted"


def test_resources_of_the_callers_own_account_are_looked_at() -> None:
    partner = f"arn:aws:iam::{PARTNER}:role/app"
    closed = World(MANAGEMENT, identity=(FULL,))  # no resource has a policy: what is not of his account he cannot reach
    found = proof(closed, DELETE, callers=(partner,))
    assert found.counterexample is not None
    assert found.counterexample.resource_account == PARTNER
    elsewhere = {"Condition": {"StringNotEquals": {"aws:ResourceAccount": PARTNER}}}
    assert proof(closed, {**DELETE, **elsewhere}, callers=(partner,)).verdict == "proved"


@pytest.mark.parametrize(
    "of_some",
    [
        {"StringLike": {"aws:PrincipalAccount": "9*"}},
        {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::9*:*"}},
        {"StringNotEquals": {"aws:PrincipalAccount": [ACCOUNT, OTHER_ACCOUNT, "555566667777"]}},
    ],
    ids=str,
)
def test_callers_of_accounts_that_nobody_names_have_resources_of_their_own(of_some: dict[str, Any]) -> None:
    closed = World(MANAGEMENT, identity=(FULL,))
    found = proof(closed, {**DELETE, "Condition": of_some})
    assert found.counterexample is not None
    assert found.counterexample.resource_account == found.counterexample.principal.account
