"""AWS::Backup::BackupVault, BackupPlan and BackupSelection, through AWS Backup's API."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tableguard.cloudformation.resource_type import Client, Context, Properties, ResourceHandle, ResourceType
from tableguard.local.stacks.types import tags
from tableguard.local.stacks.types.calls import call, none_on_error, refuse_replacement, remove_on_failure, select
from tableguard.local.stacks.types.translate import document_text, inverse

if TYPE_CHECKING:
    from moto.backup.models import BackupBackend

_VAULT = "AWS::Backup::BackupVault"
_SELECTION = "AWS::Backup::BackupSelection"
_LOCK = ("MinRetentionDays", "MaxRetentionDays", "ChangeableForDays")

# CloudFormation's word -> AWS Backup's, where they differ
_PLAN = {"BackupPlanRule": "Rules"}
_RULE = {"TargetBackupVault": "TargetBackupVaultName"}


def _create_vault(context: Context, properties: Properties) -> ResourceHandle:
    backup = context.client("backup")
    name = properties["BackupVaultName"]
    arn = call(
        backup,
        "create_backup_vault",
        BackupVaultName=name,
        **select(properties, "BackupVaultTags", "EncryptionKeyArn"),
    )["BackupVaultArn"]
    handle = ResourceHandle(name, {"BackupVaultArn": arn, "BackupVaultName": name})
    with remove_on_failure(lambda: _delete_vault(context, handle)):
        _lock(backup, name, properties)
        _set_policy(backup, name, properties)
    return handle


def _set_policy(backup: Client, vault: str, properties: Properties) -> None:
    policy = properties.get("AccessPolicy")
    if policy:
        backup.put_backup_vault_access_policy(BackupVaultName=vault, Policy=document_text(policy))
    elif _policy(backup, vault):
        backup.delete_backup_vault_access_policy(BackupVaultName=vault)


def _policy(backup: Client, vault: str) -> Properties:
    answer = none_on_error(
        "ResourceNotFoundException", lambda: backup.get_backup_vault_access_policy(BackupVaultName=vault)
    )
    return {"AccessPolicy": json.loads(answer["Policy"])} if answer else {}


def _lock(backup: Client, vault: str, properties: Properties) -> None:
    lock = properties.get("LockConfiguration")
    if lock:
        call(backup, "put_backup_vault_lock_configuration", BackupVaultName=vault, **select(lock, *_LOCK))


def _read_vault(context: Context, handle: ResourceHandle) -> Properties:
    backup = context.client("backup")
    vault = backup.describe_backup_vault(BackupVaultName=handle.physical_id)
    return {
        **select(vault, "BackupVaultName", "EncryptionKeyArn"),
        **_policy(backup, handle.physical_id),
        **({"LockConfiguration": select(vault, *_LOCK)} if vault["Locked"] else {}),
        "BackupVaultTags": _tags(backup, vault["BackupVaultArn"]),
    }


def _update_vault(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    backup = context.client("backup")
    current = _read_vault(context, handle)
    refuse_replacement(_VAULT, current, properties, "BackupVaultName", "EncryptionKeyArn")
    if "LockConfiguration" in current and "LockConfiguration" not in properties:
        backup.delete_backup_vault_lock_configuration(BackupVaultName=handle.physical_id)
    _lock(backup, handle.physical_id, properties)
    _set_policy(backup, handle.physical_id, properties)
    _set_tags(backup, handle.attributes["BackupVaultArn"], properties.get("BackupVaultTags", {}))
    return handle


def _delete_vault(context: Context, handle: ResourceHandle) -> None:
    backup = context.client("backup")
    _set_tags(backup, handle.attributes["BackupVaultArn"], {})  # moto would keep them for the next vault of this name
    backup.delete_backup_vault(BackupVaultName=handle.physical_id)


def _tags(backup: Client, arn: str) -> dict[str, str]:
    present: dict[str, str] = backup.list_tags(ResourceArn=arn)["Tags"]
    return present


def _set_tags(backup: Client, arn: str, wanted: dict[str, str]) -> None:
    tags.update(
        _tags(backup, arn),
        wanted,
        put=lambda changed: backup.tag_resource(ResourceArn=arn, Tags=changed),
        remove=lambda gone: backup.untag_resource(ResourceArn=arn, TagKeyList=gone),
    )


def _create_plan(context: Context, properties: Properties) -> ResourceHandle:
    plan = call(
        context.client("backup"),
        "create_backup_plan",
        BackupPlan=_api_plan(properties["BackupPlan"]),
        **select(properties, "BackupPlanTags"),
    )
    return _plan_handle(plan)


def _plan_handle(plan: Properties) -> ResourceHandle:
    return ResourceHandle(plan["BackupPlanId"], select(plan, "BackupPlanArn", "BackupPlanId", "VersionId"))


def _api_plan(plan: Properties) -> Properties:
    rules = [_with_names(rule, _RULE) for rule in plan["BackupPlanRule"]]
    return {**_with_names(plan, _PLAN), "Rules": rules}


def _template_plan(plan: Properties) -> Properties:
    rules = [_with_names(rule, inverse(_RULE)) for rule in plan["Rules"]]
    for rule in rules:
        del rule["RuleId"]  # AWS Backup's own, which no template knows
    return {**_with_names(plan, inverse(_PLAN)), "BackupPlanRule": rules}


def _with_names(source: Mapping[str, Any], names: Mapping[str, str]) -> Properties:
    return {names.get(name, name): value for name, value in source.items()}


def _read_plan(context: Context, handle: ResourceHandle) -> Properties:
    backup = context.client("backup")
    plan = backup.get_backup_plan(BackupPlanId=handle.physical_id)
    return {
        "BackupPlan": _template_plan(plan["BackupPlan"]),
        "BackupPlanTags": _tags(backup, plan["BackupPlanArn"]),
    }


def _update_plan(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    backup, moto = context.client("backup"), _moto_backup(context)
    # moto has no UpdateBackupPlan: what CreateBackupPlan would keep of this plan takes the place of what is kept
    kept = moto.plans[handle.physical_id]
    wanted = type(kept)(_api_plan(properties["BackupPlan"]), "", moto)
    kept.backup_plan, kept.version_id = wanted.backup_plan, wanted.version_id
    _set_tags(backup, handle.attributes["BackupPlanArn"], properties.get("BackupPlanTags", {}))
    return _plan_handle(backup.get_backup_plan(BackupPlanId=handle.physical_id))


def _delete_plan(context: Context, handle: ResourceHandle) -> None:
    context.client("backup").delete_backup_plan(BackupPlanId=handle.physical_id)
    # moto keeps a plan that its API deleted, and with it refuses the next one of that name
    del _moto_backup(context).plans[handle.physical_id]


def _create_selection(context: Context, properties: Properties) -> ResourceHandle:
    selection = call(context.client("backup"), "create_backup_selection", **properties)
    where = {"BackupPlanId": selection["BackupPlanId"], "SelectionId": selection["SelectionId"]}
    identity = f"{selection['SelectionId']}_{selection['BackupPlanId']}"
    return ResourceHandle(identity, {**where, "Id": identity}, where)


def _read_selection(context: Context, handle: ResourceHandle) -> Properties:
    return select(context.client("backup").get_backup_selection(**handle.locator), "BackupPlanId", "BackupSelection")


def _update_selection(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    refuse_replacement(_SELECTION, _read_selection(context, handle), properties, "BackupPlanId", "BackupSelection")
    return handle


def _delete_selection(context: Context, handle: ResourceHandle) -> None:
    context.client("backup").delete_backup_selection(**handle.locator)


def _moto_backup(context: Context) -> "BackupBackend":
    from moto.backup.models import backup_backends  # noqa: PLC0415  # 0.3 s, for the two things that no API does

    return backup_backends[context.account_id][context.region]


TYPES = (
    ResourceType(
        _VAULT,
        _create_vault,
        _read_vault,
        _delete_vault,
        _update_vault,
        not_modelled={
            "LockConfiguration.ChangeableForDays": "AWS Backup does not tell it, only the date that follows from it",
            "Notifications": "moto has no PutBackupVaultNotifications",
        },
    ),
    ResourceType("AWS::Backup::BackupPlan", _create_plan, _read_plan, _delete_plan, _update_plan),
    ResourceType(_SELECTION, _create_selection, _read_selection, _delete_selection, _update_selection),
)
