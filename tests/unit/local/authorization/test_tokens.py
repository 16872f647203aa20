"""Tokens of identity providers: nobody's can be verified here, so none opens a role; keys of the embedded AWS do."""

import json
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from botocore import UNSIGNED
from botocore.config import Config

from tableguard.local.clients.factory import make_client
from tableguard.local.landing_zone import LandingZone
from tests.worlds import edge
from tests.worlds.edge import ACCOUNT, FORM, REGION, client_of, refusal, sent

ROLES = ("OrganizationAccountAccessRole", "trusting", "missing")
ISSUER = "cognito-identity.amazonaws.com"
UNSIGNED_TOKEN = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.x"  # noqa: S105  # its algorithm is none, so anybody writes it


@pytest.fixture(scope="module")
def zone() -> Iterator[LandingZone]:
    """An organization with a role whose trust policy lets every identity of an issuer in, and the administrator."""
    with edge.running() as prepared:
        statements = [
            {"Effect": "Allow", "Principal": {"Federated": ISSUER}, "Action": "sts:AssumeRoleWith*"},
            {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"},
        ]
        trust = json.dumps({"Version": "2012-10-17", "Statement": statements})
        prepared.clients("iam", ACCOUNT, REGION).create_role(RoleName="trusting", AssumeRolePolicyDocument=trust)
        yield prepared


def _arn(role: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/{role}"


def _sts(zone: LandingZone, who: str) -> Any:
    """Return a client of STS; one that signs nothing is what a browser or a container has."""
    if who != "nobody":
        return client_of(zone, who, "sts")
    return make_client("sts", region_name=REGION, endpoint_url=zone.endpoint, config=Config(signature_version=UNSIGNED))


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("who", ["nobody", "administrator", "setup"])
def test_a_token_opens_no_role_and_is_refused_in_aws_words(zone: LandingZone, who: str, role: str) -> None:
    sts = _sts(zone, who)
    web = {"RoleArn": _arn(role), "RoleSessionName": "me", "WebIdentityToken": UNSIGNED_TOKEN}
    provider = f"arn:aws:iam::{ACCOUNT}:saml-provider/example"
    assertion = b64encode(b"<a/>").decode()
    saml = {"RoleArn": _arn(role), "PrincipalArn": provider, "SAMLAssertion": assertion}
    words = "Not authorized to perform sts:AssumeRoleWith"
    assert refusal(sts.assume_role_with_web_identity, **web) == (403, "AccessDenied", f"{words}WebIdentity")
    assert refusal(sts.assume_role_with_saml, **saml) == (403, "AccessDenied", f"{words}SAML")


@pytest.mark.parametrize(
    ("action", "status", "code"),
    [("AssumeRoleWithWebIdentity", 403, b"AccessDenied"), ("assumeRoleWithWebIdentity", 400, b"NotModelled")],
)
def test_nor_does_it_by_another_spelling(zone: LandingZone, action: str, status: int, code: bytes) -> None:
    form = f"Action={action}&Version=2011-06-15&RoleArn={_arn('trusting')}&RoleSessionName=me&WebIdentityToken=x"
    refused, _, answer = sent(zone, "POST", "/", {**FORM, "Host": f"sts.{REGION}.amazonaws.com"}, form.encode())
    assert (refused, b"AccessKeyId" in answer, b"<Code>%s<" % code in answer) == (status, False, True)


def test_a_key_that_was_issued_opens_the_role_whose_trust_policy_names_its_account(zone: LandingZone) -> None:
    keys = client_of(zone, "administrator", "sts").assume_role(RoleArn=_arn("trusting"), RoleSessionName="me")
    assert keys["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/trusting/me"
