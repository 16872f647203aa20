"""The rules that an account has deployed, and what its recorder records, as AWS Config tells them."""

from typing import Any

from tableguard.compliance.deployed_rule import DeployedRule, described
from tableguard.compliance.recording import Recording

Client = Any  # botocore makes clients at run time


def rules(config: Client) -> tuple[DeployedRule, ...]:
    """Return every rule of the account in the region, by name."""
    pages = config.get_paginator("describe_config_rules").paginate()
    deployed = [described(rule, _text(config, rule)) for page in pages for rule in page["ConfigRules"]]
    return tuple(sorted(deployed, key=lambda rule: rule.name))


def _text(config: Client, rule: dict[str, Any]) -> str:
    if rule["Source"]["Owner"] != "CUSTOM_POLICY":
        return ""
    text: str = config.get_custom_rule_policy(ConfigRuleName=rule["ConfigRuleName"])["PolicyText"]
    return text


def recording(config: Client) -> Recording:
    """Return what the account's recorder records: a region has one at most."""
    recorders = config.describe_configuration_recorders()["ConfigurationRecorders"]
    statuses = config.describe_configuration_recorder_status()["ConfigurationRecordersStatus"]
    channels = config.describe_delivery_channels()["DeliveryChannels"]
    return Recording(
        recorder=recorders[0] if recorders else None,
        recording=any(status["recording"] for status in statuses),
        has_channel=bool(channels),
    )
