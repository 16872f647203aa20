"""AWS::Organizations::Policy, through the Organizations API of the management account."""

import json

from tableguard.cloudformation.resource_type import Client, Context, Properties, ResourceHandle, ResourceType
from tableguard.local.stacks.types import tags
from tableguard.local.stacks.types.calls import call, refuse_replacement, remove_on_failure, select
from tableguard.local.stacks.types.translate import document_text, surplus

_TYPE = "AWS::Organizations::Policy"


def _create(context: Context, properties: Properties) -> ResourceHandle:
    organizations = context.client("organizations")
    policy = call(
        organizations,
        "create_policy",
        Name=properties["Name"],
        Type=properties["Type"],
        Content=document_text(properties["Content"]),
        Description=properties.get("Description", ""),  # the API requires one, CloudFormation does not
        **select(properties, "Tags"),
    )["Policy"]["PolicySummary"]
    handle = ResourceHandle(policy["Id"], select(policy, "Arn", "AwsManaged", "Id"))
    with remove_on_failure(lambda: _delete(context, handle)):
        _attach(organizations, handle.physical_id, properties.get("TargetIds", []))
    return handle


def _read(context: Context, handle: ResourceHandle) -> Properties:
    organizations, policy_id = context.client("organizations"), handle.physical_id
    policy = organizations.describe_policy(PolicyId=policy_id)["Policy"]
    return {
        **select(policy["PolicySummary"], "Name", "Type", "Description"),
        "Content": json.loads(policy["Content"]),
        "TargetIds": _targets(organizations, policy_id),
        "Tags": organizations.list_tags_for_resource(ResourceId=policy_id)["Tags"],
    }


def _update(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    organizations, policy_id = context.client("organizations"), handle.physical_id
    current = _read(context, handle)
    refuse_replacement(_TYPE, current, properties, "Type")
    organizations.update_policy(
        PolicyId=policy_id,
        Name=properties["Name"],
        Content=document_text(properties["Content"]),
        Description=properties.get("Description", ""),
    )
    wanted = properties.get("TargetIds", [])
    _attach(organizations, policy_id, surplus(wanted, current["TargetIds"]))
    _detach(organizations, policy_id, surplus(current["TargetIds"], wanted))
    tags.update(
        tags.declared(current),
        tags.declared(properties),
        put=lambda changed: organizations.tag_resource(ResourceId=policy_id, Tags=tags.as_list(changed)),
        remove=lambda gone: organizations.untag_resource(ResourceId=policy_id, TagKeys=gone),
    )
    return handle


def _delete(context: Context, handle: ResourceHandle) -> None:
    organizations, policy_id = context.client("organizations"), handle.physical_id
    _detach(organizations, policy_id, _targets(organizations, policy_id))
    organizations.delete_policy(PolicyId=policy_id)


def _targets(organizations: Client, policy_id: str) -> list[str]:
    pages = organizations.get_paginator("list_targets_for_policy").paginate(PolicyId=policy_id)
    return [target["TargetId"] for page in pages for target in page["Targets"]]


def _attach(organizations: Client, policy_id: str, targets: list[str]) -> None:
    for target in targets:
        organizations.attach_policy(PolicyId=policy_id, TargetId=target)


def _detach(organizations: Client, policy_id: str, targets: list[str]) -> None:
    for target in targets:
        organizations.detach_policy(PolicyId=policy_id, TargetId=target)


TYPES = (ResourceType(_TYPE, _create, _read, _delete, _update),)
