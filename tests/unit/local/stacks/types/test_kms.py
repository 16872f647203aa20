"""AWS::KMS types: keys and aliases are deployed as declared, and a change shows."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tableguard.cloudformation.resource_type import AbsentError, Context, Properties, ResourceHandle
from tableguard.errors import EmbeddedError
from tableguard.local.stacks.types import ALL
from tests.cases.resources import TAGS, Case, ResourceTypeTests, context, differences, make

__all__ = ["context"]  # the fixture

KEY = "AWS::KMS::Key"
ALIAS = "AWS::KMS::Alias"
ADMINISTRATION = {
    "Sid": "AdministeredThroughIam",
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
    "Action": ["kms:Describe*", "kms:Put*"],
    "Resource": "*",
}
USE = {**ADMINISTRATION, "Sid": "Use", "Action": "kms:Decrypt", "Condition": {"Bool": {"aws:SecureTransport": True}}}


def key(context: Context) -> Properties:
    return {
        "Description": "Encrypts the messages table",
        "EnableKeyRotation": True,
        "RotationPeriodInDays": 365,
        "PendingWindowInDays": 30,
        "BypassPolicyLockoutSafetyCheck": False,
        "KeyPolicy": {"Version": "2012-10-17", "Statement": [ADMINISTRATION, USE]},
        "Tags": TAGS,
    }


def alias(context: Context) -> Properties:
    return {"AliasName": "alias/cruddur-table", "TargetKeyId": make(KEY, key(context)).physical_id}


def alias_by_arn(context: Context) -> Properties:
    return {"AliasName": "alias/cruddur-table", "TargetKeyId": make(KEY, key(context)).attributes["Arn"]}


def ask(operation: str, **arguments: Any) -> Callable[[Context, ResourceHandle], object]:
    return lambda context, handle: getattr(context.client("kms"), operation)(KeyId=handle.physical_id, **arguments)


def open_policy(context: Context, handle: ResourceHandle) -> None:
    anybody = {"Version": "2012-10-17", "Statement": [ADMINISTRATION, {**USE, "Principal": "*"}]}
    context.client("kms").put_key_policy(KeyId=handle.physical_id, PolicyName="default", Policy=json.dumps(anybody))


def another_target(context: Context, handle: ResourceHandle) -> None:
    other = make(KEY, key(context)).physical_id
    context.client("kms").update_alias(AliasName=handle.physical_id, TargetKeyId=other)


class TestKms(ResourceTypeTests):
    cases = (
        Case("no rotation", KEY, key, ask("disable_key_rotation"), "EnableKeyRotation"),
        Case("open policy", KEY, key, open_policy, "KeyPolicy"),
        Case("description", KEY, key, ask("update_key_description", Description="other"), "Description"),
        Case("tag removed", KEY, key, ask("untag_resource", TagKeys=["ManagedBy"]), "Tags"),
        Case("disabled", KEY, lambda context: {**key(context), "Enabled": "true"}, ask("disable_key"), "Enabled"),
        Case("enabled", KEY, lambda context: {**key(context), "Enabled": False}, ask("enable_key"), "Enabled"),
        Case("another key", ALIAS, alias, another_target, "TargetKeyId"),
        Case("another key, named by ARN", ALIAS, alias_by_arn, another_target, "TargetKeyId"),
    )


def test_ref_and_getatt_of_a_key(context: Context) -> None:
    handle = make(KEY, key(context))
    assert handle.attributes == {
        "Arn": f"arn:aws:kms:eu-central-1:123456789012:key/{handle.physical_id}",
        "KeyId": handle.physical_id,
    }


@pytest.mark.parametrize(("declared", "days"), [({"PendingWindowInDays": "7"}, 7), ({}, 30)])
def test_a_deleted_key_waits_as_long_as_its_template_says(declared: Properties, days: int, context: Context) -> None:
    handle = make(KEY, {"KeyPolicy": key(context)["KeyPolicy"], **declared})
    ALL[KEY].delete(context, handle)
    found = context.client("kms").describe_key(KeyId=handle.physical_id)["KeyMetadata"]
    wait = found["DeletionDate"] - found["CreationDate"]
    assert round(wait.total_seconds() / 86_400) == days


def test_a_key_pending_deletion_counts_as_gone(context: Context) -> None:
    handle = make(KEY, key(context))
    context.client("kms").schedule_key_deletion(KeyId=handle.physical_id, PendingWindowInDays=7)
    with pytest.raises(AbsentError, match="pending deletion"):
        differences(KEY, key(context), context, handle)


def test_a_key_keeps_what_it_was_made_as(context: Context) -> None:
    handle, update = make(KEY, {**key(context), "KeySpec": "SYMMETRIC_DEFAULT"}), ALL[KEY].update
    assert update is not None
    with pytest.raises(EmbeddedError, match="AWS::KMS::Key KeySpec: cannot change in place"):
        update(context, handle, {**key(context), "KeySpec": "RSA_2048"})


def test_moto_still_loses_the_rotation_period(context: Context) -> None:
    handle = make(KEY, key(context))
    assert "RotationPeriodInDays" not in context.client("kms").get_key_rotation_status(KeyId=handle.physical_id)
