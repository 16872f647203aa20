"""Judge the resources of an estate by the AWS Config rules that it has deployed."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tableguard.cli import options
from tableguard.cli.command import FINDINGS_CODES, Command

if TYPE_CHECKING:
    from tableguard.cli.target import Target
    from tableguard.compliance.deployed_rule import DeployedRule
    from tableguard.compliance.item import ConfigurationItem
    from tableguard.findings.formats import Format


@click.command(cls=Command, help=__doc__, epilog=FINDINGS_CODES)
@options.settings
@click.option("--profile", metavar="NAME", help="AWS profile: of the auditor, or of an administrator")
@click.option(
    "--region", metavar="REGION", help="AWS region (default: of the profile or environment, else of the settings)"
)
@click.option("--endpoint-url", metavar="ENDPOINT-URL", help="AWS elsewhere: that of `tableguard up`")
@click.option(
    "--rule", "wanted", multiple=True, metavar="RULE", help="a rule's name or identifier (default: all rules)"
)
@options.formats
def command(
    *,
    settings_file: Path | None,
    profile: str | None,
    region: str | None,
    endpoint_url: str | None,
    wanted: tuple[str, ...],
    form: "Format",
) -> int:
    """Read the rules and every resource from their services; 1 if one breaks a rule, 2 if one cannot be judged."""
    from datetime import UTC, datetime

    from botocore.exceptions import ClientError

    from tableguard.cli.output import print_report
    from tableguard.cli.target import Target
    from tableguard.compliance import exceptions, managed
    from tableguard.compliance.evaluator import Inventory
    from tableguard.compliance.judgement import judged
    from tableguard.compliance.report import ComplianceReport
    from tableguard.errors import ComplianceError
    from tableguard.local.configuration import deployed, guard
    from tableguard.stacks.origin import python_of

    target = Target(endpoint_url, region, profile, None, settings_file)
    accepted = exceptions.load(target.settings.policy_values())
    try:
        config = target.client_of("config")
        rules, recording = _chosen(deployed.rules(config), wanted), deployed.recording(config)
        inventory = Inventory(tuple(_items(target)), datetime.now(UTC))
    except ClientError as error:
        raise ComplianceError(f"{error}; --profile NAME: `auditor` on the estate of `tableguard up`") from error
    judgements = tuple(judged(rules, inventory, recording, managed.evaluators(), guard.ruling))
    return print_report(ComplianceReport(rules, judgements, accepted, python_of("sections/config_rules").file), form)


def _chosen(rules: "tuple[DeployedRule, ...]", wanted: tuple[str, ...]) -> "tuple[DeployedRule, ...]":
    from tableguard.errors import ComplianceError

    if not rules:
        raise ComplianceError("no AWS Config rule is deployed here; deploy the stack config, or name another --region")
    names = {name for rule in rules for name in (rule.name, rule.identifier)}
    for name in wanted:
        if name not in names:
            raise ComplianceError(f"--rule {name}: no such rule is deployed; {rules[0].name} is one that is")
    return tuple(rule for rule in rules if not wanted or rule.name in wanted or rule.identifier in wanted)


def _items(target: "Target") -> "Iterator[ConfigurationItem]":
    from tableguard.cli.progress import shown
    from tableguard.local.configuration import inventory

    account = target.client_of("sts").get_caller_identity()["Account"]
    region = target.client_of("config").meta.region_name
    return shown(inventory.items(_clients(target, account), account, region), unit="resources")


def _clients(target: "Target", account: str) -> "Callable[[str], Any]":
    """Return a function that makes each client once; S3's control of accounts is asked at the endpoint itself."""
    from functools import cache

    from tableguard.aws.loopback import without_account_in_host

    @cache
    def client(service: str) -> Any:
        new = target.client_of(service)
        return without_account_in_host(new, account) if service == "s3control" else new

    return client
