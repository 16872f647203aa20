"""Signing in: the right password, an invitation's end, the second factor; what is not in order is refused."""

from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from tableguard.local.assembly import install_corrections
from tests.worlds.boto3_emulation import emulated_aws
from tests.worlds.sign_in import Device, code

REGION = "eu-central-1"
INVITED, CHOSEN = "Invited-2026", "Chosen-2026-x"
EMAIL = "ada@example.com"


@pytest.fixture
def users() -> Iterator[Any]:
    """A client of who administers an account's user pools."""
    install_corrections()
    with emulated_aws():
        yield boto3.client("cognito-idp", region_name=REGION)


def pool_with(users: Any, mfa: str = "ON", **of_client: Any) -> tuple[str, str]:
    """Make a pool like ours, and a client."""
    pool = users.create_user_pool(PoolName="members", UsernameAttributes=["email"])["UserPool"]["Id"]
    if mfa != "OFF":
        apps = {"SoftwareTokenMfaConfiguration": {"Enabled": True}}
        users.set_user_pool_mfa_config(UserPoolId=pool, MfaConfiguration=mfa, **apps)
    settings = {"ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH"], "PreventUserExistenceErrors": "ENABLED", **of_client}
    client = users.create_user_pool_client(UserPoolId=pool, ClientName="members", **settings)
    return pool, client["UserPoolClient"]["ClientId"]


def invited(users: Any, mfa: str = "ON", **of_client: Any) -> Device:
    """The device of somebody who was invited, and has not signed in yet."""
    pool, client = pool_with(users, mfa, **of_client)
    users.admin_create_user(UserPoolId=pool, Username=EMAIL, TemporaryPassword=INVITED)
    unsigned = boto3.client("cognito-idp", region_name=REGION, config=Config(signature_version=UNSIGNED))
    return Device(unsigned, pool, client, EMAIL, INVITED)


def member(users: Any, mfa: str = "ON", **of_client: Any) -> Device:
    """The device of somebody who has chosen a password, and set an app up where one is demanded."""
    device = invited(users, mfa, **of_client)
    asked = device.choose(device.begin(), CHOSEN)
    if mfa == "ON":
        device.set_up(asked)
    return device


