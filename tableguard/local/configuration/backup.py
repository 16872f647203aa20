"""AWS::Backup::BackupVault, BackupPlan, BackupSelection and RecoveryPoint: younger types, in CloudFormation's words."""

import json
from collections.abc import Iterator
from typing import Any

from tableguard.compliance.item import ConfigurationItem
from tableguard.local.configuration.reader import ResourceReader, unless

VAULT, PLAN = "AWS::Backup::BackupVault", "AWS::Backup::BackupPlan"
SELECTION, RECOVERY_POINT = "AWS::Backup::BackupSelection", "AWS::Backup::RecoveryPoint"


def items(reader: ResourceReader) -> Iterator[ConfigurationItem]:
    """Read every vault with its recovery points, and every plan with its selections."""
    for vault in reader.pages("backup", "list_backup_vaults", "BackupVaultList"):
        yield _vault(reader, vault)
        yield from _recovery_points(reader, vault)
    for plan in reader.pages("backup", "list_backup_plans", "BackupPlansList"):
        yield _plan(reader, plan)
        yield from _selections(reader, plan["BackupPlanId"])


def _vault(reader: ResourceReader, vault: dict[str, Any]) -> ConfigurationItem:
    backup, name, arn = reader.client("backup"), vault["BackupVaultName"], vault["BackupVaultArn"]
    policy = unless(
        "ResourceNotFoundException", lambda: backup.get_backup_vault_access_policy(BackupVaultName=name)["Policy"]
    )
    words = ("BackupVaultArn", "BackupVaultName", "EncryptionKeyArn")
    return reader.item(
        VAULT,
        name,
        arn,
        # the policy is in CloudFormation's type, and not in the public schema's list
        {
            **{word: vault[word] for word in words if word in vault},
            "AccessPolicy": policy and json.loads(policy),
        },
        tags=backup.list_tags(ResourceArn=arn)["Tags"],
    )


def _recovery_points(reader: ResourceReader, vault: dict[str, Any]) -> Iterator[ConfigurationItem]:
    named = {"BackupVaultName": vault["BackupVaultName"]}
    for point in reader.pages("backup", "list_recovery_points_by_backup_vault", "RecoveryPoints", **named):
        yield reader.item(RECOVERY_POINT, point["RecoveryPointArn"], point["RecoveryPointArn"], point)


def _plan(reader: ResourceReader, plan: dict[str, Any]) -> ConfigurationItem:
    backup, arn = reader.client("backup"), plan["BackupPlanArn"]
    body = backup.get_backup_plan(BackupPlanId=plan["BackupPlanId"])["BackupPlan"]
    rules = [{**rule, "TargetBackupVault": rule["TargetBackupVaultName"]} for rule in body["Rules"]]
    return reader.item(
        PLAN,
        plan["BackupPlanId"],
        arn,
        {"BackupPlanArn": arn, "BackupPlan": {"BackupPlanName": body["BackupPlanName"], "BackupPlanRule": rules}},
        resource_name=body["BackupPlanName"],
        tags=backup.list_tags(ResourceArn=arn)["Tags"],
    )


def _selections(reader: ResourceReader, plan: str) -> Iterator[ConfigurationItem]:
    backup = reader.client("backup")
    for selection in reader.pages("backup", "list_backup_selections", "BackupSelectionsList", BackupPlanId=plan):
        identity = selection["SelectionId"]
        body = backup.get_backup_selection(BackupPlanId=plan, SelectionId=identity)["BackupSelection"]
        yield reader.item(
            SELECTION, identity, "", {"BackupPlanId": plan, "SelectionId": identity, "BackupSelection": body}
        )
