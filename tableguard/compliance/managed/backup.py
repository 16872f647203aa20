"""Managed rules about backup vaults, plans and recovery points."""

import re
from math import inf
from typing import Any

from tableguard.compliance.evaluator import Inventory, Parameters, evaluates
from tableguard.compliance.item import ConfigurationItem
from tableguard.compliance.ruling import COMPLIANT, Ruling, broken
from tableguard.compliance.statements import denies, statements
from tableguard.errors import ComplianceError

_PROTECTED = ("backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle", "backup:PutBackupVaultAccessPolicy")
_HOURS = re.compile(r"(\*|[0-9]+)(/[1-9][0-9]*)?|[0-9]+(,[0-9]+)+")  # every hour, every so many from one on, or a list
_EVERYBODY = ("*", {"AWS": "*"}, {"AWS": ["*"]})


@evaluates("BACKUP_RECOVERY_POINT_ENCRYPTED", "AWS::Backup::RecoveryPoint")
def recovery_point_encrypted(item: ConfigurationItem, _parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether a recovery point is encrypted: backup-recovery-point-encrypted."""
    if item.fact("IsEncrypted"):
        return COMPLIANT
    return broken("the backup is not encrypted", "copy it into a vault with a key, and delete it here")


@evaluates("BACKUP_RECOVERY_POINT_MANUAL_DELETION_DISABLED", "AWS::Backup::BackupVault")
def manual_deletion_disabled(item: ConfigurationItem, _parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether the vault's policy denies that backups are deleted by hand.

    backup-recovery-point-manual-deletion-disabled: one statement denies the three actions, with a wildcard for
    Principal and Resource. The page leaves open what a condition does, and what principalArnList ("ARNs for the rule to
    NOT check") does; here neither matters.
    """
    for statement in statements(item.fact("AccessPolicy")):
        wild = statement.get("Principal") in _EVERYBODY and statement.get("Resource") in ("*", ["*"])
        if wild and denies(statement, *_PROTECTED):
            return COMPLIANT
    return broken(
        "the vault's policy does not deny everybody to delete backups, shorten their life and change the policy",
        f"deny {', '.join(_PROTECTED)} to Principal * on Resource *",
    )


@evaluates("BACKUP_PLAN_MIN_FREQUENCY_AND_MIN_RETENTION_CHECK", "AWS::Backup::BackupPlan")
def frequency_and_retention(item: ConfigurationItem, parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether a rule of the plan runs often enough and keeps long enough.

    backup-plan-min-frequency-and-min-retention-check. A rule without a lifecycle keeps for ever. The page
    leaves open how a schedule is read: here a cron expression of every day with one hour, a list of them, or every so
    many. One of some days only is never often enough.
    """
    value, unit = parameters.number("requiredFrequencyValue"), parameters.text("requiredFrequencyUnit")
    longest = value * 24 if unit == "days" else value
    days = parameters.number("requiredRetentionDays")
    rules = item.fact("BackupPlan", "BackupPlanRule")
    if any(_hours(rule, item) <= longest and _kept(rule) >= days for rule in rules):
        return COMPLIANT
    return broken(
        f"no rule of the plan backs up every {value} {unit} and keeps for {days} days",
        "change a rule's schedule or lifecycle",
    )


def _kept(rule: dict[str, Any]) -> float:
    return float((rule.get("Lifecycle") or {}).get("DeleteAfterDays", "inf"))


def _hours(rule: dict[str, Any], item: ConfigurationItem) -> float:
    """Return the longest time between two backups of a plan's rule, in hours."""
    schedule = rule["ScheduleExpression"]
    fields = schedule.removeprefix("cron(").removesuffix(")").split()
    if not schedule.startswith("cron(") or len(fields) != 6 or not _HOURS.fullmatch(fields[1]):
        raise ComplianceError(f"backup plan {item.label}: schedule {schedule!r} is not read")
    _, hour, *date = fields
    if set(date) - {"*", "?"}:
        return inf  # on some days only: never often enough
    first, _, step = hour.partition("/")
    if step or hour == "*":
        times = list(range(0 if first == "*" else int(first), 24, int(step or 1)))
    else:
        times = sorted(map(int, hour.split(",")))
    return max((later - earlier for earlier, later in zip(times, [*times[1:], times[0] + 24], strict=True)), default=24)