def refusal(call: Any, *args: Any, **more: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as refused:
        call(*args, **more)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


def test_an_invitation_leads_by_a_password_and_an_app_to_tokens(users: Any) -> None:
    device = invited(users)
    asked = device.begin()
    assert asked["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    asked = device.choose(asked, CHOSEN)
    assert asked["ChallengeName"] == "MFA_SETUP"
    assert device.set_up(asked).keys() >= {"AccessToken", "IdToken", "RefreshToken"}
    assert device.begin()["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    assert device.sign_in()["TokenType"] == "Bearer"


@pytest.mark.parametrize("password", [f"{INVITED}x", "", INVITED.lower()])
def test_another_password_is_refused(users: Any, password: str) -> None:
    device = invited(users)
    device.password = password
    assert refusal(device.begin) == ("NotAuthorizedException", "Incorrect username or password.")


def test_who_is_not_there_is_refused_like_who_has_another_password(users: Any) -> None:
    device = invited(users)
    device.email = "nobody@example.com"
    assert refusal(device.begin) == ("NotAuthorizedException", "Incorrect username or password.")


def test_a_client_that_tells_who_is_there_does(users: Any) -> None:
    device = invited(users, PreventUserExistenceErrors="LEGACY")
    device.email = "nobody@example.com"
    assert refusal(device.begin) == ("UserNotFoundException", "User does not exist.")


def test_a_weak_password_is_not_taken_for_an_invitation_s(users: Any) -> None:
    device = invited(users)
    assert refusal(device.choose, device.begin(), "weak")[0] == "InvalidPasswordException"


@pytest.mark.parametrize("flow", ["USER_PASSWORD_AUTH", "REFRESH_TOKEN_AUTH"])
def test_a_flow_that_the_client_does_not_allow_is_refused(users: Any, flow: str) -> None:
    device = member(users)
    sent = {"USERNAME": EMAIL, "PASSWORD": CHOSEN, "REFRESH_TOKEN": "x"}
    refused = refusal(device.client.initiate_auth, ClientId=device.client_id, AuthFlow=flow, AuthParameters=sent)
    assert refused == ("InvalidParameterException", f"{flow} flow not enabled for this client")


def test_a_flow_that_the_client_allows_is_taken(users: Any) -> None:
    device = member(users, mfa="OFF", ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH"])
    sent = {"USERNAME": EMAIL, "PASSWORD": CHOSEN}
    begun = device.client.initiate_auth(ClientId=device.client_id, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=sent)
    assert "IdToken" in begun["AuthenticationResult"]


def test_who_was_disabled_does_not_sign_in_and_who_was_enabled_again_does(users: Any) -> None:
    device = member(users)
    named = {"UserPoolId": device.pool_id, "Username": EMAIL}
    users.admin_disable_user(**named)
    assert refusal(device.begin) == ("NotAuthorizedException", "User is disabled.")
    users.admin_enable_user(**named)
    assert device.sign_in()


def test_without_the_app_s_code_nobody_gets_tokens(users: Any) -> None:
    device = member(users)
    wrong = f"{(int(code(device.app_secret, 5)) + 1) % 1_000_000:06}"
    refused = refusal(device.respond, device.begin(), SOFTWARE_TOKEN_MFA_CODE=wrong)
    assert refused == ("CodeMismatchException", "Invalid code received for user")


def test_a_code_serves_once(users: Any) -> None:
    device = member(users)
    shown = code(device.app_secret, 1)
    assert device.respond(device.begin(), SOFTWARE_TOKEN_MFA_CODE=shown)
    refused = refusal(device.respond, device.begin(), SOFTWARE_TOKEN_MFA_CODE=shown)
    assert refused[0] == "ExpiredCodeException"


def test_a_session_serves_once_and_for_its_own_challenge(users: Any) -> None:
    device = invited(users)
    asked = device.begin()
    assert refusal(device.respond, {**asked, "ChallengeName": "MFA_SETUP"})[0] == "NotAuthorizedException"
    assert refusal(device.choose, asked, CHOSEN) == ("NotAuthorizedException", "Invalid session for the user.")


def test_a_session_ends_after_its_minutes(users: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    device = invited(users)
    asked = device.begin()
    monkeypatch.setattr("tableguard.local.moto.cognito.sign_in.time", _Later(181))
    assert refusal(device.choose, asked, CHOSEN)[1] == "Invalid session for the user, session is expired."


class _Later:
    """A clock that is some seconds ahead."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def time(self) -> float:
        import time  # the name is taken by the clock's own method

        return time.time() + self.seconds


def test_an_invitation_ends_after_its_days(users: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    device = invited(users)
    monkeypatch.setattr("tableguard.local.moto.cognito.sign_in.time", _Later(8 * 86_400))
    assert refusal(device.begin)[1].startswith("Temporary password has expired")


def test_who_skips_the_set_up_of_an_app_gets_no_tokens(users: Any) -> None:
    device = invited(users)
    asked = device.choose(device.begin(), CHOSEN)
    assert refusal(device.respond, asked)[0] == "NotAuthorizedException"


def test_a_set_up_with_another_code_is_refused(users: Any) -> None:
    device = invited(users)
    asked = device.choose(device.begin(), CHOSEN)
    told = device.client.associate_software_token(Session=asked["Session"])
    wrong = f"{(int(code(told['SecretCode'], 7)) + 1) % 1_000_000:06}"
    refused = refusal(device.client.verify_software_token, Session=told["Session"], UserCode=wrong)
    assert refused[0] == "EnableSoftwareTokenMFAException"


def test_two_members_have_secrets_of_their_own(users: Any) -> None:
    assert member(users).app_secret != member(users).app_secret


ROTATING: Mapping[str, Any] = {"RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0}}


def test_with_rotation_a_refresh_token_serves_once(users: Any) -> None:
    device = member(users, **ROTATING)
    tokens = device.sign_in()
    renew = device.client.get_tokens_from_refresh_token
    again = renew(ClientId=device.client_id, RefreshToken=tokens["RefreshToken"])["AuthenticationResult"]
    assert again["RefreshToken"] != tokens["RefreshToken"]
    refused = refusal(renew, ClientId=device.client_id, RefreshToken=tokens["RefreshToken"])
    assert refused == ("NotAuthorizedException", "Refresh Token has been revoked")
    assert renew(ClientId=device.client_id, RefreshToken=again["RefreshToken"])


def test_without_rotation_a_refresh_token_serves_on_until_it_is_revoked(users: Any) -> None:
    device = member(users)
    token = device.sign_in()["RefreshToken"]
    renew = device.client.get_tokens_from_refresh_token
    for _ in range(2):
        assert "RefreshToken" not in renew(ClientId=device.client_id, RefreshToken=token)["AuthenticationResult"]
    device.client.revoke_token(ClientId=device.client_id, Token=token)
    assert refusal(renew, ClientId=device.client_id, RefreshToken=token)[1] == "Refresh Token has been revoked"


def test_who_is_signed_out_everywhere_renews_nothing(users: Any) -> None:
    device = member(users)
    token = device.sign_in()["RefreshToken"]
    users.admin_user_global_sign_out(UserPoolId=device.pool_id, Username=EMAIL)
    refused = refusal(device.client.get_tokens_from_refresh_token, ClientId=device.client_id, RefreshToken=token)
    assert refused[0] == "NotAuthorizedException"


def test_tokens_serve_as_long_as_their_client_says(users: Any) -> None:
    units = {"AccessToken": "minutes", "IdToken": "minutes"}
    device = member(users, AccessTokenValidity=7, IdTokenValidity=7, TokenValidityUnits=units)
    assert device.sign_in()["ExpiresIn"] == 7 * 60
    assert member(users).sign_in()["ExpiresIn"] == 3600
