"""Managed rules about log groups."""

from tableguard.compliance.evaluator import Inventory, Parameters, evaluates
from tableguard.compliance.item import ConfigurationItem
from tableguard.compliance.ruling import COMPLIANT, Ruling, broken, not_applicable

_LOG_GROUP = "AWS::Logs::LogGroup"
_YEAR = 365  # the page's default of MinRetentionTime, which the catalogue leaves out


@evaluates("CLOUDWATCH_LOG_GROUP_ENCRYPTED", _LOG_GROUP)
def encrypted(item: ConfigurationItem, parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether a log group has a KMS key, KmsKeyId if given: cloudwatch-log-group-encrypted."""
    key, wanted = item.fact("kmsKeyId"), parameters.text("KmsKeyId")
    if not key:
        return broken("the log group is encrypted under CloudWatch's own key", "associate a KMS key with it")
    if wanted and key != wanted:
        return broken(f"the log group is encrypted under {key}", f"associate {wanted} with it")
    return COMPLIANT


@evaluates("CW_LOGGROUP_RETENTION_PERIOD_CHECK", _LOG_GROUP)
def kept_long_enough(item: ConfigurationItem, parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether a log group keeps its events long enough: cw-loggroup-retention-period-check.

    A group that LogGroupNames does not name is left alone; one that never expires keeps long enough.
    """
    if item.resource_id not in (parameters.listed("LogGroupNames") or (item.resource_id,)):
        return not_applicable("LogGroupNames names other log groups")
    wanted = parameters.number("MinRetentionTime") if parameters.text("MinRetentionTime") else _YEAR
    days = item.fact("retentionInDays")
    if days is not None and days < wanted:
        return broken(f"the log group keeps events for {days} days", f"set its retention to {wanted} days or more")
    return COMPLIANT
