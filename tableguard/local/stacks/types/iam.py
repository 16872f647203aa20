"""AWS::IAM::Role and AWS::IAM::ManagedPolicy, through IAM's API."""

from dataclasses import replace
from typing import Any

from tableguard.cloudformation.resource_type import Client, Context, Properties, ResourceHandle, ResourceType
from tableguard.local.stacks.types import tags
from tableguard.local.stacks.types.calls import call, refuse_replacement, remove_on_failure, select, without_none
from tableguard.local.stacks.types.translate import document_text, surplus

# https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html: an hour unless the template says otherwise
_SESSION_SECONDS = 3600
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
_POLICY_VERSIONS = 5


def _create_role(context: Context, properties: Properties) -> ResourceHandle:
    iam = context.client("iam")
    name = properties.get("RoleName", context.generated_name)
    role = call(
        iam,
        "create_role",
        RoleName=name,
        AssumeRolePolicyDocument=document_text(properties["AssumeRolePolicyDocument"]),
        **select(properties, "Description", "MaxSessionDuration", "Path", "PermissionsBoundary", "Tags"),
    )["Role"]
    policies = properties.get("ManagedPolicyArns", [])
    # other resources (AWS::IAM::ManagedPolicy, Roles) attach policies to this role too: an update leaves those alone
    handle = ResourceHandle(name, select(role, "Arn", "RoleId"), locator={"ManagedPolicyArns": policies})
    with remove_on_failure(lambda: _delete_role(context, handle)):
        _attach(iam, name, policies)
        _put_inline_policies(iam, name, properties.get("Policies", []))
    return handle


def _read_role(context: Context, handle: ResourceHandle) -> Properties:
    iam, name = context.client("iam"), handle.physical_id
    role = iam.get_role(RoleName=name)["Role"]
    return {
        **select(role, "RoleName", "AssumeRolePolicyDocument", "Description", "MaxSessionDuration", "Path", "Tags"),
        **without_none(PermissionsBoundary=role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")),
        "ManagedPolicyArns": _attached(iam, name),
        "Policies": [
            select(iam.get_role_policy(RoleName=name, PolicyName=policy), "PolicyName", "PolicyDocument")
            for policy in _inline_policies(iam, name)
        ],
    }


def _update_role(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    iam, name = context.client("iam"), handle.physical_id
    current = _read_role(context, handle)
    refuse_replacement("AWS::IAM::Role", current, properties, "RoleName", "Path")
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=document_text(properties["AssumeRolePolicyDocument"]))
    call(
        iam,
        "update_role",
        RoleName=name,
        Description=properties.get("Description", ""),
        MaxSessionDuration=properties.get("MaxSessionDuration", _SESSION_SECONDS),
    )
    _update_boundary(iam, name, properties)
    _update_role_tags(iam, name, current, properties)
    _update_inline_policies(iam, name, current["Policies"], properties.get("Policies", []))
    wanted = properties.get("ManagedPolicyArns", [])
    _attach(iam, name, surplus(wanted, current["ManagedPolicyArns"]))
    _detach(iam, name, surplus(handle.locator["ManagedPolicyArns"], wanted))
    return replace(handle, locator={"ManagedPolicyArns": wanted})


def _update_boundary(iam: Client, role: str, properties: Properties) -> None:
    boundary = properties.get("PermissionsBoundary")
    if boundary:
        iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=boundary)
    else:
        iam.delete_role_permissions_boundary(RoleName=role)


def _update_role_tags(iam: Client, role: str, current: Properties, properties: Properties) -> None:
    tags.update(
        tags.declared(current),
        tags.declared(properties),
        put=lambda changed: iam.tag_role(RoleName=role, Tags=tags.as_list(changed)),
        remove=lambda gone: iam.untag_role(RoleName=role, TagKeys=gone),
    )


def _update_inline_policies(iam: Client, role: str, current: list[Properties], wanted: list[Properties]) -> None:
    _put_inline_policies(iam, role, wanted)
    _delete_inline_policies(iam, role, surplus(_names(current), _names(wanted)))


def _names(policies: list[Properties]) -> list[str]:
    return [policy["PolicyName"] for policy in policies]


def _delete_role(context: Context, handle: ResourceHandle) -> None:
    iam, name = context.client("iam"), handle.physical_id
    _detach(iam, name, _attached(iam, name))
    _delete_inline_policies(iam, name, _inline_policies(iam, name))
    iam.delete_role(RoleName=name)


def _attached(iam: Client, role: str) -> list[str]:
    pages = iam.get_paginator("list_attached_role_policies").paginate(RoleName=role)
    return [policy["PolicyArn"] for page in pages for policy in page["AttachedPolicies"]]


