"""Corrections of how moto turns a member's identity token into credentials: those of the pool's role, with its tags.

moto gives everybody the same keys, which nothing here takes. The token must be one that a user pool of the estate has
issued, to a client that the identity pool names, and the role's trust policy is asked.
https://docs.aws.amazon.com/cognito/latest/developerguide/authentication-flow.html
"""

import json
import time
from typing import Any, NamedTuple

from moto.cognitoidentity.exceptions import ResourceNotFoundError
from moto.cognitoidentity.models import CognitoIdentityPool, cognitoidentity_backends
from moto.cognitoidentity.responses import CognitoIdentityResponse
from moto.cognitoidentity.utils import get_random_identity_id
from moto.core.exceptions import JsonRESTError
from moto.sts.models import sts_backends

from tableguard.aws.arn import require
from tableguard.local.authorization import guard
from tableguard.local.authorization.attached_policies import organization
from tableguard.local.authorization.call import ApiCall, Caller, ContextValues
from tableguard.local.authorization.refusal import Refusal
from tableguard.local.authorization.state import STATE
from tableguard.local.moto.cognito import tokens
from tableguard.local.moto.cognito.identity_pools import roles_of, tag_claims_of
from tableguard.local.moto.patch import replace
from tableguard.partitions import of_region
from tableguard.policy.principals import principal

_SERVICE = "cognito-identity.amazonaws.com"
_SESSION = "CognitoIdentityCredentials"
_HOUR = 3600
_NO_POLICY: Any = None  # of the session, which may do what its role may


class _Member(NamedTuple):
    """Who an identity token is about: the provider, and the token's claims."""

    provider: str
    claims: dict[str, Any]

    @property
    def login(self) -> str:
        return f"{self.provider}:{self.claims['sub']}"


def install() -> None:
    """Replace GetId and GetCredentialsForIdentity; GetOpenIdToken, the classic flow's first step, is not modelled."""
    replace(CognitoIdentityResponse, "get_id", get_id)
    replace(CognitoIdentityResponse, "get_credentials_for_identity", get_credentials_for_identity)
    replace(CognitoIdentityResponse, "get_open_id_token", _not_modelled)


def _not_modelled(_: CognitoIdentityResponse) -> str:
    raise NotImplementedError


def get_id(handler: CognitoIdentityResponse) -> str:
    """Answer GetId: the same identity for the same member, each time."""
    pool = _pool(handler._get_param("IdentityPoolId"))
    member = _member(pool, handler._get_param("Logins") or {})
    identities = _identities(pool)
    if member.login not in identities:
        identities[member.login] = get_random_identity_id(pool.identity_pool_id.partition(":")[0])
    return json.dumps({"IdentityId": identities[member.login]})


def get_credentials_for_identity(handler: CognitoIdentityResponse) -> str:
    """Answer GetCredentialsForIdentity: a session of the role for members who are signed in."""
    identity = handler._get_param("IdentityId")
    for account, pool in _pools():
        if identity in _identities(pool).values():
            member = _member(pool, handler._get_param("Logins") or {})
            if _identities(pool).get(member.login) != identity:
                raise _not_authorized(
                    "Logins don't match. Please include at least one valid login for this identity or identity pool."
                )
            return json.dumps({"IdentityId": identity, "Credentials": _credentials(account, pool, identity, member)})
    raise ResourceNotFoundError(f"Identity '{identity}' not found.")


def _pools() -> list[tuple[str, CognitoIdentityPool]]:
    """Return every identity pool with its account: nobody signs these requests, so that nothing else tells them."""
    return [
        (account, pool)
        for account, of_account in list(cognitoidentity_backends.items())
        for backend in list(of_account.values())
        for pool in list(backend.identity_pools.values())
    ]


def _pool(identity: str) -> CognitoIdentityPool:
    for _, pool in _pools():
        if pool.identity_pool_id == identity:
            return pool
    raise ResourceNotFoundError(f"IdentityPool '{identity}' not found.")


