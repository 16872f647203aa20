"""Deploy the stacks to AWS through CloudFormation change sets."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tableguard.cli import options
from tableguard.cli.command import Command

if TYPE_CHECKING:
    from tableguard.stacks.deployment.stack_deployer import Deployment


@click.command(cls=Command, help=__doc__)
@click.argument("stack", nargs=-1, help="stacks to deploy (default: all that the settings enable)")
@options.settings
@options.profiles
@click.option(
    "--break-glass-profile",
    metavar="NAME",
    help="AWS profile of break-glass, or of who may take it, for what the guardrails deny to everybody else",
)
@click.option("--dry-run", is_flag=True, help="show who would change what, and change nothing")
@click.option("--yes", is_flag=True, help="make the changes without asking")
@click.option(
    "--may-lose",
    multiple=True,
    metavar="NAME",
    help="with --yes: a resource that may lose its data, by its logical id; may be repeated",
)
@options.as_json
def command(
    *,
    stack: tuple[str, ...],
    settings_file: Path | None,
    profile: str | None,
    management_profile: str | None,
    deployer_profile: str | None,
    break_glass_profile: str | None,
    archive_profile: str | None,
    dry_run: bool,
    yes: bool,
    may_lose: tuple[str, ...],
    as_json: bool,
) -> None:
    """Say who must deploy what, then deploy stack after stack, showing each one's changes before they are made."""
    from tableguard.cli.confirmation import check_can_ask
    from tableguard.cli.deployment import plan as plans
    from tableguard.cli.deployment import preparation, run
    from tableguard.cli.deployment.following import Progress
    from tableguard.cli.exit_codes import on_interruption
    from tableguard.cli.inputs import chosen_settings, chosen_stacks
    from tableguard.cli.output import print_json, printing_json
    from tableguard.stacks.credentials import ProfileNames, Sessions
    from tableguard.stacks.deployment.stack_deployer import silent

    settings = chosen_settings(settings_file)
    stacks = chosen_stacks(settings, stack)
    check_can_ask("deploy", yes=yes or dry_run, as_json=as_json)
    profiles = ProfileNames(profile, management_profile, deployer_profile, break_glass_profile, archive_profile)
    sessions = Sessions(settings, profiles)
    show = silent if as_json else Progress()
    assigned = preparation.assigned(settings, sessions, stacks, show)
    preparation.name_differences(assigned)
    if not stack:
        preparation.name_orphans(settings, settings_file, sessions, assigned)
    if dry_run:
        print_json({"stacks": [plans.facts(one) for one in assigned]}) if as_json else plans.show(assigned)
        preparation.check_possible(assigned)
        return
    preparation.check_principals(
        assigned, profiles, preparation.command_line(("deploy", *stack), settings_file, profiles)
    )
    preparation.check_who_comes_later(assigned, sessions)
    done: list[Deployment] = []
    on_interruption(lambda: run.how_far(done))
    with printing_json(as_json, lambda: {"stacks": [plans.outcome(deployment) for deployment in done]}):
        for deployment in run.deployments(settings, sessions, assigned, show, yes=yes, may_lose=may_lose):
            done.append(deployment)
