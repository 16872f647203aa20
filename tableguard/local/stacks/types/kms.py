"""AWS::KMS::Key and AWS::KMS::Alias through the KMS API."""

import json

from tableguard.cloudformation.resource_type import (
    AbsentError,
    Client,
    Context,
    Properties,
    ResourceHandle,
    ResourceType,
)
from tableguard.local.stacks.types import tags
from tableguard.local.stacks.types.calls import (
    call,
    only,
    refuse_replacement,
    remove_on_failure,
    select,
    text,
    without_none,
)
from tableguard.local.stacks.types.translate import document_text

KEY_NAME = "AWS::KMS::Key"
_KEY_PARTS = ("TagKey", "TagValue")
_FIXED = ("KeySpec", "KeyUsage", "MultiRegion", "Origin")


def _create_key(context: Context, properties: Properties) -> ResourceHandle:
    client = context.client("kms")
    policy = properties.get("KeyPolicy")
    key = call(
        client,
        "create_key",
        Policy=policy and document_text(policy),
        Tags=tags.as_list(tags.as_map(properties.get("Tags", [])), *_KEY_PARTS),
        **select(properties, "Description", *_FIXED),
    )["KeyMetadata"]
    # the window is not a property of a key but of its deletion: thirty days unless the template says otherwise
    window = int(properties.get("PendingWindowInDays", 30))
    handle = ResourceHandle(key["KeyId"], {"Arn": key["Arn"], "KeyId": key["KeyId"]}, {"PendingWindowInDays": window})
    with remove_on_failure(lambda: _delete_key(context, handle)):
        _set_rotation(client, handle.physical_id, properties)
        if text(properties.get("Enabled", True)) == "false":
            client.disable_key(KeyId=handle.physical_id)
    return handle


def _set_rotation(client: Client, key: str, properties: Properties) -> None:
    if text(properties.get("EnableKeyRotation", False)) == "true":
        call(client, "enable_key_rotation", KeyId=key, **select(properties, "RotationPeriodInDays"))
    elif client.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]:
        client.disable_key_rotation(KeyId=key)


def _read_key(context: Context, handle: ResourceHandle) -> Properties:
    client, key = context.client("kms"), handle.physical_id
    metadata = client.describe_key(KeyId=key)["KeyMetadata"]
    if metadata["KeyState"] == "PendingDeletion":
        raise AbsentError(f"key {key}: pending deletion")
    named = client.list_resource_tags(KeyId=key)["Tags"]
    return {
        **select(metadata, "Description", "Enabled", *_FIXED),
        "EnableKeyRotation": client.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"],
        "KeyPolicy": json.loads(client.get_key_policy(KeyId=key, PolicyName="default")["Policy"]),
        "Tags": [{"Key": tag["TagKey"], "Value": tag["TagValue"]} for tag in named],
    }


def _update_key(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    client, key, current = context.client("kms"), handle.physical_id, _read_key(context, handle)
    refuse_replacement(KEY_NAME, current, properties, *_FIXED)
    # only where the policy changes: the guardrails leave that to break-glass, and other changes to the deployer
    # https://github.com/aws-cloudformation/aws-cloudformation-resource-providers-kms: KeyHandlerHelper.updateKeyPolicy
    if "KeyPolicy" in properties and json.loads(document_text(properties["KeyPolicy"])) != current["KeyPolicy"]:
        client.put_key_policy(KeyId=key, PolicyName="default", Policy=document_text(properties["KeyPolicy"]))
    client.update_key_description(KeyId=key, Description=properties.get("Description", ""))
    switch = client.disable_key if text(properties.get("Enabled", True)) == "false" else client.enable_key
    switch(KeyId=key)
    _set_rotation(client, key, properties)
    tags.update(
        tags.declared(current),
        tags.declared(properties),
        put=lambda changed: client.tag_resource(KeyId=key, Tags=tags.as_list(changed, *_KEY_PARTS)),
        remove=lambda gone: client.untag_resource(KeyId=key, TagKeys=gone),
    )
    return handle


def _delete_key(context: Context, handle: ResourceHandle) -> None:
    context.client("kms").schedule_key_deletion(KeyId=handle.physical_id, **handle.locator)


def _create_alias(context: Context, properties: Properties) -> ResourceHandle:
    arguments = select(properties, "AliasName", "TargetKeyId")
    context.client("kms").create_alias(**arguments)
    return ResourceHandle(arguments["AliasName"])


def _read_alias(context: Context, handle: ResourceHandle) -> Properties:
    pages = context.client("kms").get_paginator("list_aliases").paginate()
    named = [alias for page in pages for alias in page["Aliases"] if alias["AliasName"] == handle.physical_id]
    alias = only(named, f"alias {handle.physical_id}")
    return without_none(AliasName=alias["AliasName"], TargetKeyId=alias.get("TargetKeyId"))


def _update_alias(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    refuse_replacement("AWS::KMS::Alias", {"AliasName": handle.physical_id}, properties, "AliasName")
    context.client("kms").update_alias(AliasName=handle.physical_id, TargetKeyId=properties["TargetKeyId"])
    return handle


def _delete_alias(context: Context, handle: ResourceHandle) -> None:
    context.client("kms").delete_alias(AliasName=handle.physical_id)


_OF_THE_REQUEST = "an argument of the request; KMS returns it nowhere"

TYPES: tuple[ResourceType, ...] = (
    ResourceType(
        name=KEY_NAME,
        create=_create_key,
        read=_read_key,
        update=_update_key,
        delete=_delete_key,
        not_modelled={
            "BypassPolicyLockoutSafetyCheck": _OF_THE_REQUEST,
            "PendingWindowInDays": _OF_THE_REQUEST,
            "RotationPeriodInDays": "moto's EnableKeyRotation drops it and GetKeyRotationStatus does not return it",
        },
    ),
    ResourceType(
        name="AWS::KMS::Alias", create=_create_alias, read=_read_alias, update=_update_alias, delete=_delete_alias
    ),
)