def _identities(pool: CognitoIdentityPool) -> dict[str, str]:
    """Return the identities of a pool, by the login that each was made for."""
    identities: dict[str, str] = vars(pool).setdefault("identities", {})
    return identities


def _not_authorized(text: str) -> JsonRESTError:
    return JsonRESTError("NotAuthorizedException", text)


def _member(pool: CognitoIdentityPool, logins: dict[str, str]) -> _Member:
    """Return who is signed in; NotAuthorizedException unless the pool's own provider says so, now and to its client."""
    if not logins:
        if pool.allow_unauthenticated_identities:
            raise NotImplementedError  # guests, whom none of our pools lets in
        raise _not_authorized("Unauthenticated access is not supported for this identity pool.")
    ((provider, token),) = logins.items()
    named = [one for one in pool.cognito_identity_providers if one["ProviderName"] == provider]
    if not named:
        raise _not_authorized("Token is not from a supported provider of this identity pool.")
    users = next((users for users in tokens.all_pools() if token in users.id_tokens), None)
    if users is None or not provider.endswith(f"/{users.id}"):
        raise _not_authorized("Invalid login token. Not a valid OpenId Connect identity token.")
    claims = tokens.claims_of(users, token)
    if claims["exp"] < time.time():
        raise _not_authorized(f"Invalid login token. Token expired: {claims['exp']} < {int(time.time())}")
    clients = [one for one in named if one.get("ClientId") == claims["aud"]]
    if not clients:
        raise _not_authorized("Invalid login token. Incorrect token audience.")
    user = users._get_user(users.id_tokens[token][1])
    if clients[0].get("ServerSideTokenCheck") and (
        user is None or not user.enabled or token in tokens.signed_out(users)
    ):
        raise _not_authorized("Invalid login token. Token is revoked or user is not found or disabled.")
    return _Member(provider, claims)


def _credentials(account: str, pool: CognitoIdentityPool, identity: str, member: _Member) -> dict[str, Any]:
    role, tags = roles_of(pool).get("authenticated", ""), _tags(pool, member)
    context = {
        f"{_SERVICE}:aud": pool.identity_pool_id,
        f"{_SERVICE}:sub": identity,
        f"{_SERVICE}:amr": "authenticated",
    }
    region = pool.identity_pool_id.partition(":")[0]
    if not role or not _may_take(account, region, role, tags, context):
        raise JsonRESTError(
            "InvalidIdentityPoolConfigurationException",
            "Invalid identity pool configuration. Check assigned IAM roles for this pool.",
        )
    backend = sts_backends[require(role).account][of_region(region)]
    session = backend.assume_role(region, _SESSION, role, _NO_POLICY, _HOUR, "")
    STATE.session_tags[session.access_key_id] = tags
    vars(session)["token_context"] = context
    return {
        "AccessKeyId": session.access_key_id,
        "SecretKey": session.secret_access_key,
        "SessionToken": session.session_token,
        "Expiration": session.expiration.timestamp(),
    }


def _tags(pool: CognitoIdentityPool, member: _Member) -> dict[str, str]:
    """Return the principal tags that a member's claims become; those of UseDefaults are not modelled."""
    wanted = tag_claims_of(pool).get(member.provider, {"UseDefaults": False, "PrincipalTags": {}})
    if wanted["UseDefaults"]:
        raise NotImplementedError
    claims = wanted["PrincipalTags"].items()
    return {tag: str(member.claims[claim]) for tag, claim in claims if claim in member.claims}


def _may_take(account: str, region: str, role: str, tags: dict[str, str], context: ContextValues) -> bool:
    """Tell whether the role trusts Cognito for this pool, and to say who the member is."""
    current = organization()
    if current is None:
        return True  # an account of its own has no guard
    asking = Caller(principal(_SERVICE), token_context=context)
    for operation in ("AssumeRoleWithWebIdentity", *(["TagSession"] if tags else [])):
        call = ApiCall(asking, account, region, "sts", operation, {"RoleArn": role})
        try:
            guard.check(call, current, "query")
        except Refusal:
            return False
    return True
