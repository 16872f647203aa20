"""AWS::Cognito::IdentityPool, through Cognito's API; its roles and principal tags, for which moto has none."""

from tableguard.cloudformation.resource_type import Context, Properties, ResourceHandle, ResourceType
from tableguard.local.stacks.types.calls import call, refuse_replacement, select
from tableguard.local.stacks.types.tags import as_list, as_map
from tableguard.local.stacks.types.translate import unknown_to_moto

_POOL = "AWS::Cognito::IdentityPool"

# the same words in templates and in CreateIdentityPool
_PROPERTIES = (
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
    current = _read(context, handle)
    # CloudFormation would rename the pool; moto's UpdateIdentityPool keeps the name, and the last tags
    refuse_replacement(_POOL, current, properties, "IdentityPoolName")
    if not properties.get("IdentityPoolTags"):
        refuse_replacement(_POOL, current, {"IdentityPoolTags": []}, "IdentityPoolTags")
    pool = call(
        context.client("cognito-identity"),
        "update_identity_pool",
        IdentityPoolId=handle.physical_id,
        IdentityPoolName=current["IdentityPoolName"],
        IdentityPoolTags=as_map(properties.get("IdentityPoolTags", [])),
        **select(properties, *_PROPERTIES),
    )
    return _pool_handle(pool)


def _delete(context: Context, handle: ResourceHandle) -> None:
    context.client("cognito-identity").delete_identity_pool(IdentityPoolId=handle.physical_id)


TYPES = (
    ResourceType(
        _POOL,
        _create,
        _read,
        _delete,
        _update,
        not_modelled={
            "AllowClassicFlow": "moto's pools do not keep it",
            "CognitoEvents": "belongs to Cognito Sync, which no API of moto sets",
            "CognitoStreams": "belongs to Cognito Sync, which no API of moto sets",
            "PushSync": "belongs to Cognito Sync, which no API of moto sets",
        },
        defaults={
            "CognitoIdentityProviders": [],
            "OpenIdConnectProviderARNs": [],
            "SamlProviderARNs": [],
            "SupportedLoginProviders": {},
        },
    ),
    unknown_to_moto(
        "AWS::Cognito::IdentityPoolRoleAttachment",
        "moto has no SetIdentityPoolRoles",
        "IdentityPoolId",
        "RoleMappings",
        "Roles",
        attributes=("Id",),
    ),
    unknown_to_moto(
        "AWS::Cognito::IdentityPoolPrincipalTag",
        "moto has no SetPrincipalTagAttributeMap",
        "IdentityPoolId",
        "IdentityProviderName",
        "PrincipalTags",
        "UseDefaults",
    ),
)
