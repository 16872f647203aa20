"""Worlds: what is assumed beside the documents is carried by the policies and not told from their names."""

import re

import pytest

from tableguard.policy import worlds
from tableguard.policy.evaluate import Layer, Levels, Wanted, World, decide
from tableguard.policy.principals import Principal
from tableguard.policy.statements import Policy
from tableguard.policy.worlds import Estate
from tableguard.prove.report import assumptions
from tests.paths import ROOT
from tests.worlds.policies import ACCOUNT, FOREIGN_ROLE, MANAGEMENT, ROLE, document, request

ESTATE = Estate(ACCOUNT, MANAGEMENT, "o-exampleorgid", "eu-west-1")
EVERYTHING = re.compile(r'"Action": "\*",\s*"Resource": "\*"')
OURS = {"aws:PrincipalOrgID": "o-exampleorgid"}
KINDS = ("scp", "rcp", "endpoint", "resource", "role")


def of_kind(kind: str, effect: str = "Deny") -> Policy:
    whom = {} if kind in ("scp", "role") else {"Principal": "*"}
    return document({"Effect": effect, "Action": "dynamodb:*", **whom}, name="everything")


def test_one_file_builds_the_policies_that_allow_everything() -> None:
    files = {
        path.relative_to(ROOT).as_posix()
        for folder in ("tableguard", "templates", "stream_lambda")
        for path in (ROOT / folder).rglob("*.py")
        if EVERYTHING.search(path.read_text(encoding="utf-8"))
    }
    # beside it what an attacker writes, the role of an administrator that the embedded AWS has from its beginning, and
    # AWS's own endpoint policy
    attack = "tableguard/attack/scene.py"
    others = {attack, "tableguard/local/landing_zone.py", "tableguard/local/stacks/types/ec2.py"}
    assert files == {"tableguard/policy/worlds.py", *others}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "endpoint"])
def test_a_document_alone_denies_what_it_denies_and_everything_else_is_allowed(kind: str) -> None:
    alone = worlds.document_alone(kind, of_kind(kind), ESTATE, whatever_else=True)
    assert not decide(alone, request(context=OURS)).allowed
    assert decide(alone, request("s3:GetObject", OURS)).allowed


def test_an_endpoints_policy_alone_allows_what_it_allows_and_nothing_else() -> None:
    alone = worlds.document_alone("endpoint", of_kind("endpoint", "Allow"), ESTATE)
    assert decide(alone, request(context=OURS)).allowed
    assert not decide(alone, request("s3:GetObject", OURS)).allowed


@pytest.mark.parametrize(("whatever_else", "allowed"), [(True, True), (False, False)])
def test_a_roles_document_is_all_that_its_caller_has_unless_whatever_else(whatever_else: bool, allowed: bool) -> None:
    alone = worlds.document_alone("role", of_kind("role"), ESTATE, whatever_else)
    assert decide(alone, request("s3:GetObject", OURS)).allowed is allowed


@pytest.mark.parametrize("wanted", ["denied", "allowed"])
@pytest.mark.parametrize("kind", KINDS)
def test_in_the_opposite_of_a_document_nothing_gets_what_is_wanted(kind: str, wanted: Wanted) -> None:
    alone = worlds.document_alone(kind, of_kind(kind), ESTATE)
    opposite = worlds.opposite_of_document(kind, alone, wanted)
    assert decide(opposite, request(context=OURS)).allowed is (wanted == "denied")


@pytest.mark.parametrize("wanted", ["denied", "allowed"])
def test_in_the_opposite_of_all_documents_nothing_gets_what_is_wanted(wanted: Wanted) -> None:
    guarded = worlds.guardrails(ESTATE, ((worlds.FULL_AWS_ACCESS, of_kind("scp")),))
    opposite = worlds.opposite_of_all(guarded, wanted, worlds.OPEN_TO_EVERYBODY)
    assert decide(opposite, request(context=OURS)).allowed is (wanted == "denied")


def test_resources_that_delegate_leave_it_to_one_account_who_may_use_them() -> None:
    world = World(identity=(worlds.ADMINISTRATOR,), resource=worlds.delegating(ACCOUNT))
    assert decide(world, request(caller=ROLE)).allowed
    assert not decide(world, request(caller=FOREIGN_ROLE)).allowed


def test_only_a_policy_that_no_file_holds_is_told_as_assumed() -> None:
    """A file may be called everything, as the assumed policies are."""
    guarded = worlds.guardrails(ESTATE, ((worlds.FULL_AWS_ACCESS,),))
    assert assumptions(decide(guarded, request(context=OURS))) == [
        "scp policy everything is FullAWSAccess",
        "resource policy everything is a policy of the resource that lets everybody do everything",
    ]
    written = worlds.guardrails(ESTATE, ((of_kind("scp", "Allow"),),))
    assert assumptions(decide(written, request(context=OURS))) == [
        "resource policy everything is a policy of the resource that lets everybody do everything"
    ]


def test_a_document_is_compared_beside_nothing_and_beside_everything() -> None:
    alone, beside = worlds.comparison_worlds("role", of_kind("role"), ESTATE)
    assert not decide(alone, request("s3:GetObject", OURS)).allowed
    assert decide(beside, request("s3:GetObject", OURS)).allowed
    assert not decide(beside, request(context=OURS)).allowed


OWN, TRUST = (document({"Effect": "Deny", "Principal": "*", "Action": "s3:*"}, name=name) for name in ("own", "trust"))


class Attached:
    """A resource's own policy, a role's trust policy, and an administrator."""

    management_account, members, organization = MANAGEMENT, frozenset((ACCOUNT,)), ""

    def levels(self, account: str, layer: Layer) -> Levels:
        return ()

    def of_caller(self, caller: Principal) -> tuple[tuple[Policy, ...], Policy | None]:
        return (worlds.ADMINISTRATOR,), None

    def of_resource(self, resource: str, account: str) -> Policy | None:
        return OWN if "own" in resource else None

    def trust_of(self, role: str) -> Policy | None:
        return TRUST if "own" in role else None


@pytest.mark.parametrize(
    ("action", "resource", "policy", "must_allow"),
    [
        ("kms:Decrypt", "own key", "own", True),
        ("KMS:decrypt", "own key", "own", True),
        ("kms:Decrypt", "key", None, False),
        ("s3:GetObject", "own bucket", "own", False),
        ("sts:AssumeRole", "own role", "trust", True),
        ("sts:TagSession", "role", None, True),
        ("iam:GetRole", "own role", "own", False),
    ],
)
def test_a_key_and_a_role_that_is_taken_must_be_allowed_by_their_own_policies(
    action: str, resource: str, policy: str | None, must_allow: bool
) -> None:
    built = worlds.of_request(Attached(), caller=request().principal, action=action, resource=resource, owner=ACCOUNT)
    assert (built.resource.name if built.resource else None, built.resource_must_allow) == (policy, must_allow)
    assert (built.management_account, built.identity) == (MANAGEMENT, (worlds.ADMINISTRATOR,))


def test_a_signed_request_has_the_keys_of_its_organization_and_of_kms() -> None:
    caller = request().principal
    always = {"aws:RequestedRegion": "eu-west-1", "aws:SecureTransport": "true", "aws:ViaAWSService": "false"}
    assert worlds.signed_context(caller, "s3:GetObject", "eu-west-1", "") == always
    ours = worlds.signed_context(caller, "kms:Decrypt", "eu-west-1", "o-exampleorgid")
    assert ours == {**always, "aws:PrincipalOrgID": "o-exampleorgid", "kms:CallerAccount": ACCOUNT}
