"""AWS::Cognito types: the identity pool is deployed as declared, and a change shows; its roles are only reported."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard.cloudformation.resource_type import Context, Properties, ResourceHandle
from tableguard.errors import EmbeddedError
from tableguard.local.stacks.types import ALL
from tests.cases.resources import REGION, TAGS, Case, ResourceTypeTests, context, differences, make

__all__ = ["context"]  # the fixture

POOL = "AWS::Cognito::IdentityPool"
ATTACHMENT = "AWS::Cognito::IdentityPoolRoleAttachment"
PRINCIPAL_TAG = "AWS::Cognito::IdentityPoolPrincipalTag"
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
        kept = {"AllowUnauthenticatedIdentities": False, "IdentityPoolName": "cruddur-members"}
        cognito = context.client("cognito-identity")
        cognito.update_identity_pool(IdentityPoolId=handle.physical_id, **{**kept, **changed})

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
        Case("tags", POOL, pool, update(IdentityPoolTags={"ManagedBy": "hand"}), "IdentityPoolTags"),
    )


def test_ref_of_a_pool_is_its_id_and_getatt_gives_its_name(context: Context) -> None:
    handle = make(POOL, pool(context))
    assert handle.physical_id.startswith(f"{REGION}:")
    assert handle.attributes == {"Id": handle.physical_id, "Name": "cruddur-members"}


def test_a_pool_without_a_name_gets_the_generated_one(context: Context) -> None:
    handle = make(POOL, {"AllowUnauthenticatedIdentities": False})
    assert handle.attributes["Name"] == "stack-Resource-1A2B3C"


def test_a_pool_keeps_its_name(context: Context) -> None:
    declared, update = pool(context), ALL[POOL].update
    handle = make(POOL, declared)
    assert update is not None
    with pytest.raises(EmbeddedError, match="AWS::Cognito::IdentityPool IdentityPoolName: cannot change in place"):
        update(context, handle, {**declared, "IdentityPoolName": "other"})


@pytest.mark.parametrize(
    ("type_name", "declared", "attributes"),
    [
        (ATTACHMENT, {"IdentityPoolId": "pool", "Roles": {}, "RoleMappings": {}}, {"Id"}),
        (
            PRINCIPAL_TAG,
            {"IdentityPoolId": "pool", "IdentityProviderName": "p", "PrincipalTags": {}, "UseDefaults": False},
            set(),
        ),
    ],
)
def test_nothing_of_it_is_called_verified(
    type_name: str, declared: Properties, attributes: set[str], context: Context
) -> None:
    known, handle = ALL[type_name], make(type_name, declared)
    assert known.read(context, handle) == {}
    assert set(known.not_modelled) == set(declared)
    assert set(handle.attributes) == attributes
    assert [found.property for found in differences(type_name, {**declared, "More": 1}, context, handle)] == ["More"]


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("set_identity_pool_roles", {"Roles": {}}),
        ("set_principal_tag_attribute_map", {"IdentityProviderName": "p", "UseDefaults": False}),
    ],
)
def test_what_is_said_to_be_lost_has_no_api_in_moto(operation: str, parameters: Properties, context: Context) -> None:
    handle = make(POOL, pool(context))
    with pytest.raises((ClientError, NotImplementedError), match="not been implemented"):
        getattr(context.client("cognito-identity"), operation)(IdentityPoolId=handle.physical_id, **parameters)


def test_what_is_said_to_be_lost_is_lost(context: Context) -> None:
    cognito = context.client("cognito-identity")
    handle = cognito.create_identity_pool(
        IdentityPoolName="p", AllowUnauthenticatedIdentities=False, AllowClassicFlow=False
    )
    kept = cognito.describe_identity_pool(IdentityPoolId=handle["IdentityPoolId"])
    known = cognito.meta.service_model.operation_model("CreateIdentityPool").input_shape.members
    assert {name for name in ALL[POOL].not_modelled if name in known} == {"AllowClassicFlow"}
    assert "AllowClassicFlow" not in kept
