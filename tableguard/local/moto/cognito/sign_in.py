"""Corrections of how moto lets somebody sign in: passwords are proven, flows allowed, second factors demanded.

moto takes any proof of SRP, any flow whatever its client allows, one secret of all apps, and any code. Here a sign-in
goes through its challenges in AWS's order, each session serves once and for its minutes, and who is refused reads AWS's
words. Not modelled: custom challenges, SMS, e-mail codes, passkeys, remembered devices, and risks: nobody is suspect.
https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-authentication-flow-methods.html
"""

import json
import secrets
import time
from base64 import b32encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cryptography.hazmat.primitives.twofactor import InvalidToken
from moto.cognitoidp.exceptions import (
    CodeMismatchException,
    InvalidParameterException,
    NotAuthorizedError,
    ResourceNotFoundError,
    UserNotConfirmedException,
    UserNotFoundError,
)
from moto.cognitoidp.models import (
    CognitoIdpUser,
    CognitoIdpUserPool,
    CognitoIdpUserPoolClient,
    UserStatus,
)
from moto.cognitoidp.responses import CognitoIdpResponse
from moto.cognitoidp.utils import TOTP_TIME_STEP, cognito_totp
from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult

from tableguard.local.moto.cognito import srp, tokens
from tableguard.local.moto.patch import replace as replace_in_moto

_NO_SESSION = "Invalid session for the user."
WRONG = "Incorrect username or password."
_APP = "SOFTWARE_TOKEN_MFA"
_SECRET_BYTES = 20
# https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPoolClient.html
_FLOWS_BY_DEFAULT = ("ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH")
_SESSION_MINUTES = 3
_DAY = 86_400


@dataclass(frozen=True)
class SignIn:
    """A sign-in that waits for the answer to one challenge."""

    pool: CognitoIdpUserPool
    client: CognitoIdpUserPoolClient
    user: CognitoIdpUser | None
    challenge: str
    ends: float
    exchange: srp.Exchange | None = None
    of_server: int = 0
    app_secret: str = ""  # of an app that is being set up
    is_set_up: bool = False


def install() -> None:
    """Replace the operations by which a user signs in."""
    for operation in (initiate_auth, respond_to_auth_challenge, associate_software_token, verify_software_token):
        replace_in_moto(CognitoIdpResponse, operation.__name__, operation)


def initiate_auth(handler: CognitoIdpResponse) -> ActionResult:
    """Answer InitiateAuth: begin to sign in, or renew what an earlier sign-in gave."""
    pool, client = tokens.client_of(handler._get_param("ClientId"))
    flow, parameters = handler._get_param("AuthFlow"), handler._get_param("AuthParameters") or {}
    if flow == "REFRESH_TOKEN":
        flow = "REFRESH_TOKEN_AUTH"
    if flow not in _BEGIN:
        raise NotImplementedError(flow)
    if f"ALLOW_{flow}" not in client.extended_config.get("ExplicitAuthFlows", _FLOWS_BY_DEFAULT):
        raise InvalidParameterException(f"{flow} flow not enabled for this client")
    return ActionResult(_BEGIN[flow](pool, client, parameters))


def _begin_srp(
    pool: CognitoIdpUserPool, client: CognitoIdpUserPoolClient, parameters: Mapping[str, str]
) -> dict[str, Any]:
    user = _user(pool, client, parameters)
    name = user.username if user else secrets.token_hex(16)
    try:
        of_client = int(parameters.get("SRP_A", ""), 16)
        exchange = srp.begin(pool.id.partition("_")[2], name, user.password if user else None, of_client)
    except ValueError as error:
        raise InvalidParameterException("Missing required parameter SRP_A, or one that is no such value") from error
    attempt = _attempt(pool, client, user, "PASSWORD_VERIFIER", exchange=exchange, of_server=exchange.of_server)
    challenge = {
        "SALT": f"{exchange.salt:x}",
        "SECRET_BLOCK": exchange.secret_block,
        "SRP_B": f"{attempt.of_server:x}",
        "USERNAME": name,
        "USER_ID_FOR_SRP": name,
    }
    return _challenge(attempt, challenge)


def _begin_password(
    pool: CognitoIdpUserPool, client: CognitoIdpUserPoolClient, parameters: Mapping[str, str]
) -> dict[str, Any]:
    user = _user(pool, client, parameters)
    if user is None or user.password != parameters.get("PASSWORD"):
        raise NotAuthorizedError(WRONG)
    return _proven(pool, client, user)


def _begin_refresh(
    _: CognitoIdpUserPool, client: CognitoIdpUserPoolClient, parameters: Mapping[str, str]
) -> dict[str, Any]:
    return tokens.renewed(client, parameters.get("REFRESH_TOKEN", ""))


