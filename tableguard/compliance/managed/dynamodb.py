"""Managed rules about tables."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from tableguard.compliance.evaluator import Inventory, Parameters, evaluates
from tableguard.compliance.item import ACCOUNT, ConfigurationItem
from tableguard.compliance.ruling import COMPLIANT, Ruling, broken
from tableguard.errors import ComplianceError

_TABLE = "AWS::DynamoDB::Table"
_SELECTION, _RECOVERY_POINT = "AWS::Backup::BackupSelection", "AWS::Backup::RecoveryPoint"
_ON_DEMAND = "PAY_PER_REQUEST"


@evaluates("DYNAMODB_TABLE_DELETION_PROTECTION_ENABLED", _TABLE)
def deletion_protection(item: ConfigurationItem, _parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether deletion protection is enabled: dynamodb-table-deletion-protection-enabled."""
    if item.fact("deletionProtectionEnabled") is True:
        return COMPLIANT
    return broken("the table can be deleted by one call", "enable its deletion protection")


@evaluates("DYNAMODB_PITR_ENABLED", _TABLE)
def point_in_time_recovery(item: ConfigurationItem, _parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether point-in-time recovery is enabled: dynamodb-pitr-enabled."""
    status = item.supplement(
        "ContinuousBackupsDescription", "pointInTimeRecoveryDescription", "pointInTimeRecoveryStatus"
    )
    if status == "ENABLED":
        return COMPLIANT
    return broken(f"point-in-time recovery is {status}", "enable it: what is overwritten meanwhile cannot be restored")


@evaluates("DYNAMODB_TABLE_ENCRYPTED_KMS", _TABLE)
def encrypted_under_kms(item: ConfigurationItem, parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether the table is encrypted under KMS, by one of kmsKeyArns if given.

    dynamodb-table-encrypted-kms
    """
    encryption, keys = item.fact("ssedescription") or {}, parameters.listed("kmsKeyArns")
    if encryption.get("status") != "ENABLED" or encryption.get("ssetype") != "KMS":
        return broken("the table is encrypted under a key that DynamoDB owns", "encrypt it under a KMS key")
    if keys and encryption.get("kmsmasterKeyArn") not in keys:
        return broken(f"the table is encrypted under {encryption.get('kmsmasterKeyArn')}", f"use {' or '.join(keys)}")
    return COMPLIANT


@evaluates("DYNAMODB_AUTOSCALING_ENABLED", _TABLE)
def autoscaling(item: ConfigurationItem, _parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether auto scaling policies are on reads and writes of table and indexes: dynamodb-autoscaling-enabled.

    The page leaves open what is said of an on-demand table; Security Hub's DynamoDB.1 lets it pass, and so does this.
    Its parameters for capacities and utilization are not judged: none of them is deployed.
    """
    if (item.fact("billingModeSummary") or {}).get("billingMode") == _ON_DEMAND:
        return COMPLIANT
    scaled = {(one["resourceId"], one["scalableDimension"]) for one in item.supplement("ScalingPolicies") or ()}
    table = f"table/{item.resource_id}"
    indexes = [f"{table}/index/{index['indexName']}" for index in item.fact("globalSecondaryIndexes") or ()]
    for resource in (table, *indexes):
        kind = "table" if resource == table else "index"
        for capacity in ("Read", "Write"):
            if (resource, f"dynamodb:{kind}:{capacity}CapacityUnits") not in scaled:
                return broken(
                    f"the {capacity.lower()} capacity of {resource} is fixed",
                    "give it a scaling policy, or make the table on demand",
                )
    return COMPLIANT


@evaluates("DYNAMODB_IN_BACKUP_PLAN", _TABLE)
def in_backup_plan(item: ConfigurationItem, _parameters: Parameters, inventory: Inventory) -> Ruling:
    """Judge whether a backup plan selects the table: dynamodb-in-backup-plan.

    AWS Backup selects by ARN, with wildcards in any place. A selection by tags is not read: it makes an error.
    """
    for selection in inventory.of(_SELECTION):
        body = selection.fact("BackupSelection")
        if body.get("ListOfTags") or any((body.get("Conditions") or {}).values()):
            raise ComplianceError(f"backup selection {selection.label}: a selection by tags is not read")
        if _names(body.get("Resources", ()), item.arn) and not _names(body.get("NotResources", ()), item.arn):
            return COMPLIANT
    return broken("no backup plan selects the table", "add it to the selection of a plan")


def _names(patterns: list[str], arn: str) -> bool:
    return any(fnmatchcase(arn, pattern) for pattern in patterns)


@evaluates("DYNAMODB_LAST_BACKUP_RECOVERY_POINT_CREATED", _TABLE)
def recently_backed_up(item: ConfigurationItem, parameters: Parameters, inventory: Inventory) -> Ruling:
    """Judge whether the newest recovery point is young enough.

    dynamodb-last-backup-recovery-point-created. Its parameters resourceTags and resourceId are not judged:
    neither is deployed.
    """
    value, unit = parameters.number("recoveryPointAgeValue"), parameters.text("recoveryPointAgeUnit")
    if unit not in ("hours", "days"):
        raise ComplianceError(f"rule {parameters.rule}: recoveryPointAgeUnit = {unit!r}: accepted: hours, days")
    oldest = inventory.time - timedelta(**{unit: value})
    if any(created >= oldest for created in _backups(item, inventory)):
        return COMPLIANT
    return broken(f"no backup of the table in the last {value} {unit}", "see why the plan's job fails, or start one")


def _backups(item: ConfigurationItem, inventory: Inventory) -> Iterator[datetime]:
    for point in inventory.of(_RECOVERY_POINT):
        if point.fact("ResourceArn") == item.arn and point.fact("Status") == "COMPLETED":
            yield point.fact("CreationDate")


@evaluates("DYNAMODB_THROUGHPUT_LIMIT_CHECK", ACCOUNT)
def throughput_limit(item: ConfigurationItem, parameters: Parameters, inventory: Inventory) -> Ruling:
    """Judge whether provisioned throughput reaches a share of the account's limits.

    dynamodb-throughput-limit-check: "when this value is reached, the rule is marked as noncompliant". An
    account with on-demand tables alone has provisioned none.
    """
    for capacity, word in (("Read", "RCU"), ("Write", "WCU")):
        limit = item.fact("dynamoDbLimits", f"accountMax{capacity}CapacityUnits")
        units = sum(_provisioned(inventory, f"{capacity.lower()}CapacityUnits"))
        threshold = parameters.number(f"account{word}ThresholdPercentage")
        if units * 100 >= threshold * limit:
            return broken(
                f"{units} {capacity.lower()} capacity units of the account's {limit} are provisioned",
                "have the quota raised, or provision less",
            )
    return COMPLIANT


def _provisioned(inventory: Inventory, word: str) -> Iterator[int]:
    for table in inventory.of(_TABLE):
        yield table.fact("provisionedThroughput", word) or 0
        for index in table.fact("globalSecondaryIndexes") or ():
            yield index.get("provisionedThroughput", {}).get(word) or 0
