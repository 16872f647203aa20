"""AWS::Backup types: vaults and plans are deployed as declared, and a change shows."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tableguard.cloudformation.resource_type import Context, Properties, ResourceHandle
from tableguard.errors import EmbeddedError
from tableguard.local.stacks.tracked_properties import TrackedProperties
from tableguard.local.stacks.types import ALL
from tests.cases.resources import (
    ACCOUNT,
    REGION,
    Case,
    ResourceTypeTests,
    assert_needs_replacement,
    client,
    context,
    differences,
    make,
)

__all__ = ["context"]  # the fixture

VAULT = "AWS::Backup::BackupVault"
PLAN = "AWS::Backup::BackupPlan"
SELECTION = "AWS::Backup::BackupSelection"

NAME = "cruddur-vault"
ARN = f"arn:aws:backup:{REGION}:{ACCOUNT}:backup-vault:{NAME}"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1a2b3c"
TAGS = {"Application": "cruddur", "ManagedBy": "tableguard"}
RULE = {
    "RuleName": "daily",
    "TargetBackupVault": NAME,
    "ScheduleExpression": "cron(0 3 * * ? *)",
    "StartWindowMinutes": "60",
    "CompletionWindowMinutes": 360,
    "Lifecycle": {"DeleteAfterDays": 35},
    "RecoveryPointTags": TAGS,
}

Change = Callable[[Context, ResourceHandle], object]


def vault(_: Context) -> Properties:
    return {
        "BackupVaultName": NAME,
        "EncryptionKeyArn": KEY,
        "AccessPolicy": {"Version": "2012-10-17", "Statement": []},
        "LockConfiguration": {"MinRetentionDays": "35", "MaxRetentionDays": 365},
        "BackupVaultTags": TAGS,
    }


def locked_for_good(context: Context) -> Properties:
    return {**vault(context), "LockConfiguration": {"MinRetentionDays": 35, "ChangeableForDays": 3}}


def plan(_: Context) -> Properties:
    weekly = {**RULE, "RuleName": "weekly", "ScheduleExpression": "cron(0 4 ? * 1 *)", "EnableContinuousBackup": True}
    settings = [{"ResourceType": "EC2", "BackupOptions": {"WindowsVSS": "enabled"}}]
    return {
        "BackupPlan": {
            "BackupPlanName": "cruddur-daily",
            "BackupPlanRule": [RULE, weekly],
            "AdvancedBackupSettings": settings,
        },
        "BackupPlanTags": TAGS,
    }


def backup(operation: str, **parameters: Any) -> Change:
    def change(context: Context, handle: ResourceHandle) -> None:
        getattr(context.client("backup"), operation)(**parameters)

    return change


def relock(**lock: int) -> Change:
    return backup("put_backup_vault_lock_configuration", BackupVaultName=NAME, **lock)


def on_the_plan(operation: str, **parameters: Any) -> Change:
    def change(context: Context, handle: ResourceHandle) -> None:
        arn = handle.attributes["BackupPlanArn"]
        getattr(context.client("backup"), operation)(ResourceArn=arn, **parameters)

    return change


def moto_plan(handle: ResourceHandle) -> Properties:
    """The plan as moto keeps it: it has no UpdateBackupPlan with which one could change it from outside."""
    from moto.backup.models import backup_backends

    kept: Properties = backup_backends[ACCOUNT][REGION].plans[handle.physical_id].backup_plan
    return kept


def shorter(_: Context, handle: ResourceHandle) -> None:
    moto_plan(handle)["Rules"][0]["Lifecycle"] = {"DeleteAfterDays": 1}


def seldom(_: Context, handle: ResourceHandle) -> None:
    moto_plan(handle)["Rules"][1]["ScheduleExpression"] = "cron(0 4 1 * ? *)"


def one_rule_less(_: Context, handle: ResourceHandle) -> None:
    del moto_plan(handle)["Rules"][1]


def elsewhere(_: Context, handle: ResourceHandle) -> None:
    moto_plan(handle)["Rules"][0]["TargetBackupVaultName"] = "other"


def renamed(_: Context, handle: ResourceHandle) -> None:
    moto_plan(handle)["BackupPlanName"] = "other"


class TestBackup(ResourceTypeTests):
    cases = (
        Case(
            "shorter lock",
            VAULT,
            vault,
            relock(MinRetentionDays=1, MaxRetentionDays=365),
            "LockConfiguration.MinRetentionDays",
        ),
        Case(
            "longer lock",
            VAULT,
            vault,
            relock(MinRetentionDays=35, MaxRetentionDays=999),
            "LockConfiguration.MaxRetentionDays",
        ),
        Case(
            "shorter final lock",
            VAULT,
            locked_for_good,
            relock(MinRetentionDays=1),
            "LockConfiguration.MinRetentionDays",
        ),
        Case(
            "no lock",
            VAULT,
            vault,
            backup("delete_backup_vault_lock_configuration", BackupVaultName=NAME),
            "LockConfiguration",
        ),
        Case(
            "tag of the vault changed",
            VAULT,
            vault,
            backup("tag_resource", ResourceArn=ARN, Tags={"ManagedBy": "hand"}),
            "BackupVaultTags.ManagedBy",
        ),
        Case(
            "tag of the vault removed",
            VAULT,
            vault,
            backup("untag_resource", ResourceArn=ARN, TagKeyList=["ManagedBy"]),
            "BackupVaultTags.ManagedBy",
        ),
        Case("kept a day", PLAN, plan, shorter, "BackupPlan.BackupPlanRule"),
        Case("made seldom", PLAN, plan, seldom, "BackupPlan.BackupPlanRule"),
        Case("one rule less", PLAN, plan, one_rule_less, "BackupPlan.BackupPlanRule"),
        Case("in another vault", PLAN, plan, elsewhere, "BackupPlan.BackupPlanRule"),
        Case("renamed", PLAN, plan, renamed, "BackupPlan.BackupPlanName"),
        Case(
            "tag of the plan changed",
            PLAN,
            plan,
            on_the_plan("tag_resource", Tags={"ManagedBy": "hand"}),
            "BackupPlanTags.ManagedBy",
        ),
        Case(
            "tag of the plan removed",
            PLAN,
            plan,
            on_the_plan("untag_resource", TagKeyList=["ManagedBy"]),
            "BackupPlanTags.ManagedBy",
        ),
    )


def test_ref_and_getatt_of_a_vault(context: Context) -> None:
    handle = make(VAULT, vault(context))
    assert handle.physical_id == NAME
    assert handle.attributes == {"BackupVaultArn": ARN, "BackupVaultName": NAME}


def test_ref_and_getatt_of_a_plan(context: Context) -> None:
    handle = make(PLAN, plan(context))
    assert handle.attributes["BackupPlanId"] == handle.physical_id
    assert handle.attributes["BackupPlanArn"] == f"arn:aws:backup:{REGION}:{ACCOUNT}:backup-plan:{handle.physical_id}"
    assert set(handle.attributes) == {"BackupPlanArn", "BackupPlanId", "VersionId"}


def test_an_updated_plan_keeps_its_id_and_gets_a_version(context: Context) -> None:
    declared, update = plan(context), ALL[PLAN].update
    handle = make(PLAN, declared)
    longer = {
        **declared,
        "BackupPlan": {**declared["BackupPlan"], "BackupPlanRule": [{**RULE, "StartWindowMinutes": 90}]},
    }
    assert update is not None
    again = update(context, handle, longer)
    assert again.physical_id == handle.physical_id
    assert again.attributes["VersionId"] != handle.attributes["VersionId"]
    assert differences(PLAN, longer, context, again) == []


def test_the_template_does_not_see_the_ids_of_a_plans_rules(context: Context) -> None:
    (first, *_) = ALL[PLAN].read(context, make(PLAN, plan(context)))["BackupPlan"]["BackupPlanRule"]
    assert "RuleId" not in first


def test_an_update_unlocks_a_vault_that_the_template_no_longer_locks(context: Context) -> None:
    handle, update = make(VAULT, vault(context)), ALL[VAULT].update
    less = TrackedProperties({"BackupVaultName": NAME, "EncryptionKeyArn": KEY})
    assert update is not None
    read = ALL[VAULT].read(context, update(context, handle, less))
    assert ("LockConfiguration" in read, read["BackupVaultTags"]) == (False, {})
    assert {"LockConfiguration", "BackupVaultTags"} <= less.names_read


@pytest.mark.parametrize("changed", [{"BackupVaultName": "other"}, {"EncryptionKeyArn": f"{KEY}4d"}])
def test_a_vault_keeps_its_name_and_key(changed: Properties, context: Context) -> None:
    assert_needs_replacement(VAULT, vault(context), changed, context)


def test_a_vault_whose_lock_is_refused_is_not_left_behind(context: Context) -> None:
    with pytest.raises(ClientError, match="cannot be greater than MaxRetentionDays"):
        make(VAULT, {**vault(context), "LockConfiguration": {"MinRetentionDays": 9, "MaxRetentionDays": 8}})
    assert context.client("backup").list_backup_vaults()["BackupVaultList"] == []


@pytest.mark.parametrize(("type_name", "declared"), [(VAULT, vault), (PLAN, plan)])
def test_what_was_deleted_can_be_made_again_and_has_no_tags_of_the_last(
    type_name: str, declared: Callable[[Context], Properties], context: Context
) -> None:
    properties = declared(context)
    ALL[type_name].delete(context, make(type_name, properties))
    untagged = {name: value for name, value in properties.items() if not name.endswith("Tags")}
    read = ALL[type_name].read(context, make(type_name, untagged))
    assert [value for name, value in read.items() if name.endswith("Tags")] == [{}]


def test_a_plan_is_deleted_through_the_api_where_a_guardrail_can_refuse_it(context: Context) -> None:
    handle, backup, asked = make(PLAN, plan(context)), boto3.client("backup", region_name=REGION), []
    backup.meta.events.register("before-call.backup", lambda model, **_: asked.append(model.name))
    ALL[PLAN].delete(replace(context, client=lambda _: backup), handle)
    assert asked == ["DeleteBackupPlan"]


def selection(context: Context) -> Properties:
    return {
        "BackupPlanId": make(PLAN, plan(context)).physical_id,
        "BackupSelection": {"SelectionName": "table", "IamRoleArn": "arn:x", "Resources": ["arn:table"]},
    }


def test_a_selection_is_read_back_and_gone_when_it_is_deleted(context: Context) -> None:
    declared = selection(context)
    handle = make(SELECTION, declared)
    assert differences(SELECTION, declared, context, handle) == []
    assert handle.physical_id == f"{handle.attributes['SelectionId']}_{declared['BackupPlanId']}"
    other = {"BackupSelection": {**declared["BackupSelection"], "Resources": ["arn:other"]}}
    assert differences(SELECTION, {**declared, **other}, context, handle) != []
    with pytest.raises(EmbeddedError, match=f"{SELECTION} BackupSelection.Resources: cannot change in place"):
        ALL[SELECTION].update(context, handle, {**declared, **other})  # type: ignore[misc]  # selections have an update
    ALL[SELECTION].delete(context, handle)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        ALL[SELECTION].read(context, handle)


def test_a_vault_that_declares_no_policy_any_more_has_none(context: Context) -> None:
    declared = vault(context)
    handle = make(VAULT, declared)
    without = {name: value for name, value in declared.items() if name != "AccessPolicy"}
    ALL[VAULT].update(context, handle, without)  # type: ignore[misc]  # vaults have an update
    assert "AccessPolicy" not in ALL[VAULT].read(context, handle)


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        (
            "put_backup_vault_notifications",
            {"BackupVaultName": NAME, "SNSTopicArn": "arn:x", "BackupVaultEvents": ["BACKUP_JOB_FAILED"]},
        ),
    ],
)
def test_what_is_said_to_be_lost_has_no_api_in_moto(operation: str, parameters: Properties, context: Context) -> None:
    make(VAULT, vault(context))
    with pytest.raises((ClientError, NotImplementedError), match=r"Not yet implemented|has not been implemented"):
        getattr(client("backup"), operation)(**parameters)


def test_aws_backup_does_not_tell_for_how_long_a_lock_can_be_changed(context: Context) -> None:
    handle = make(VAULT, locked_for_good(context))
    told = context.client("backup").describe_backup_vault(BackupVaultName=handle.physical_id)
    assert "LockDate" in told
    assert "ChangeableForDays" not in told
