"""AWS::IAM types: roles and managed policies are deployed as declared, and a change shows."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard.cloudformation.resource_type import Context, Properties, ResourceHandle
from tableguard.local.stacks.tracked_properties import TrackedProperties
from tableguard.local.stacks.types import ALL
from tests.cases.resources import (
    ACCOUNT,
    TAGS,
    Case,
    ResourceTypeTests,
    assert_needs_replacement,
    context,
    differences,
    make,
    new_context,
)

__all__ = ["context"]  # the fixture

ROLE = "AWS::IAM::Role"
POLICY = "AWS::IAM::ManagedPolicy"

Change = Callable[[Context, ResourceHandle], object]


def document(*actions: str) -> Properties:
    statement = {"Sid": "Use", "Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def trust(service: str) -> Properties:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def managed_policy(name: str = "cruddur-boundary", **more: Any) -> str:
    return make(POLICY, {"ManagedPolicyName": name, "PolicyDocument": document("dynamodb:Query"), **more}).physical_id


def plain_role(_: Context) -> Properties:
    return {"AssumeRolePolicyDocument": trust("lambda.amazonaws.com")}


def role(_: Context) -> Properties:
    return {
        "RoleName": "cruddur-pattern-d",
        "Description": "Pattern D",
        "Path": "/cruddur/",
        "AssumeRolePolicyDocument": trust("lambda.amazonaws.com"),
        "ManagedPolicyArns": [managed_policy("cruddur-reads"), managed_policy("cruddur-writes")],
        "PermissionsBoundary": managed_policy(),
        "MaxSessionDuration": "7200",
        "Policies": [{"PolicyName": "inline", "PolicyDocument": document("dynamodb:GetItem")}],
        "Tags": TAGS,
    }


def policy(_: Context) -> Properties:
    make(ROLE, {"RoleName": "cruddur-auditor", "AssumeRolePolicyDocument": trust("ec2.amazonaws.com")})
    return {
        "ManagedPolicyName": "cruddur-audit",
        "Description": "Reads every configuration",
        "Path": "/cruddur/",
        "PolicyDocument": document("dynamodb:Describe*", "kms:Describe*"),
        "Roles": ["cruddur-auditor"],
    }


def iam(operation: str, **parameters: Any) -> Change:
    """A change of the role, or of whatever else the parameters name."""

    def change(context: Context, handle: ResourceHandle) -> None:
        of_role = {} if {"RoleName", "PolicyArn"} & set(parameters) else {"RoleName": handle.physical_id}
        getattr(context.client("iam"), operation)(**of_role, **parameters)

    return change


def detach(context: Context, handle: ResourceHandle) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:policy/cruddur-reads"
    context.client("iam").detach_role_policy(RoleName=handle.physical_id, PolicyArn=arn)


def weaken(context: Context, handle: ResourceHandle) -> None:
    wide = json.dumps(document("*"))
    context.client("iam").create_policy_version(PolicyArn=handle.physical_id, PolicyDocument=wide, SetAsDefault=True)


def detach_from_its_role(context: Context, handle: ResourceHandle) -> None:
    context.client("iam").detach_role_policy(RoleName="cruddur-auditor", PolicyArn=handle.physical_id)


OTHER_TRUST = json.dumps(trust("ec2.amazonaws.com"))
OTHER_INLINE = json.dumps(document("*"))


class TestIam(ResourceTypeTests):
    cases = (
        Case(
            "trust",
            ROLE,
            role,
            iam("update_assume_role_policy", PolicyDocument=OTHER_TRUST),
            "AssumeRolePolicyDocument",
        ),
        Case("no boundary", ROLE, role, iam("delete_role_permissions_boundary"), "PermissionsBoundary"),
        Case(
            "other boundary",
            ROLE,
            role,
            iam("put_role_permissions_boundary", PermissionsBoundary=f"arn:aws:iam::{ACCOUNT}:policy/cruddur-reads"),
            "PermissionsBoundary",
        ),
        Case("policy detached", ROLE, role, detach, "ManagedPolicyArns"),
        Case(
            "longer sessions",
            ROLE,
            role,
            iam("update_role", Description="Pattern D", MaxSessionDuration=43200),
            "MaxSessionDuration",
        ),
        Case(
            "description", ROLE, role, iam("update_role", Description="other", MaxSessionDuration=7200), "Description"
        ),
        Case(
            "inline policy changed",
            ROLE,
            role,
            iam("put_role_policy", PolicyName="inline", PolicyDocument=OTHER_INLINE),
            "Policies",
        ),
        Case(
            "inline policy added",
            ROLE,
            role,
            iam("put_role_policy", PolicyName="more", PolicyDocument=OTHER_INLINE),
            "Policies",
        ),
        Case("tag changed", ROLE, role, iam("tag_role", Tags=[{"Key": "ManagedBy", "Value": "hand"}]), "Tags"),
        Case("tag added", ROLE, role, iam("tag_role", Tags=[{"Key": "More", "Value": "1"}]), "Tags"),
        Case("tag removed", ROLE, role, iam("untag_role", TagKeys=["ManagedBy"]), "Tags"),
        Case("weaker version", POLICY, policy, weaken, "PolicyDocument"),
        Case("role detached", POLICY, policy, detach_from_its_role, "Roles"),
    )


def test_ref_of_a_role_is_its_name_and_getatt_gives_arn_and_id(context: Context) -> None:
    handle = make(ROLE, role(context))
    assert handle.physical_id == "cruddur-pattern-d"
    assert handle.attributes["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/cruddur/cruddur-pattern-d"
    assert handle.attributes["RoleId"].startswith("AROA")
    assert set(handle.attributes) == {"Arn", "RoleId"}


def test_ref_of_a_policy_is_its_arn_and_getatt_tells_its_version(context: Context) -> None:
    handle = make(POLICY, policy(context))
    assert handle.physical_id == f"arn:aws:iam::{ACCOUNT}:policy/cruddur/cruddur-audit"
    assert handle.attributes["PolicyArn"] == handle.physical_id
    assert (handle.attributes["DefaultVersionId"], handle.attributes["AttachmentCount"]) == ("v1", 1)


@pytest.mark.parametrize(
    ("type_name", "declared", "name"),
    [
        (ROLE, {"AssumeRolePolicyDocument": trust("lambda.amazonaws.com")}, "RoleName"),
        (POLICY, {"PolicyDocument": document("dynamodb:Query")}, "ManagedPolicyName"),
    ],
)
def test_without_a_name_it_gets_the_generated_one(
    type_name: str, declared: Properties, name: str, context: Context
) -> None:
    handle = make(type_name, declared)
    assert ALL[type_name].read(context, handle)[name] == "stack-Resource-1A2B3C"


def test_a_policy_attached_by_hand_is_reported(context: Context) -> None:
    declared = role(context)
    handle, more = make(ROLE, declared), managed_policy("AdministratorAccess")
    context.client("iam").attach_role_policy(RoleName=handle.physical_id, PolicyArn=more)
    (found,) = differences(ROLE, declared, context, handle)
    assert (found.property, found.deployed) == ("ManagedPolicyArns", [more])


def test_an_update_takes_away_what_the_template_no_longer_says(context: Context) -> None:
    declared, update = role(context), ALL[ROLE].update
    handle = make(ROLE, declared)
    assert update is not None
    bare = TrackedProperties({"RoleName": "cruddur-pattern-d", "Path": "/cruddur/", **plain_role(context)})
    read = ALL[ROLE].read(context, update(context, handle, bare))
    assert (read["ManagedPolicyArns"], read["Policies"], read.get("Tags", [])) == ([], [], [])
    assert (read["MaxSessionDuration"], read["Description"]) == (3600, "")
    assert "PermissionsBoundary" not in read
    assert set(declared) - {"RoleName", "Path"} <= bare.names_read


def test_updating_a_role_leaves_the_policy_that_another_resource_attached(context: Context) -> None:
    handle, update = make(ROLE, role(context)), ALL[ROLE].update
    arn = make(POLICY, {"PolicyDocument": document("s3:GetObject"), "Roles": [handle.physical_id]}).physical_id
    assert update is not None
    update(context, handle, {**plain_role(context), "ManagedPolicyArns": []})
    assert ALL[ROLE].read(context, handle)["ManagedPolicyArns"] == [arn]


def test_updating_a_policy_leaves_the_role_that_attached_it_by_itself(context: Context) -> None:
    handle, update = make(POLICY, policy(context)), ALL[POLICY].update
    assert update is not None
    make(ROLE, {"RoleName": "other", "ManagedPolicyArns": [handle.physical_id], **plain_role(context)})
    again = update(context, handle, {"PolicyDocument": document("dynamodb:Query")})
    assert ALL[POLICY].read(context, again)["Roles"] == ["other"]


def test_a_policy_is_updated_more_often_than_it_has_versions(context: Context) -> None:
    declared, update = policy(context), ALL[POLICY].update
    handle = make(POLICY, declared)
    assert update is not None
    for number in range(7):
        declared["PolicyDocument"] = document(f"dynamodb:Get{number}")
        handle = update(context, handle, declared)
    assert handle.attributes["DefaultVersionId"] == "v8"
    assert differences(POLICY, declared, context, handle) == []
    assert len(context.client("iam").list_policy_versions(PolicyArn=handle.physical_id)["Versions"]) == 5


@pytest.mark.parametrize(
    ("type_name", "declared", "changed"),
    [
        (ROLE, role, {"RoleName": "other"}),
        (ROLE, role, {"Path": "/other/"}),
        (POLICY, policy, {"ManagedPolicyName": "other"}),
        (POLICY, policy, {"Description": "other"}),
        (POLICY, policy, {"Path": "/other/"}),
    ],
)
def test_what_cloudformation_would_replace_is_refused(
    type_name: str, declared: Callable[[Context], Properties], changed: Properties, context: Context
) -> None:
    assert_needs_replacement(type_name, declared(context), changed, context)


@pytest.mark.parametrize(
    ("type_name", "declared"),
    [
        (
            ROLE,
            {
                "AssumeRolePolicyDocument": trust("lambda.amazonaws.com"),
                "ManagedPolicyArns": ["arn:aws:iam::aws:policy/None"],
            },
        ),
        (POLICY, {"PolicyDocument": document("dynamodb:Query"), "Roles": ["nobody"]}),
    ],
)
def test_a_resource_that_cannot_be_made_whole_is_not_left_in_parts(
    type_name: str, declared: Properties, context: Context
) -> None:
    with pytest.raises(ClientError, match="NoSuchEntity"):
        ALL[type_name].create(new_context("half"), declared)
    found = context.client("iam").get_account_authorization_details(Filter=["Role", "LocalManagedPolicy"])
    assert (found["RoleDetailList"], found["Policies"]) == ([], [])


def test_a_deleted_policy_leaves_its_roles_without_it(context: Context) -> None:
    handle = make(POLICY, policy(context))
    ALL[POLICY].delete(context, handle)
    assert context.client("iam").list_attached_role_policies(RoleName="cruddur-auditor")["AttachedPolicies"] == []
