"""A member's identity token gives credentials of the pool's role, tagged as the member; any other token gives none."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from tableguard.local.assembly import install_corrections
from tests.unit.local.moto.cognito.test_sign_in import EMAIL, REGION, member, refusal
from tests.worlds.boto3_emulation import emulated_aws
from tests.worlds.sign_in import Device

ROLE = "arn:aws:iam::123456789012:role/member"


@pytest.fixture
def users() -> Iterator[Any]:
    install_corrections()
    with emulated_aws():
        yield boto3.client("cognito-idp", region_name=REGION)


def provider(device: Device) -> str:
    return f"cognito-idp.{REGION}.amazonaws.com/{device.pool_id}"


def identity_pool(device: Device, **changed: Any) -> str:
    """An identity pool for a device's client, with our role and tag."""
    client = boto3.client("cognito-identity", region_name=REGION)
    named = {"ProviderName": provider(device), "ClientId": device.client_id, "ServerSideTokenCheck": True, **changed}
    pool: str = client.create_identity_pool(
        IdentityPoolName="members", AllowUnauthenticatedIdentities=False, CognitoIdentityProviders=[named]
    )["IdentityPoolId"]
    client.set_identity_pool_roles(IdentityPoolId=pool, Roles={"authenticated": ROLE})
    client.set_principal_tag_attribute_map(
        IdentityPoolId=pool,
        IdentityProviderName=provider(device),
        UseDefaults=False,
        PrincipalTags={"user_uuid": "sub"},
    )
    return pool


def unsigned() -> Any:
    return boto3.client("cognito-identity", region_name=REGION, config=Config(signature_version=UNSIGNED))


def test_a_member_is_the_pool_s_role_and_the_same_identity_each_time(users: Any) -> None:
    device = member(users)
    pool, logins = identity_pool(device), {provider(device): device.sign_in()["IdToken"]}
    identity = unsigned().get_id(IdentityPoolId=pool, Logins=logins)["IdentityId"]
    assert unsigned().get_id(IdentityPoolId=pool, Logins=logins)["IdentityId"] == identity
    keys = unsigned().get_credentials_for_identity(IdentityId=identity, Logins=logins)["Credentials"]
    sts = boto3.client(
        "sts",
        region_name=REGION,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretKey"],
        aws_session_token=keys["SessionToken"],
    )
    assert sts.get_caller_identity()["Arn"].endswith("assumed-role/member/CognitoIdentityCredentials")


def test_a_guest_gets_no_identity(users: Any) -> None:
    pool = identity_pool(member(users))
    text = "Unauthenticated access is not supported for this identity pool."
    assert refusal(unsigned().get_id, IdentityPoolId=pool) == ("NotAuthorizedException", text)


@pytest.mark.parametrize("kind", ["AccessToken", "RefreshToken"])
def test_another_token_than_the_identity_s_is_refused(users: Any, kind: str) -> None:
    device = member(users)
    logins = {provider(device): device.sign_in()[kind]}
    refused = refusal(unsigned().get_id, IdentityPoolId=identity_pool(device), Logins=logins)
    assert refused[1] == "Invalid login token. Not a valid OpenId Connect identity token."


def test_a_token_of_another_pool_or_client_is_refused(users: Any) -> None:
    device, other = member(users), member(users)
    token = other.sign_in()["IdToken"]
    pool = identity_pool(device)
    assert refusal(unsigned().get_id, IdentityPoolId=pool, Logins={provider(device): token})[1].startswith("Invalid")
    unknown = refusal(unsigned().get_id, IdentityPoolId=pool, Logins={provider(other): token})
    assert unknown[1] == "Token is not from a supported provider of this identity pool."
    elsewhere = identity_pool(device, ClientId="another")
    own = {provider(device): device.sign_in()["IdToken"]}
    refused = refusal(unsigned().get_id, IdentityPoolId=elsewhere, Logins=own)
    assert refused[1] == "Invalid login token. Incorrect token audience."


@pytest.mark.parametrize(("is_checked", "is_refused"), [(True, True), (False, False)])
@pytest.mark.parametrize("operation", ["admin_disable_user", "admin_user_global_sign_out"])
def test_who_is_disabled_or_signed_out_is_refused_where_the_server_is_asked(
    users: Any, operation: str, is_checked: bool, is_refused: bool
) -> None:
    device = member(users)
    pool = identity_pool(device, ServerSideTokenCheck=is_checked)
    logins = {provider(device): device.sign_in()["IdToken"]}
    getattr(users, operation)(UserPoolId=device.pool_id, Username=EMAIL)
    if is_refused:
        refused = refusal(unsigned().get_id, IdentityPoolId=pool, Logins=logins)
        assert refused[0] == "NotAuthorizedException"
    else:
        assert unsigned().get_id(IdentityPoolId=pool, Logins=logins)["IdentityId"]


def test_one_member_does_not_take_the_identity_of_another(users: Any) -> None:
    device, other = member(users), member(users)
    identities = identity_pool(device), identity_pool(other)
    logins = {provider(device): device.sign_in()["IdToken"]}
    theirs = {provider(other): other.sign_in()["IdToken"]}
    identity = unsigned().get_id(IdentityPoolId=identities[1], Logins=theirs)["IdentityId"]
    refused = refusal(unsigned().get_credentials_for_identity, IdentityId=identity, Logins=logins)
    assert refused[0] == "NotAuthorizedException"


def test_a_pool_without_a_role_gives_no_credentials(users: Any) -> None:
    device = member(users)
    pool, logins = identity_pool(device), {provider(device): device.sign_in()["IdToken"]}
    boto3.client("cognito-identity", region_name=REGION).set_identity_pool_roles(IdentityPoolId=pool, Roles={})
    identity = unsigned().get_id(IdentityPoolId=pool, Logins=logins)["IdentityId"]
    refused = refusal(unsigned().get_credentials_for_identity, IdentityId=identity, Logins=logins)
    assert refused[0] == "InvalidIdentityPoolConfigurationException"
