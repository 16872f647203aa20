"""AWS::Cognito::UserPool, UserPoolClient and UserPoolRiskConfigurationAttachment, through the API of user pools."""

from tableguard.cloudformation.resource_type import (
    AbsentError,
    Client,
    Context,
    Properties,
    ResourceHandle,
    ResourceType,
)
from tableguard.local.stacks.types.calls import call, refuse_replacement, remove_on_failure, select
from tableguard.local.stacks.types.translate import non_null

_POOL, _CLIENT = "AWS::Cognito::UserPool", "AWS::Cognito::UserPoolClient"
_RISKS = "AWS::Cognito::UserPoolRiskConfigurationAttachment"
_EVERY_CLIENT = "ALL"
_APP = "SOFTWARE_TOKEN_MFA"

# what no later request changes
_MADE_ONCE = ("AliasAttributes", "Schema", "UsernameAttributes", "UsernameConfiguration")
# the same words in templates and in the API
_SETTINGS = (
    "AccountRecoverySetting",
    "AdminCreateUserConfig",
    "AutoVerifiedAttributes",
    "DeletionProtection",
    "Policies",
    "UserAttributeUpdateSettings",
    "UserPoolAddOns",
    "UserPoolTags",
    "UserPoolTier",
)
_SIGN_IN = (
    "AccessTokenValidity",
    "AllowedOAuthFlows",
    "AllowedOAuthFlowsUserPoolClient",
    "AllowedOAuthScopes",
    "AuthSessionValidity",
    "CallbackURLs",
    "ClientName",
    "DefaultRedirectURI",
    "EnablePropagateAdditionalUserContextData",
    "EnableTokenRevocation",
    "ExplicitAuthFlows",
    "IdTokenValidity",
    "LogoutURLs",
    "PreventUserExistenceErrors",
    "ReadAttributes",
    "RefreshTokenRotation",
    "RefreshTokenValidity",
    "SupportedIdentityProviders",
    "TokenValidityUnits",
    "WriteAttributes",
)
_ATTRIBUTE = ("AttributeDataType", "Mutable", "Name", "Required")  # of a schema: lengths are those of every pool
_RISK_PARTS = (
    "AccountTakeoverRiskConfiguration",
    "CompromisedCredentialsRiskConfiguration",
    "RiskExceptionConfiguration",
)
_NOT_SENT = "no message of Cognito is sent on the embedded AWS"


def _create_pool(context: Context, properties: Properties) -> ResourceHandle:
    client = context.client("cognito-idp")
    name = properties.get("UserPoolName", context.generated_name)
    settings = select(properties, *_MADE_ONCE, *_SETTINGS)
    handle = pool_handle(context, call(client, "create_user_pool", PoolName=name, **settings))
    with remove_on_failure(lambda: client.delete_user_pool(UserPoolId=handle.physical_id)):
        _set_second_factor(client, handle.physical_id, properties)
    return handle


def pool_handle(context: Context, answer: Properties) -> ResourceHandle:
    """Return the handle of a user pool that an answer describes."""
    pool = answer["UserPool"]
    provider = f"cognito-idp.{context.region}.amazonaws.com/{pool['Id']}"
    attributes = {"ProviderName": provider, "ProviderURL": f"https://{provider}", "UserPoolId": pool["Id"]}
    return ResourceHandle(pool["Id"], {"Arn": pool["Arn"], **attributes})


def _set_second_factor(client: Client, pool: str, properties: Properties) -> None:
    """Set whether members need a second factor, after UpdateUserPool, which forgets it; an app's alone is known."""
    wanted, factors = properties.get("MfaConfiguration", "OFF"), properties.get("EnabledMfas", [])
    apps = {"SoftwareTokenMfaConfiguration": {"Enabled": True}} if _APP in factors else {}
    if wanted != "OFF" or apps:
        call(client, "set_user_pool_mfa_config", UserPoolId=pool, MfaConfiguration=wanted, **apps)


def _read_pool(context: Context, handle: ResourceHandle) -> Properties:
    client = context.client("cognito-idp")
    pool = client.describe_user_pool(UserPoolId=handle.physical_id)["UserPool"]
    second = client.get_user_pool_mfa_config(UserPoolId=handle.physical_id)
    apps = second.get("SoftwareTokenMfaConfiguration", {}).get("Enabled")
    return {
        **select(pool, *_SETTINGS, *_MADE_ONCE, "MfaConfiguration"),
        "EnabledMfas": [_APP] if apps else [],
        "Schema": [select(one, *_ATTRIBUTE) for one in pool["SchemaAttributes"] if _is_own(one)],
        "UserPoolName": pool["Name"],
    }


def _is_own(attribute: Properties) -> bool:
    """Tell whether an attribute is not one as every pool has it."""
    name: str = attribute["Name"]
    return name.startswith("custom:") or (bool(attribute["Required"]) and name != "sub")


