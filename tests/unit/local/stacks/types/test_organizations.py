"""AWS::Organizations::Policy: SCPs and RCPs are deployed and attached as declared, and a change shows."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard.cloudformation.resource_type import Context, Properties, ResourceHandle
from tableguard.errors import EmbeddedError
from tableguard.local.stacks.types import ALL
from tests.cases.resources import TAGS, Case, ResourceTypeTests, context, differences, make

__all__ = ["context"]  # the fixture

POLICY = "AWS::Organizations::Policy"


def document(*actions: str, **more: Any) -> Properties:
    statement = {"Sid": "Deny", "Effect": "Deny", "Action": list(actions), "Resource": "*", **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


def target(context: Context) -> str:
    """The id of an organizational unit, in an organization that is made on the first call."""
    organizations = context.client("organizations")
    try:
        root = organizations.list_roots()["Roots"][0]["Id"]
    except organizations.exceptions.AWSOrganizationsNotInUseException:
        organizations.create_organization(FeatureSet="ALL")
        root = organizations.list_roots()["Roots"][0]["Id"]
    unit = organizations.create_organizational_unit(ParentId=root, Name=f"unit of {root}")
    return str(unit["OrganizationalUnit"]["Id"])


def scp(context: Context) -> Properties:
    return {
        "Name": "deny-table-destruction",
        "Description": "No principal can delete the messages table",
        "Type": "SERVICE_CONTROL_POLICY",
        "Content": document("dynamodb:DeleteTable", "dynamodb:DeleteBackup"),
        "TargetIds": [target(context), target(context)],
        "Tags": TAGS,
    }


def rcp(context: Context) -> Properties:
    return {
        "Name": "dynamodb-org-only",
        "Type": "RESOURCE_CONTROL_POLICY",
        "Content": document("dynamodb:*", Principal="*"),
        "TargetIds": [target(context)],
    }


def organizations(operation: str, **parameters: Any) -> Callable[[Context, ResourceHandle], None]:
    def change(context: Context, handle: ResourceHandle) -> None:
        name = "ResourceId" if "tag" in operation else "PolicyId"
        getattr(context.client("organizations"), operation)(**{name: handle.physical_id}, **parameters)

    return change


def detach(context: Context, handle: ResourceHandle) -> None:
    first = attached(context, handle)[0]
    context.client("organizations").detach_policy(PolicyId=handle.physical_id, TargetId=first)


def attach_elsewhere(context: Context, handle: ResourceHandle) -> None:
    context.client("organizations").attach_policy(PolicyId=handle.physical_id, TargetId=target(context))


def attached(context: Context, handle: ResourceHandle) -> list[str]:
    targets = context.client("organizations").list_targets_for_policy(PolicyId=handle.physical_id)["Targets"]
    return [found["TargetId"] for found in targets]


WEAKER = json.dumps(document("dynamodb:DeleteTable"))


class TestOrganizations(ResourceTypeTests):
    cases = (
        Case("fewer actions", POLICY, scp, organizations("update_policy", Content=WEAKER), "Content"),
        Case("weaker RCP", POLICY, rcp, organizations("update_policy", Content=WEAKER), "Content"),
        Case("detached from one target", POLICY, scp, detach, "TargetIds"),
        Case("detached from its only target", POLICY, rcp, detach, "TargetIds"),
        Case("attached to one more target", POLICY, scp, attach_elsewhere, "TargetIds"),
        Case("renamed", POLICY, scp, organizations("update_policy", Name="other"), "Name"),
        Case("described otherwise", POLICY, scp, organizations("update_policy", Description="other"), "Description"),
        Case("tag removed", POLICY, scp, organizations("untag_resource", TagKeys=["ManagedBy"]), "Tags"),
        Case(
            "tag changed",
            POLICY,
            scp,
            organizations("tag_resource", Tags=[{"Key": "ManagedBy", "Value": "hand"}]),
            "Tags",
        ),
    )


def test_ref_of_a_policy_is_its_id_and_getatt_gives_the_arn(context: Context) -> None:
    handle = make(POLICY, scp(context))
    assert handle.physical_id.startswith("p-")
    assert handle.attributes["Id"] == handle.physical_id
    assert handle.attributes["Arn"].endswith(f"/service_control_policy/{handle.physical_id}")
    assert handle.attributes["AwsManaged"] is False


def test_an_update_moves_the_policy_to_its_new_targets(context: Context) -> None:
    declared, update = scp(context), ALL[POLICY].update
    handle = make(POLICY, declared)
    assert update is not None
    moved = {**declared, "TargetIds": [declared["TargetIds"][1], target(context)], "Tags": TAGS[:1]}
    update(context, handle, moved)
    assert attached(context, handle) == moved["TargetIds"]
    assert differences(POLICY, moved, context, handle) == []
    assert [found.property for found in differences(POLICY, declared, context, handle)] == ["Tags", "TargetIds"]


def test_an_scp_cannot_become_an_rcp(context: Context) -> None:
    declared, update = scp(context), ALL[POLICY].update
    handle = make(POLICY, declared)
    assert update is not None
    with pytest.raises(EmbeddedError, match="AWS::Organizations::Policy Type: cannot change in place"):
        update(context, handle, {**declared, "Type": "RESOURCE_CONTROL_POLICY"})


def test_a_policy_without_its_target_is_not_left_behind(context: Context) -> None:
    declared = {**scp(context), "TargetIds": ["ou-none-12345678"]}
    with pytest.raises(ClientError, match="OrganizationalUnitNotFound"):
        make(POLICY, declared)
    policies = context.client("organizations").list_policies(Filter="SERVICE_CONTROL_POLICY")["Policies"]
    assert [policy["Name"] for policy in policies] == ["FullAWSAccess"]