def _attach(iam: Client, role: str, policies: list[str]) -> None:
    for arn in policies:
        iam.attach_role_policy(RoleName=role, PolicyArn=arn)


def _detach(iam: Client, role: str, policies: list[str]) -> None:
    for arn in policies:
        iam.detach_role_policy(RoleName=role, PolicyArn=arn)


def _inline_policies(iam: Client, role: str) -> list[str]:
    pages = iam.get_paginator("list_role_policies").paginate(RoleName=role)
    return [name for page in pages for name in page["PolicyNames"]]


def _put_inline_policies(iam: Client, role: str, policies: list[dict[str, Any]]) -> None:
    for policy in policies:
        document = document_text(policy["PolicyDocument"])
        iam.put_role_policy(RoleName=role, PolicyName=policy["PolicyName"], PolicyDocument=document)


def _delete_inline_policies(iam: Client, role: str, names: list[str]) -> None:
    for name in names:
        iam.delete_role_policy(RoleName=role, PolicyName=name)


def _create_policy(context: Context, properties: Properties) -> ResourceHandle:
    iam = context.client("iam")
    arn = iam.create_policy(
        PolicyName=properties.get("ManagedPolicyName", context.generated_name),
        PolicyDocument=document_text(properties["PolicyDocument"]),
        **select(properties, "Description", "Path"),
    )["Policy"]["Arn"]
    roles = properties.get("Roles", [])
    with remove_on_failure(lambda: _delete_policy(context, ResourceHandle(arn))):
        for role in roles:
            _attach(iam, role, [arn])
    return policy_handle(iam, arn, roles)


def policy_handle(iam: Client, arn: str, roles: list[str]) -> ResourceHandle:
    policy = iam.get_policy(PolicyArn=arn)["Policy"]
    attributes = select(policy, "AttachmentCount", "DefaultVersionId", "IsAttachable", "PolicyId")
    dates = {name: policy[name].isoformat() for name in ("CreateDate", "UpdateDate")}
    # roles attach this policy by themselves too (ManagedPolicyArns): an update leaves those alone
    return ResourceHandle(arn, {"PolicyArn": arn, **attributes, **dates}, locator={"Roles": roles})


def _read_policy(context: Context, handle: ResourceHandle) -> Properties:
    iam, arn = context.client("iam"), handle.physical_id
    policy = iam.get_policy(PolicyArn=arn)["Policy"]
    version = iam.get_policy_version(PolicyArn=arn, VersionId=policy["DefaultVersionId"])["PolicyVersion"]
    return {
        **select(policy, "Description", "Path"),
        "ManagedPolicyName": policy["PolicyName"],
        "PolicyDocument": version["Document"],
        "Roles": _roles_of(iam, arn),
    }


def _update_policy(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    iam, arn = context.client("iam"), handle.physical_id
    current = _read_policy(context, handle)
    refuse_replacement("AWS::IAM::ManagedPolicy", current, properties, "ManagedPolicyName", "Description", "Path")
    _make_room_for_a_version(iam, arn)
    document = document_text(properties["PolicyDocument"])
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=document, SetAsDefault=True)
    wanted = properties.get("Roles", [])
    for role in surplus(wanted, current["Roles"]):
        _attach(iam, role, [arn])
    for role in surplus(handle.locator["Roles"], wanted):
        _detach(iam, role, [arn])
    return policy_handle(iam, arn, wanted)


def _make_room_for_a_version(iam: Client, arn: str) -> None:
    versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    if len(versions) == _POLICY_VERSIONS:
        others = [version["VersionId"] for version in versions if not version["IsDefaultVersion"]]
        oldest = min(others, key=lambda version: int(version.removeprefix("v")))
        iam.delete_policy_version(PolicyArn=arn, VersionId=oldest)


def _roles_of(iam: Client, policy: str) -> list[str]:
    pages = iam.get_paginator("list_entities_for_policy").paginate(PolicyArn=policy, EntityFilter="Role")
    return [role["RoleName"] for page in pages for role in page["PolicyRoles"]]


def _delete_policy(context: Context, handle: ResourceHandle) -> None:
    iam, arn = context.client("iam"), handle.physical_id
    for role in _roles_of(iam, arn):
        _detach(iam, role, [arn])
    iam.delete_policy(PolicyArn=arn)


TYPES = (
    ResourceType("AWS::IAM::Role", _create_role, _read_role, _delete_role, _update_role),
    ResourceType("AWS::IAM::ManagedPolicy", _create_policy, _read_policy, _delete_policy, _update_policy),
)