def _update_pool(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    client, current = context.client("cognito-idp"), _read_pool(context, handle)
    refuse_replacement(_POOL, current, properties, *_MADE_ONCE)
    call(
        client,
        "update_user_pool",
        UserPoolId=handle.physical_id,
        PoolName=properties.get("UserPoolName", context.generated_name),
        **non_null(properties, *_SETTINGS),
    )
    _set_second_factor(client, handle.physical_id, properties)
    return handle


def _delete_pool(context: Context, handle: ResourceHandle) -> None:
    context.client("cognito-idp").delete_user_pool(UserPoolId=handle.physical_id)


def _create_client(context: Context, properties: Properties) -> ResourceHandle:
    named = {"ClientName": context.generated_name, **select(properties, *_SIGN_IN)}
    once = select(properties, "GenerateSecret", "UserPoolId")
    client = call(context.client("cognito-idp"), "create_user_pool_client", **once, **named)["UserPoolClient"]
    attributes = {"ClientId": client["ClientId"], "Name": client["ClientName"]}
    return ResourceHandle(client["ClientId"], attributes, select(client, "ClientId", "UserPoolId"))


def _read_client(context: Context, handle: ResourceHandle) -> Properties:
    client = context.client("cognito-idp").describe_user_pool_client(**handle.locator)["UserPoolClient"]
    return {**select(client, *_SIGN_IN, "UserPoolId"), "GenerateSecret": "ClientSecret" in client}


def _update_client(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    current = _read_client(context, handle)
    refuse_replacement(_CLIENT, current, properties, "GenerateSecret", "UserPoolId")
    named = {"ClientName": context.generated_name, **non_null(properties, *_SIGN_IN)}
    call(context.client("cognito-idp"), "update_user_pool_client", **handle.locator, **named)
    return handle


def _delete_client(context: Context, handle: ResourceHandle) -> None:
    context.client("cognito-idp").delete_user_pool_client(**handle.locator)


def _set_risks(context: Context, properties: Properties) -> ResourceHandle:
    handle = risks_handle(properties)
    call(
        context.client("cognito-idp"), "set_risk_configuration", **handle.locator, **non_null(properties, *_RISK_PARTS)
    )
    return handle


def risks_handle(properties: Properties) -> ResourceHandle:
    """Return the handle of a pool's threat protection: for one client, or for all, which no request names."""
    attached = select(properties, "UserPoolId", "ClientId")
    of_client = {} if attached["ClientId"] == _EVERY_CLIENT else select(attached, "ClientId")
    return ResourceHandle("|".join(attached.values()), locator={"UserPoolId": attached["UserPoolId"], **of_client})


def _read_risks(context: Context, handle: ResourceHandle) -> Properties:
    answer = context.client("cognito-idp").describe_risk_configuration(**handle.locator)["RiskConfiguration"]
    risks = select(answer, *_RISK_PARTS)
    if not risks:
        raise AbsentError(f"risk configuration {handle.physical_id}: there is none")
    return {**risks, "ClientId": _EVERY_CLIENT, **handle.locator}


def _update_risks(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    refuse_replacement(_RISKS, _read_risks(context, handle), properties, "ClientId", "UserPoolId")
    return _set_risks(context, properties)


def _delete_risks(context: Context, handle: ResourceHandle) -> None:
    context.client("cognito-idp").set_risk_configuration(**handle.locator)


TYPES = (
    ResourceType(
        _POOL,
        _create_pool,
        _read_pool,
        _delete_pool,
        _update_pool,
        not_modelled={
            **dict.fromkeys(
                (
                    "EmailAuthenticationMessage",
                    "EmailAuthenticationSubject",
                    "EmailConfiguration",
                    "EmailVerificationMessage",
                    "EmailVerificationSubject",
                    "SmsAuthenticationMessage",
                    "SmsConfiguration",
                    "SmsVerificationMessage",
                    "VerificationMessageTemplate",
                ),
                _NOT_SENT,
            ),
            "DeviceConfiguration": "no device is remembered on the embedded AWS",
            "IssuerConfiguration": "tokens have the pool's own issuer on the embedded AWS",
            "KeyConfiguration": "users are kept in memory, under no key",
            "LambdaConfig": "no trigger runs on the embedded AWS",
            "WebAuthnFactorConfiguration": "nobody signs in by a passkey on the embedded AWS",
            "WebAuthnRelyingPartyID": "nobody signs in by a passkey on the embedded AWS",
            "WebAuthnUserVerification": "nobody signs in by a passkey on the embedded AWS",
        },
        defaults={"Schema": [], "UsernameAttributes": [], "UsernameConfiguration": {"CaseSensitive": True}},
    ),
    ResourceType(
        _CLIENT,
        _create_client,
        _read_client,
        _delete_client,
        _update_client,
        not_modelled={"AnalyticsConfiguration": "nothing is sent to Amazon Pinpoint"},
        defaults={"AllowedOAuthFlowsUserPoolClient": False},
    ),
    ResourceType(_RISKS, _set_risks, _read_risks, _delete_risks, _update_risks),
)
