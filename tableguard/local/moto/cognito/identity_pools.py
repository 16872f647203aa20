"""Corrections of moto's identity pools: their roles, principal tags and classic flow, which it lacks or loses.

https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_Operations.html
"""

import json
from collections.abc import Callable
from typing import Any

from moto.cognitoidentity.exceptions import ResourceNotFoundError
from moto.cognitoidentity.models import CognitoIdentityPool
from moto.cognitoidentity.responses import CognitoIdentityResponse

from tableguard.local.moto.patch import replace, wrap

_NAME_OF = {
    "AllowUnauthenticatedIdentities": "allow_unauthenticated_identities",
    "CognitoIdentityProviders": "cognito_identity_providers",
    "DeveloperProviderName": "developer_provider_name",
    "IdentityPoolName": "identity_pool_name",
    "OpenIdConnectProviderARNs": "open_id_connect_provider_arns",
    "SamlProviderARNs": "saml_provider_arns",
    "SupportedLoginProviders": "supported_login_providers",
}
_NOTHING: dict[str, Any] = {
    "CognitoIdentityProviders": [],
    "DeveloperProviderName": "",
    "OpenIdConnectProviderARNs": [],
    "SamlProviderARNs": [],
    "SupportedLoginProviders": {},
}


def install() -> None:
    """Correct the operations on identity pools."""
    wrap(CognitoIdentityPool, "to_json", _with_classic_flow)
    wrap(CognitoIdentityResponse, "create_identity_pool", _create)
    replace(CognitoIdentityResponse, "update_identity_pool", update_identity_pool)
    for operation in (
        set_identity_pool_roles,
        get_identity_pool_roles,
        set_principal_tag_attribute_map,
        get_principal_tag_attribute_map,
    ):
        setattr(CognitoIdentityResponse, operation.__name__, operation)


def pool_of(handler: CognitoIdentityResponse) -> CognitoIdentityPool:
    """Return the pool that a request names; ResourceNotFoundException if there is none."""
    identity = handler._get_param("IdentityPoolId")
    if identity not in handler.backend.identity_pools:
        raise ResourceNotFoundError(f"IdentityPool '{identity}' not found.")
    return handler.backend.identity_pools[identity]


def roles_of(pool: CognitoIdentityPool) -> dict[str, Any]:
    """Return a pool's roles, by whom they are for."""
    roles: dict[str, Any] = vars(pool).get("roles", {})
    return roles


def tag_claims_of(pool: CognitoIdentityPool) -> dict[str, dict[str, Any]]:
    """Return which claims become which principal tags, by provider."""
    claims: dict[str, dict[str, Any]] = vars(pool).setdefault("tag_claims", {})
    return claims


def _with_classic_flow(original: Callable[..., str], pool: CognitoIdentityPool) -> str:
    return json.dumps({**json.loads(original(pool)), "AllowClassicFlow": vars(pool).get("allow_classic_flow", False)})


def _create(original: Callable[..., str], handler: CognitoIdentityResponse) -> str:
    identity = json.loads(original(handler))["IdentityPoolId"]
    pool = handler.backend.identity_pools[identity]
    vars(pool)["allow_classic_flow"] = bool(handler._get_param("AllowClassicFlow"))
    return pool.to_json()


def update_identity_pool(handler: CognitoIdentityResponse) -> str:
    """Answer UpdateIdentityPool: what is left out is taken away, tags excepted."""
    pool = pool_of(handler)
    for name, attribute in _NAME_OF.items():
        value = handler._get_param(name)
        setattr(pool, attribute, _NOTHING.get(name) if value is None else value)
    vars(pool)["allow_classic_flow"] = bool(handler._get_param("AllowClassicFlow"))
    tags = handler._get_param("IdentityPoolTags")
    pool.tags = pool.tags if tags is None else tags
    return pool.to_json()


def set_identity_pool_roles(handler: CognitoIdentityResponse) -> str:
    """Answer SetIdentityPoolRoles."""
    pool = pool_of(handler)
    if handler._get_param("RoleMappings"):
        raise NotImplementedError  # claims and rules that choose among roles
    vars(pool)["roles"] = handler._get_param("Roles")
    return ""


def get_identity_pool_roles(handler: CognitoIdentityResponse) -> str:
    """Answer GetIdentityPoolRoles."""
    pool = pool_of(handler)
    return json.dumps({"IdentityPoolId": pool.identity_pool_id, "Roles": roles_of(pool)})


def set_principal_tag_attribute_map(handler: CognitoIdentityResponse) -> str:
    """Answer SetPrincipalTagAttributeMap."""
    claims = tag_claims_of(pool_of(handler))
    claims[handler._get_param("IdentityProviderName")] = {
        "UseDefaults": bool(handler._get_param("UseDefaults")),
        "PrincipalTags": handler._get_param("PrincipalTags") or {},
    }
    return get_principal_tag_attribute_map(handler)


def get_principal_tag_attribute_map(handler: CognitoIdentityResponse) -> str:
    """Answer GetPrincipalTagAttributeMap; no claim becomes a tag where none was set."""
    pool, provider = pool_of(handler), handler._get_param("IdentityProviderName")
    claims = tag_claims_of(pool).get(provider, {"UseDefaults": False, "PrincipalTags": {}})
    return json.dumps({"IdentityPoolId": pool.identity_pool_id, "IdentityProviderName": provider, **claims})
