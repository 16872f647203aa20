"""The backups of the table: a vault of its own key and rules, filled every day."""

from typing import Any

from troposphere import GetAtt, Ref, Template, backup, dynamodb

from tableguard.settings import Settings
from templates import parts

# https://docs.aws.amazon.com/aws-backup/latest/devguide/encryption.html
_BACKUP_KEY_USE = ("kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*")


class BackupVault(backup.BackupVault):  # type: ignore[misc]  # troposphere ships no type information
    """troposphere turns the policy into a string of JSON, in which no reviewer reads a diff."""

    props = {**backup.BackupVault.props, "AccessPolicy": (dict, False)}  # noqa: RUF012  # troposphere's own form


def add(template: Template, settings: Settings, table: dynamodb.Table) -> None:
    """Daily backups in a locked vault under a key of its own."""
    key = parts.customer_key(
        template,
        settings,
        "BackupKey",
        "backup",
        "Encrypts the backups: one key lost must not cost table and backups alike",
        *(parts.key_use(service, *_BACKUP_KEY_USE) for service in ("backup", "dynamodb")),
    )
    vault = template.add_resource(
        BackupVault(
            "BackupVault",
            BackupVaultName=f"{settings.name}-vault",
            EncryptionKeyArn=GetAtt(key, "Arn"),
            AccessPolicy=_vault_policy(settings),
            # Governance, since ChangeableForDays is absent: with it the lock could never be lifted again, which
            # an erasure that the law demands may require.
            LockConfiguration=backup.LockConfigurationType(MinRetentionDays=settings.backup_days),
            BackupVaultTags=parts.tag_map(settings),
            **parts.RETAINED,
        )
    )
    plan = template.add_resource(
        backup.BackupPlan(
            "BackupPlan",
            BackupPlan=backup.BackupPlanResourceType(
                BackupPlanName=f"{settings.name}-daily",
                BackupPlanRule=[
                    backup.BackupRuleResourceType(
                        RuleName="daily",
                        TargetBackupVault=Ref(vault),
                        ScheduleExpression="cron(0 3 * * ? *)",
                        StartWindowMinutes=60,
                        CompletionWindowMinutes=360,
                        Lifecycle=backup.LifecycleResourceType(DeleteAfterDays=settings.backup_days),
                        RecoveryPointTags=parts.tag_map(settings),
                        # CopyActions are absent: a copy in another region would leave the lawful ones
                    )
                ],
            ),
            BackupPlanTags=parts.tag_map(settings),
        )
    )
    template.add_resource(
        backup.BackupSelection(
            "BackupSelection",
            BackupPlanId=Ref(plan),
            BackupSelection=backup.BackupSelectionResourceType(
                SelectionName="messages-table",
                IamRoleArn=parts.imported(settings, "BackupRoleArn"),
                Resources=[GetAtt(table, "Arn")],
            ),
        )
    )


def _vault_policy(settings: Settings) -> dict[str, Any]:
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
            "Condition": {"ArnNotLike": {"aws:PrincipalArn": list(settings.break_glass_roles)}},
        }
    )
