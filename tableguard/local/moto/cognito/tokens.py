"""Corrections of moto's tokens: how long each serves, whom it names, and when it serves no more.

A refresh token of a client with rotation serves once, and a few seconds more:
https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-refresh-token.html
"""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from joserfc import jwt
from moto.cognitoidp.exceptions import NotAuthorizedError, ResourceNotFoundError
from moto.cognitoidp.models import (
    CognitoIdpUser,
    CognitoIdpUserPool,
    CognitoIdpUserPoolClient,
    cognitoidp_backends,
)
from moto.cognitoidp.responses import CognitoIdpResponse
from moto.core.responses import ActionResult, EmptyResult

from tableguard.local.moto.patch import wrap

_IDENTITY = "id"
_SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400}
# the setting of a client, the unit by default, and the time by default
_VALIDITY = {
    "access": ("AccessTokenValidity", "AccessToken", "hours", 1),
    "id": ("IdTokenValidity", "IdToken", "hours", 1),
    "refresh": ("RefreshTokenValidity", "RefreshToken", "days", 30),
}


def install() -> None:
    """Correct what tokens say and how long, and add the operations that renew and revoke them."""
    wrap(CognitoIdpUserPool, "create_jwt", _token)
    wrap(CognitoIdpUserPool, "sign_out", _sign_out)
    for operation in (get_tokens_from_refresh_token, revoke_token):
        setattr(CognitoIdpResponse, operation.__name__, operation)


def all_pools() -> Iterator[CognitoIdpUserPool]:
    """Yield every user pool: who signs in signs no request, so that nothing else tells the account and Region."""
    for of_account in list(cognitoidp_backends.values()):
        for backend in list(of_account.values()):
            yield from list(backend.user_pools.values())


def client_of(client_id: str) -> tuple[CognitoIdpUserPool, CognitoIdpUserPoolClient]:
    """Return a client and its pool, of whatever account and Region."""
    for pool in all_pools():
        if client_id in pool.clients:
            return pool, pool.clients[client_id]
    raise ResourceNotFoundError(f"User pool client {client_id} does not exist.")


def user_of(access_token: str) -> tuple[CognitoIdpUserPool, CognitoIdpUser]:
    """Return whose access token this is."""
    for pool in all_pools():
        if access_token in pool.access_tokens:
            user = pool._get_user(pool.access_tokens[access_token][1])
            if user is not None and user.enabled:
                return pool, user
    raise NotAuthorizedError("Invalid Access Token")


def issued(pool: CognitoIdpUserPool, client: CognitoIdpUserPoolClient, user: CognitoIdpUser) -> dict[str, Any]:
    """Return the tokens of a member who has signed in."""
    refresh_token, origin = pool.create_refresh_token(client.id, user.username)
    _ends(pool)[refresh_token] = time.time() + _seconds(client, "refresh")
    return {
        "ChallengeParameters": {},
        "AuthenticationResult": {**_signed(pool, client, user, origin), "RefreshToken": refresh_token},
    }


def _signed(
    pool: CognitoIdpUserPool, client: CognitoIdpUserPoolClient, user: CognitoIdpUser, origin: str
) -> dict[str, Any]:
    access, seconds = pool.create_access_token(client.id, user.username, origin_jti=origin)
    identity, _ = pool.create_id_token(client.id, user.username, origin_jti=origin)
    return {"AccessToken": access, "ExpiresIn": seconds, "IdToken": identity, "TokenType": "Bearer"}


def renewed(client: CognitoIdpUserPoolClient, refresh_token: str) -> dict[str, Any]:
    """Return new tokens for a refresh token; with rotation a new one of these too, and the old one ends."""
    pool, _ = client_of(client.id)
    kept = pool.refresh_tokens.get(refresh_token)
    if kept is None or _ends(pool).get(refresh_token, 0) < time.time() or kept[0] != client.id:
        raise NotAuthorizedError("Refresh Token has been revoked")
    user = pool._get_user(kept[1])
    if user is None or not user.enabled:
        raise NotAuthorizedError("User is disabled.")
    rotation = client.extended_config.get("RefreshTokenRotation", {})
    tokens = _signed(pool, client, user, kept[2])
    if rotation.get("Feature") == "ENABLED":
        end = _ends(pool)[refresh_token]
        _ends(pool)[refresh_token] = min(end, time.time() + rotation.get("RetryGracePeriodSeconds", 0))
        tokens["RefreshToken"], _ = pool.create_refresh_token(client.id, user.username)
        _ends(pool)[tokens["RefreshToken"]] = end
    return {"AuthenticationResult": tokens}


def claims_of(pool: CognitoIdpUserPool, token: str) -> dict[str, Any]:
    """Return what a token of a pool claims, once its signature is verified."""
    return dict(jwt.decode(token, pool.json_web_key, algorithms=["RS256"]).claims)


def _ends(pool: CognitoIdpUserPool) -> dict[str, float]:
    """Return when each refresh token of a pool ends."""
    ends: dict[str, float] = vars(pool).setdefault("refresh_ends", {})
    return ends


def _seconds(client: CognitoIdpUserPoolClient, kind: str) -> int:
    setting, unit, by_default, most = _VALIDITY[kind]
    settings = client.extended_config
    # RefreshTokenValidity of 0 is the default too
    number = settings.get(setting) or most
    return int(number) * _SECONDS[settings.get("TokenValidityUnits", {}).get(unit, by_default)]


def _token(
    original: Callable[..., tuple[str, int]],
    pool: CognitoIdpUserPool,
    client_id: str,
    username: str,
    kind: str,
    *,
    extra_data: Mapping[str, Any],
) -> tuple[str, int]:
    """Return a token that serves as long as its client says; moto's names a member's user name as e-mail address."""
    more = dict(extra_data)
    if kind == _IDENTITY:
        more.setdefault("email", pool._get_user(username).attribute_lookup.get("email", ""))
    seconds = _seconds(pool.clients[client_id], kind)
    return original(pool, client_id, username, kind, expires_in=seconds, extra_data=more)


def _sign_out(original: Callable[..., None], pool: CognitoIdpUserPool, username: str) -> None:
    """Sign a user out who may be named in any way; the identity tokens given until now are those of one signed out."""
    user = pool._get_user(username)
    original(pool, user.username)
    signed_out(pool).update(token for token, (_, owner) in pool.id_tokens.items() if owner == user.username)


def signed_out(pool: CognitoIdpUserPool) -> set[str]:
    """Return the identity tokens of a pool whose owners have been signed out since."""
    ended: set[str] = vars(pool).setdefault("signed_out", set())
    return ended


def get_tokens_from_refresh_token(handler: CognitoIdpResponse) -> ActionResult:
    """Answer GetTokensFromRefreshToken, which is how a client with rotation renews its tokens."""
    _, client = client_of(handler._get_param("ClientId"))
    return ActionResult(renewed(client, handler._get_param("RefreshToken")))


def revoke_token(handler: CognitoIdpResponse) -> ActionResult:
    """Answer RevokeToken: the refresh token serves no more."""
    pool, _ = client_of(handler._get_param("ClientId"))
    pool.refresh_tokens[handler._get_param("Token")] = None
    return EmptyResult()