_Begin = Callable[[CognitoIdpUserPool, CognitoIdpUserPoolClient, Mapping[str, str]], dict[str, Any]]
_BEGIN: Mapping[str, _Begin] = {
    "REFRESH_TOKEN_AUTH": _begin_refresh,
    "USER_PASSWORD_AUTH": _begin_password,
    "USER_SRP_AUTH": _begin_srp,
}


def _user(
    pool: CognitoIdpUserPool, client: CognitoIdpUserPoolClient, parameters: Mapping[str, str]
) -> CognitoIdpUser | None:
    """Return who wants to sign in; None of somebody unknown, where a client is not to tell who is there."""
    user = pool._get_user(parameters.get("USERNAME", ""))
    if user is None and client.extended_config.get("PreventUserExistenceErrors") != "ENABLED":
        raise UserNotFoundError("User does not exist.")
    return user


def _attempt(
    pool: CognitoIdpUserPool,
    client: CognitoIdpUserPoolClient,
    user: CognitoIdpUser | None,
    challenge: str,
    **more: Any,
) -> SignIn:
    minutes = client.extended_config.get("AuthSessionValidity", _SESSION_MINUTES)
    return SignIn(pool, client, user, challenge, time.time() + 60 * minutes, **more)


def _challenge(attempt: SignIn, parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return a challenge; its session is taken by the answer."""
    return {
        "ChallengeName": attempt.challenge,
        "ChallengeParameters": dict(parameters),
        "Session": _kept(attempt),
    }


def _kept(attempt: SignIn) -> str:
    session = secrets.token_urlsafe(96)
    _attempts(attempt.pool)[session] = attempt
    return session


def _attempts(pool: CognitoIdpUserPool) -> dict[str, SignIn]:
    attempts: dict[str, SignIn] = vars(pool).setdefault("attempts", {})
    return attempts


def _taken(session: str | None) -> SignIn:
    """Return the attempt of a session, which serves once."""
    for pool in tokens.all_pools():
        attempt = _attempts(pool).pop(session or "", None)
        if attempt is not None:
            if attempt.ends < time.time():
                raise NotAuthorizedError("Invalid session for the user, session is expired.")
            return attempt
    raise NotAuthorizedError(_NO_SESSION)


def _member(attempt: SignIn) -> CognitoIdpUser:
    """Return who signs in, once a password has been proven: somebody who is there."""
    if attempt.user is None:
        raise NotAuthorizedError(_NO_SESSION)
    return attempt.user


def respond_to_auth_challenge(handler: CognitoIdpResponse) -> ActionResult:
    """Answer RespondToAuthChallenge: the next challenge, or tokens."""
    name, answers = handler._get_param("ChallengeName"), handler._get_param("ChallengeResponses") or {}
    _, client = tokens.client_of(handler._get_param("ClientId"))
    if name not in _ANSWERS:
        raise NotImplementedError(name)
    attempt = _taken(handler._get_param("Session"))
    if attempt.challenge != name or attempt.client is not client:
        raise NotAuthorizedError(_NO_SESSION)
    return ActionResult(_ANSWERS[name](attempt, answers))


def _with_password(attempt: SignIn, answers: Mapping[str, str]) -> dict[str, Any]:
    exchange, user = attempt.exchange, attempt.user
    proof, timestamp = answers.get("PASSWORD_CLAIM_SIGNATURE", ""), answers.get("TIMESTAMP", "")
    block = answers.get("PASSWORD_CLAIM_SECRET_BLOCK", "")
    if user is None or exchange is None or not exchange.proves(attempt.of_server, block, proof, timestamp):
        raise NotAuthorizedError(WRONG)
    return _proven(attempt.pool, attempt.client, user)


def _proven(pool: CognitoIdpUserPool, client: CognitoIdpUserPoolClient, user: CognitoIdpUser) -> dict[str, Any]:
    """Return what comes after the right password."""
    if not user.enabled:
        raise NotAuthorizedError("User is disabled.")
    if user.status == UserStatus.UNCONFIRMED:
        raise UserNotConfirmedException("User is not confirmed.")
    if user.status == UserStatus.RESET_REQUIRED:
        raise JsonRESTError("PasswordResetRequiredException", "Password reset required for the user")
    if user.status == UserStatus.FORCE_CHANGE_PASSWORD:
        _refuse_an_old_invitation(pool, user)
        attributes = {name: value for name, value in user.attribute_lookup.items() if name != "sub"}
        challenge = {
            "USER_ID_FOR_SRP": user.username,
            "requiredAttributes": "[]",
            "userAttributes": json.dumps(attributes),
        }
        return _challenge(_attempt(pool, client, user, "NEW_PASSWORD_REQUIRED"), challenge)
    return _second_factor(pool, client, user)


def _refuse_an_old_invitation(pool: CognitoIdpUserPool, user: CognitoIdpUser) -> None:
    days = pool.extended_config["Policies"]["PasswordPolicy"]["TemporaryPasswordValidityDays"]
    if user.last_modified_date.timestamp() + days * _DAY < time.time():
        raise NotAuthorizedError("Temporary password has expired and must be reset by an administrator.")


def _with_new_password(attempt: SignIn, answers: Mapping[str, str]) -> dict[str, Any]:
    pool, user, password = attempt.pool, _member(attempt), answers.get("NEW_PASSWORD", "")
    pool.backend._validate_password(pool.id, password)
    user.password, user.status = password, UserStatus.CONFIRMED
    return _second_factor(pool, attempt.client, user)


def _second_factor(pool: CognitoIdpUserPool, client: CognitoIdpUserPoolClient, user: CognitoIdpUser) -> dict[str, Any]:
    challenge = {"USER_ID_FOR_SRP": user.username}
    if user.token_verified and pool.mfa_config != "OFF":
        return _challenge(_attempt(pool, client, user, _APP), challenge)
    if pool.mfa_config == "ON":
        return _challenge(
            _attempt(pool, client, user, "MFA_SETUP"), {**challenge, "MFAS_CAN_SETUP": json.dumps([_APP])}
        )
    return tokens.issued(pool, client, user)


def _with_code(attempt: SignIn, answers: Mapping[str, str]) -> dict[str, Any]:
    user = _member(attempt)
    _check_code(user, vars(user).get("app_secret", ""), answers.get(f"{_APP}_CODE", ""))
    return tokens.issued(attempt.pool, attempt.client, user)


def _check_code(user: CognitoIdpUser, secret: str, code: str) -> None:
    """Refuse a code that the app does not show now, or that served already."""
    now, totp = int(time.time()), cognito_totp(secret)
    used: dict[str, int] = vars(user).setdefault("codes_used", {})
    if used.get(code, 0) > now - 3 * TOTP_TIME_STEP:
        raise JsonRESTError("ExpiredCodeException", "Your software token has already been used once.")
    for steps in (0, -1, 1):
        try:
            totp.verify(code.encode(), now + steps * TOTP_TIME_STEP)
        except InvalidToken:
            continue
        used[code] = now
        return
    raise CodeMismatchException("Invalid code received for user")


def _with_set_up(attempt: SignIn, _: Mapping[str, str]) -> dict[str, Any]:
    if not attempt.is_set_up:
        raise NotAuthorizedError(_NO_SESSION)
    return tokens.issued(attempt.pool, attempt.client, _member(attempt))


_ANSWERS: Mapping[str, Callable[[SignIn, Mapping[str, str]], dict[str, Any]]] = {
    "MFA_SETUP": _with_set_up,
    "NEW_PASSWORD_REQUIRED": _with_new_password,
    "PASSWORD_VERIFIER": _with_password,
    _APP: _with_code,
}


def associate_software_token(handler: CognitoIdpResponse) -> ActionResult:
    """Answer AssociateSoftwareToken, in the middle of a sign-in or after it: a secret of this user alone."""
    secret = b32encode(secrets.token_bytes(_SECRET_BYTES)).decode()
    if handler._get_param("AccessToken"):
        _, user = tokens.user_of(handler._get_param("AccessToken"))
        vars(user)["next_app_secret"] = secret
        return ActionResult({"SecretCode": secret})
    attempt = _taken(handler._get_param("Session"))
    if attempt.challenge != "MFA_SETUP":
        raise NotAuthorizedError(_NO_SESSION)
    return ActionResult({"SecretCode": secret, "Session": _kept(replace(attempt, app_secret=secret))})


def verify_software_token(handler: CognitoIdpResponse) -> ActionResult:
    """Answer VerifySoftwareToken: who shows the app's code has it from now on."""
    code = handler._get_param("UserCode")
    if handler._get_param("AccessToken"):
        _, user = tokens.user_of(handler._get_param("AccessToken"))
        _verify_app(user, vars(user).get("next_app_secret", ""), code)
        return ActionResult({"Status": "SUCCESS"})
    attempt = _taken(handler._get_param("Session"))
    _verify_app(_member(attempt), attempt.app_secret, code)
    return ActionResult({"Status": "SUCCESS", "Session": _kept(replace(attempt, is_set_up=True))})


def _verify_app(user: CognitoIdpUser, secret: str, code: str) -> None:
    if not secret:
        raise ResourceNotFoundError("Software token has not been associated.")
    try:
        _check_code(user, secret, code)
    except CodeMismatchException as error:
        raise JsonRESTError("EnableSoftwareTokenMFAException", "Code mismatch") from error
    vars(user)["app_secret"] = secret
    user.token_verified = user.software_token_mfa_enabled = True
    user.preferred_mfa_setting = _APP
