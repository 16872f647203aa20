"""AWS::Cognito::IdentityPool with its roles and principal tags, through the API of Cognito's identity pools."""

from tableguard.cloudformation.resource_type import AbsentError, Context, Properties, ResourceHandle, ResourceType
from tableguard.errors import EmbeddedError
from tableguard.local.stacks.types.calls import call, select
from tableguard.local.stacks.types.tags import as_list, as_map
from tableguard.local.stacks.types.translate import non_null

_POOL = "AWS::Cognito::IdentityPool"
_ROLES = "AWS::Cognito::IdentityPoolRoleAttachment"
_CLAIMS = "AWS::Cognito::IdentityPoolPrincipalTag"

# the same words in templates and in CreateIdentityPool
_PROPERTIES = (
    "AllowClassicFlow",
    "AllowUnauthenticatedIdentities",
    "CognitoIdentityProviders",
    "DeveloperProviderName",
    "OpenIdConnectProviderARNs",
    "SamlProviderARNs",
    "SupportedLoginProviders",
)


def _create(context: Context, properties: Properties) -> ResourceHandle:
    pool = call(
        context.client("cognito-identity"),
        "create_identity_pool",
        IdentityPoolName=properties.get("IdentityPoolName", context.generated_name),
        IdentityPoolTags=as_map(properties.get("IdentityPoolTags", [])),
        **select(properties, *_PROPERTIES),
    )
    return _pool_handle(pool)


def _pool_handle(pool: Properties) -> ResourceHandle:
    return ResourceHandle(pool["IdentityPoolId"], {"Id": pool["IdentityPoolId"], "Name": pool["IdentityPoolName"]})


def _read(context: Context, handle: ResourceHandle) -> Properties:
    pool = context.client("cognito-identity").describe_identity_pool(IdentityPoolId=handle.physical_id)
    return {
        **select(pool, "IdentityPoolName", *_PROPERTIES),
        "IdentityPoolTags": as_list(pool["IdentityPoolTags"]),
    }


def _update(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    tags = as_map(properties.get("IdentityPoolTags", []))
    pool = call(
        context.client("cognito-identity"),
        "update_identity_pool",
        IdentityPoolId=handle.physical_id,
        IdentityPoolName=properties.get("IdentityPoolName", context.generated_name),
        IdentityPoolTags=tags,
        **non_null(properties, *_PROPERTIES),
    )
    return _pool_handle(pool)


def _delete(context: Context, handle: ResourceHandle) -> None:
    context.client("cognito-identity").delete_identity_pool(IdentityPoolId=handle.physical_id)


def _set_roles(context: Context, properties: Properties) -> ResourceHandle:
    pool, roles = properties["IdentityPoolId"], properties.get("Roles")
    if not roles:
        raise EmbeddedError(f"{_ROLES} Roles: none, which is as if there were no attachment; leave it out")
    context.client("cognito-identity").set_identity_pool_roles(IdentityPoolId=pool, Roles=roles)
    return ResourceHandle(pool, {"Id": pool})


def _read_roles(context: Context, handle: ResourceHandle) -> Properties:
    answer = context.client("cognito-identity").get_identity_pool_roles(IdentityPoolId=handle.physical_id)
    if not answer["Roles"]:
        raise AbsentError(f"roles of {handle.physical_id}: there are none")
    return select(answer, "IdentityPoolId", "Roles")


def _forget_roles(context: Context, handle: ResourceHandle) -> None:
    context.client("cognito-identity").set_identity_pool_roles(IdentityPoolId=handle.physical_id, Roles={})


def _set_claims(context: Context, properties: Properties) -> ResourceHandle:
    provider = select(properties, "IdentityPoolId", "IdentityProviderName")
    if not properties.get("PrincipalTags") and not properties.get("UseDefaults"):
        raise EmbeddedError(f"{_CLAIMS} PrincipalTags: none, which is as if there were no such resource; leave it out")
    call(
        context.client("cognito-identity"),
        "set_principal_tag_attribute_map",
        **provider,
        **non_null(properties, "PrincipalTags", "UseDefaults"),
    )
    return ResourceHandle("|".join(provider.values()), locator=provider)


def _read_claims(context: Context, handle: ResourceHandle) -> Properties:
    answer = context.client("cognito-identity").get_principal_tag_attribute_map(**handle.locator)
    if not answer["PrincipalTags"] and not answer["UseDefaults"]:
        raise AbsentError(f"principal tags of {handle.physical_id}: there are none")
    return select(answer, "IdentityPoolId", "IdentityProviderName", "PrincipalTags", "UseDefaults")


def _forget_claims(context: Context, handle: ResourceHandle) -> None:
    context.client("cognito-identity").set_principal_tag_attribute_map(
        **handle.locator, UseDefaults=False, PrincipalTags={}
    )


TYPES = (
    ResourceType(
        _POOL,
        _create,
        _read,
        _delete,
        _update,
        not_modelled={
            "CognitoEvents": "belongs to Cognito Sync, which no API of moto sets",
            "CognitoStreams": "belongs to Cognito Sync, which no API of moto sets",
            "PushSync": "belongs to Cognito Sync, which no API of moto sets",
        },
        defaults={
            "AllowClassicFlow": False,
            "CognitoIdentityProviders": [],
            "OpenIdConnectProviderARNs": [],
            "SamlProviderARNs": [],
            "SupportedLoginProviders": {},
        },
    ),
    ResourceType(
        _ROLES,
        _set_roles,
        _read_roles,
        _forget_roles,
        lambda context, _handle, properties: _set_roles(context, properties),
        not_modelled={"RoleMappings": "no claim and no rule chooses among roles on the embedded AWS"},
    ),
    ResourceType(
        _CLAIMS,
        _set_claims,
        _read_claims,
        _forget_claims,
        lambda context, _handle, properties: _set_claims(context, properties),
        defaults={"UseDefaults": False},
    ),
)
