"""AWS::Cognito types of user pools: deployed as declared, a change shows, and a protected pool is not deleted."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard.cloudformation.resource_type import Context, Properties, ResourceHandle
from tableguard.local.stacks.types import ALL
from tests.cases.resources import Case, ResourceTypeTests, assert_needs_replacement, context, make

__all__ = ["context"]  # the fixture

POOL = "AWS::Cognito::UserPool"
CLIENT = "AWS::Cognito::UserPoolClient"
RISKS = "AWS::Cognito::UserPoolRiskConfigurationAttachment"
TAGS = {"Application": "cruddur", "ManagedBy": "tableguard"}


def pool(_: Context) -> Properties:
    return {
        "UserPoolName": "cruddur-members",
        "UserPoolTier": "PLUS",
        "UserPoolAddOns": {
            "AdvancedSecurityMode": "ENFORCED",
            "AdvancedSecurityAdditionalFlows": {"CustomAuthMode": "ENFORCED"},
        },
        "DeletionProtection": "INACTIVE",
        "MfaConfiguration": "ON",
        "EnabledMfas": ["SOFTWARE_TOKEN_MFA"],
        "UsernameAttributes": ["email"],
        "UsernameConfiguration": {"CaseSensitive": "false"},
        "AutoVerifiedAttributes": ["email"],
        "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]},
        "AccountRecoverySetting": {"RecoveryMechanisms": [{"Name": "verified_email", "Priority": "1"}]},
        "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": "true"},
        "Policies": {"PasswordPolicy": {"MinimumLength": "12", "PasswordHistorySize": 24}},
        "Schema": [{"Name": "email", "AttributeDataType": "String", "Required": True, "Mutable": True}],
        "UserPoolTags": TAGS,
    }


def a_pool() -> str:
    return make(POOL, {"UserPoolName": "other"}).physical_id


def client(_: Context) -> Properties:
    return {
        "ClientName": "cruddur-members",
        "UserPoolId": a_pool(),
        "GenerateSecret": False,
        "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH"],
        "SupportedIdentityProviders": ["COGNITO"],
        "AllowedOAuthFlowsUserPoolClient": False,
        "AccessTokenValidity": "60",
        "TokenValidityUnits": {"AccessToken": "minutes"},
        "RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 10},
        "PreventUserExistenceErrors": "ENABLED",
        "ReadAttributes": ["email", "name"],
        "WriteAttributes": ["name"],
    }


def risks(_: Context) -> Properties:
    block = {"EventAction": "BLOCK", "Notify": False}
    return {
        "UserPoolId": a_pool(),
        "ClientId": "ALL",
        "AccountTakeoverRiskConfiguration": {"Actions": {"HighAction": block}},
        "CompromisedCredentialsRiskConfiguration": {"EventFilter": ["SIGN_UP"], "Actions": {"EventAction": "BLOCK"}},
    }


def call(operation: str, *names: str, **changed: Any) -> Callable[[Context, ResourceHandle], None]:
    def change(context: Context, handle: ResourceHandle) -> None:
        named = {name: handle.locator.get(name, handle.physical_id) for name in names}
        getattr(context.client("cognito-idp"), operation)(**named, **changed)

    return change


LET_THROUGH = {"Actions": {"HighAction": {"EventAction": "NO_ACTION", "Notify": False}}}


def updated_pool(**changed: Any) -> Callable[[Context, ResourceHandle], None]:
    """Update a pool and leave all else as it is."""

    def change(context: Context, handle: ResourceHandle) -> None:
        users = context.client("cognito-idp")
        kept = users.describe_user_pool(UserPoolId=handle.physical_id)["UserPool"]
        taken = users.meta.service_model.operation_model("UpdateUserPool").input_shape.members
        kept = {name: value for name, value in kept.items() if name in taken}
        users.update_user_pool(UserPoolId=handle.physical_id, **{**kept, **changed})

    return change


def updated_client(**changed: Any) -> Callable[[Context, ResourceHandle], None]:
    def change(context: Context, handle: ResourceHandle) -> None:
        users = context.client("cognito-idp")
        kept = users.describe_user_pool_client(**handle.locator)["UserPoolClient"]
        taken = users.meta.service_model.operation_model("UpdateUserPoolClient").input_shape.members
        users.update_user_pool_client(**{name: value for name, value in {**kept, **changed}.items() if name in taken})

    return change


def second_factor(**changed: Any) -> Callable[[Context, ResourceHandle], None]:
    def change(context: Context, handle: ResourceHandle) -> None:
        context.client("cognito-idp").set_user_pool_mfa_config(UserPoolId=handle.physical_id, **changed)

    return change


def changed_risks(context: Context, handle: ResourceHandle) -> None:
    users = context.client("cognito-idp")
    kept = users.describe_risk_configuration(**handle.locator)["RiskConfiguration"]
    users.set_risk_configuration(**{**kept, "AccountTakeoverRiskConfiguration": LET_THROUGH})


class TestUserPools(ResourceTypeTests):
    cases = (
        Case(
            "no second factor demanded",
            POOL,
            pool,
            second_factor(MfaConfiguration="OPTIONAL", SoftwareTokenMfaConfiguration={"Enabled": True}),
            "MfaConfiguration",
        ),
        Case(
            "no app as second factor",
            POOL,
            pool,
            second_factor(MfaConfiguration="ON", SoftwareTokenMfaConfiguration={"Enabled": False}),
            "EnabledMfas",
        ),
        *(
            Case(f"another {name}", POOL, pool, updated_pool(**{name: value}), f"{name}{below}")
            for name, value, below in (
                ("DeletionProtection", "ACTIVE", ""),
                ("UserPoolTier", "LITE", ""),
                ("UserPoolAddOns", {"AdvancedSecurityMode": "ENFORCED"}, ".AdvancedSecurityAdditionalFlows"),
                ("AutoVerifiedAttributes", [], ""),
                ("UserPoolTags", {**TAGS, "ManagedBy": "hand"}, ".ManagedBy"),
                ("AdminCreateUserConfig", {"AllowAdminCreateUserOnly": False}, ".AllowAdminCreateUserOnly"),
            )
        ),
        Case("another name", POOL, pool, updated_pool(PoolName="other"), "UserPoolName"),
        *(
            Case(f"another {name}", CLIENT, client, updated_client(**{name: value}), name)
            for name, value in (
                ("ExplicitAuthFlows", ["ALLOW_USER_PASSWORD_AUTH"]),
                ("PreventUserExistenceErrors", "LEGACY"),
                ("AccessTokenValidity", 1440),
                ("WriteAttributes", ["name", "preferred_username"]),
            )
        ),
        Case(
            "threats let through",
            RISKS,
            risks,
            changed_risks,
            "AccountTakeoverRiskConfiguration.Actions.HighAction.EventAction",
        ),
    )


def test_what_members_sign_in_by_is_chosen_once(context: Context) -> None:
    assert_needs_replacement(POOL, pool(context), {"UsernameAttributes": ["phone_number"]}, context)


def test_a_protected_pool_is_not_deleted_and_an_unprotected_one_is(context: Context) -> None:
    handle = make(POOL, {**pool(context), "DeletionProtection": "ACTIVE"})
    with pytest.raises(ClientError, match="deletion protection is activated"):
        ALL[POOL].delete(context, handle)
    context.client("cognito-idp").update_user_pool(UserPoolId=handle.physical_id, DeletionProtection="INACTIVE")
    ALL[POOL].delete(context, handle)
    with pytest.raises(ClientError, match="ResourceNotFound"):
        ALL[POOL].read(context, handle)
