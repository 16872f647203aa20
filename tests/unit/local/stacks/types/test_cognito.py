"""AWS::Cognito types of identity pools: deployed as declared, with roles and principal tags, and a change shows."""

from collections.abc import Callable
from typing import Any

from tableguard.cloudformation.resource_type import Context, Properties, ResourceHandle
from tests.cases.resources import REGION, TAGS, Case, ResourceTypeTests, context, make

__all__ = ["context"]  # the fixture

POOL = "AWS::Cognito::IdentityPool"
ATTACHMENT = "AWS::Cognito::IdentityPoolRoleAttachment"
PRINCIPAL_TAG = "AWS::Cognito::IdentityPoolPrincipalTag"
MEMBER = "arn:aws:iam::123456789012:role/member"
USERS = {
    "ProviderName": f"cognito-idp.{REGION}.amazonaws.com/{REGION}_Example01",
    "ClientId": "1example23456789",
    "ServerSideTokenCheck": "true",
}


def pool(_: Context) -> Properties:
    return {
        "IdentityPoolName": "cruddur-members",
        "AllowUnauthenticatedIdentities": "false",
        "AllowClassicFlow": False,
        "CognitoIdentityProviders": [USERS],
        "SupportedLoginProviders": {"accounts.google.com": "1example"},
        "DeveloperProviderName": "login.cruddur",
        "OpenIdConnectProviderARNs": ["arn:aws:iam::123456789012:oidc-provider/example.com"],
        "SamlProviderARNs": ["arn:aws:iam::123456789012:saml-provider/example"],
        "IdentityPoolTags": TAGS,
    }


def update(**changed: Any) -> Callable[[Context, ResourceHandle], None]:
    def change(context: Context, handle: ResourceHandle) -> None:
        cognito = context.client("cognito-identity")
        kept = cognito.describe_identity_pool(IdentityPoolId=handle.physical_id)
        del kept["ResponseMetadata"]
        cognito.update_identity_pool(**{**kept, **changed})

    return change


def attachment(_: Context) -> Properties:
    return {"IdentityPoolId": a_pool(), "Roles": {"authenticated": MEMBER}}


def principal_tag(_: Context) -> Properties:
    provider = {"IdentityPoolId": a_pool(), "IdentityProviderName": USERS["ProviderName"]}
    return {**provider, "UseDefaults": False, "PrincipalTags": {"user_uuid": "sub"}}


def a_pool() -> str:
    return make(POOL, {"AllowUnauthenticatedIdentities": False}).physical_id


def roles(**given: str) -> Callable[[Context, ResourceHandle], None]:
    def change(context: Context, handle: ResourceHandle) -> None:
        context.client("cognito-identity").set_identity_pool_roles(IdentityPoolId=handle.physical_id, Roles=given)

    return change


def claims(use_defaults: bool, **tags: str) -> Callable[[Context, ResourceHandle], None]:
    def change(context: Context, handle: ResourceHandle) -> None:
        context.client("cognito-identity").set_principal_tag_attribute_map(
            **handle.locator, UseDefaults=use_defaults, PrincipalTags=tags
        )

    return change


class TestCognito(ResourceTypeTests):
    cases = (
        Case(
            "guests let in", POOL, pool, update(AllowUnauthenticatedIdentities=True), "AllowUnauthenticatedIdentities"
        ),
        Case(
            "tokens not checked",
            POOL,
            pool,
            update(CognitoIdentityProviders=[{**USERS, "ServerSideTokenCheck": False}]),
            "CognitoIdentityProviders",
        ),
        Case(
            "another client",
            POOL,
            pool,
            update(CognitoIdentityProviders=[{**USERS, "ServerSideTokenCheck": True, "ClientId": "2other"}]),
            "CognitoIdentityProviders",
        ),
        Case(
            "another login",
            POOL,
            pool,
            update(SupportedLoginProviders={"accounts.google.com": "2other"}),
            "SupportedLoginProviders.accounts.google.com",
        ),
        Case("another developer", POOL, pool, update(DeveloperProviderName="other"), "DeveloperProviderName"),
        Case("no OpenID", POOL, pool, update(OpenIdConnectProviderARNs=[]), "OpenIdConnectProviderARNs"),
        Case("no SAML", POOL, pool, update(SamlProviderARNs=[]), "SamlProviderARNs"),
        Case("classic flow", POOL, pool, update(AllowClassicFlow=True), "AllowClassicFlow"),
        Case("another name", POOL, pool, update(IdentityPoolName="other"), "IdentityPoolName"),
        Case("tags", POOL, pool, update(IdentityPoolTags={}), "IdentityPoolTags"),
        Case("another role", ATTACHMENT, attachment, roles(authenticated=f"{MEMBER}2"), "Roles.authenticated"),
        Case(
            "another claim", PRINCIPAL_TAG, principal_tag, claims(False, user_uuid="email"), "PrincipalTags.user_uuid"
        ),
        Case("the usual claims", PRINCIPAL_TAG, principal_tag, claims(True, user_uuid="sub"), "UseDefaults"),
    )


def test_ref_of_a_pool_is_its_id_and_getatt_gives_its_name(context: Context) -> None:
    handle = make(POOL, pool(context))
    assert handle.physical_id.startswith(f"{REGION}:")
    assert handle.attributes == {"Id": handle.physical_id, "Name": "cruddur-members"}


def test_a_pool_without_a_name_gets_the_generated_one(context: Context) -> None:
    handle = make(POOL, {"AllowUnauthenticatedIdentities": False})
    assert handle.attributes["Name"] == "stack-Resource-1A2B3C"
