"""Deploy the stacks to AWS through CloudFormation change sets."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tableguard.cli import options
from tableguard.cli.command import Command

if TYPE_CHECKING:
    from tableguard.stacks.deploy import Deployment, ResourceChange
    from tableguard.stacks.registry import StackModule


@click.command(cls=Command, help=__doc__)
@click.argument("stack", nargs=-1, help="stacks to deploy (default: all that the settings enable)")
@options.settings
@options.profiles
@click.option("--yes", is_flag=True, help="make the changes without asking")
@options.as_json
def command(
    *,
    stack: tuple[str, ...],
    settings_file: Path | None,
    profile: str | None,
    management_profile: str | None,
    deployer_profile: str | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Deploy stack after stack, showing each one's changes before they are made."""
    from tableguard.cli.confirmation import check_can_ask, confirm_changes
    from tableguard.cli.inputs import chosen_settings, chosen_stacks
    from tableguard.cli.output import print_json
    from tableguard.stacks.credentials import ProfileNames, Sessions
    from tableguard.stacks.deploy import PollInterval, deploy

    settings = chosen_settings(settings_file)
    stacks = chosen_stacks(settings, stack)
    check_can_ask("deploy", yes=yes, as_json=as_json)

    def approve(stack: "StackModule", changes: "tuple[ResourceChange, ...]") -> bool:
        if not as_json:
            _print_changes(settings.stack_name(stack.name), changes)
        return yes or confirm_changes()

    sessions = Sessions(settings, ProfileNames(profile, management_profile, deployer_profile))
    deployments = []
    for deployment in deploy(settings, sessions, PollInterval(), approve, stacks):
        deployments.append(deployment)
        if not as_json:
            print(f"{deployment.stack_name}: {deployment.outcome} in {deployment.seconds:.0f} s")
    if as_json:
        print_json({"stacks": [_facts(deployment) for deployment in deployments]})


def _print_changes(name: str, changes: "tuple[ResourceChange, ...]") -> None:
    from tableguard.cli import tables
    from tableguard.cli.output import terminal
    from tableguard.findings.counts import counted

    title = f"{name}: {counted(len(changes), 'change')}"
    if console := terminal():
        console.print(tables.changes(title, changes))
        return
    print(title)
    for change in changes:
        note = "  REPLACES the resource" if change.replacement else ""
        print(f"  {change.action:<7} {change.resource_type:<40} {change.logical_id}{note}")


def _facts(deployment: "Deployment") -> dict[str, Any]:
    return {
        "stack": deployment.stack,
        "name": deployment.stack_name,
        "outcome": deployment.outcome,
        "seconds": round(deployment.seconds, 3),
        "changes": [
            {
                "action": change.action,
                "type": change.resource_type,
                "logical_id": change.logical_id,
                "replacement": change.replacement,
            }
            for change in deployment.changes
        ],
    }
