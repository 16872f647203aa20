"""The backups of the table: a vault of its own key and rules, filled every day."""

from typing import Any

from troposphere import GetAtt, Ref, backup, dynamodb, kms

from templates import parts
from templates.builder import StackBuilder

# https://docs.aws.amazon.com/aws-backup/latest/devguide/encryption.html
_BACKUP_KEY_USE = ("kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*")


class BackupVault(backup.BackupVault):  # type: ignore[misc]  # troposphere ships no type information
    """A vault whose policy stays data: troposphere makes it a string of JSON, in which no reviewer reads a diff."""

    props = {**backup.BackupVault.props, "AccessPolicy": (dict, False)}  # noqa: RUF012  # troposphere's own form


def add(stack: StackBuilder, table: dynamodb.Table) -> None:
    """Add daily backups in a locked vault under a key of its own."""
    key = stack.key(
        "BackupKey",
        alias="backup",
        description="Encrypts the backups: one key lost must not cost table and backups alike",
        uses=tuple(parts.key_use(service, *_BACKUP_KEY_USE) for service in ("backup", "dynamodb")),
    )
    plan = _daily_plan(stack, _vault(stack, key))
    selection = backup.BackupSelectionResourceType(
        SelectionName="messages-table",
        IamRoleArn=stack.imported("BackupRoleArn"),
        Resources=[GetAtt(table, "Arn")],
    )
    stack.add(backup.BackupSelection("BackupSelection", BackupPlanId=Ref(plan), BackupSelection=selection))


def _vault(stack: StackBuilder, key: kms.Key) -> BackupVault:
    return stack.add(
        BackupVault(
            "BackupVault",
            BackupVaultName=stack.named("vault"),
            EncryptionKeyArn=GetAtt(key, "Arn"),
            AccessPolicy=_vault_policy(stack.settings.break_glass_roles),
            # Governance, since ChangeableForDays is absent: with it the lock could never be lifted again, which
            # an erasure that the law demands may require.
            LockConfiguration=backup.LockConfigurationType(MinRetentionDays=stack.settings.backup_days),
            BackupVaultTags=stack.tag_map(),
            **parts.RETAINED,
        )
    )


def _daily_plan(stack: StackBuilder, vault: BackupVault) -> backup.BackupPlan:
    rule = backup.BackupRuleResourceType(
        RuleName="daily",
        TargetBackupVault=Ref(vault),
        ScheduleExpression="cron(0 3 * * ? *)",
        StartWindowMinutes=60,
        CompletionWindowMinutes=360,
        Lifecycle=backup.LifecycleResourceType(DeleteAfterDays=stack.settings.backup_days),
        RecoveryPointTags=stack.tag_map(),
        # CopyActions are absent: a copy in another region would leave the lawful ones
    )
    plan = backup.BackupPlanResourceType(BackupPlanName=stack.named("daily"), BackupPlanRule=[rule])
    return stack.add(backup.BackupPlan("BackupPlan", BackupPlan=plan, BackupPlanTags=stack.tag_map()))


def _vault_policy(break_glass_roles: tuple[str, ...]) -> dict[str, Any]:
    # One statement, as the AWS Config rule wants it; so a change of this policy takes break-glass too.
    # https://docs.aws.amazon.com/config/latest/developerguide/backup-recovery-point-manual-deletion-disabled.html
    # The lock's own configuration is guarded by the SCP deny_table_destruction.
    return parts.document(
        {
            "Sid": "KeepRecoveryPoints",
            "Effect": "Deny",
            "Principal": "*",
            "Action": [
                "backup:DeleteBackupVault",
                "backup:DeleteBackupVaultAccessPolicy",
                "backup:DeleteRecoveryPoint",
                "backup:PutBackupVaultAccessPolicy",
                "backup:UpdateRecoveryPointLifecycle",
            ],
            "Resource": "*",  # in a vault's policy: the vault and what is in it
            "Condition": {"ArnNotLike": {"aws:PrincipalArn": list(break_glass_roles)}},
        }
    )
