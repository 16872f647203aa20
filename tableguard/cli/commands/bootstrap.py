"""Make what deploying needs in an empty account: its buckets, and what CloudFormation cannot set."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tableguard.cli import options
from tableguard.cli.command import Command

if TYPE_CHECKING:
    from tableguard.settings import Settings
    from tableguard.stacks.credentials import Sessions
    from tableguard.stacks.deployment.account import AccountChange
    from tableguard.stacks.deployment.stack_deployer import Deployment


@click.command(cls=Command, help=__doc__)
@options.settings
@click.option("--profile", metavar="NAME", help="AWS profile of an administrator of the workload's account")
@click.option(
    "--management-profile",
    metavar="NAME",
    help="AWS profile of the management account: the types of policies that the guardrails are of are then enabled",
)
@click.option(
    "--break-glass-profile",
    metavar="NAME",
    help="AWS profile of break-glass, or of who may take it, for what guardrails of an earlier life deny",
)
@click.option("--dry-run", is_flag=True, help="show what would be made, and change nothing")
@click.option("--yes", is_flag=True, help="make the changes without asking")
@options.as_json
def command(
    *,
    settings_file: Path | None,
    profile: str | None,
    management_profile: str | None,
    break_glass_profile: str | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Show what account and organization lack, ask, set it, and deploy the stack of the buckets that settings name."""
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
    stacks = chosen_stacks(settings, ("bootstrap",))
    check_can_ask("bootstrap", yes=yes or dry_run, as_json=as_json)
    profiles = ProfileNames(profile, management_profile, None, break_glass_profile)
    sessions = Sessions(settings, profiles)
    lacking = tuple(_lacking(settings, sessions, with_organization=management_profile is not None))
    show = silent if as_json else Progress()
    assigned = preparation.assigned(settings, sessions, stacks, show)
    words = [change.what for change in lacking]
    if dry_run:
        if as_json:
            print_json({"account": words, "stacks": [plans.facts(one) for one in assigned]})
        else:
            _show(words)
            plans.show(assigned)
        preparation.check_possible(assigned)
        return
    preparation.check_principals(assigned, profiles, preparation.command_line(("bootstrap",), settings_file, profiles))
    preparation.check_who_comes_later(assigned, sessions)
    _set(lacking, yes=yes, shown=not as_json)
    done: list[Deployment] = []
    on_interruption(lambda: run.how_far(done))
    with printing_json(as_json, lambda: {"account": words, "stacks": [plans.outcome(one) for one in done]}):
        for deployment in run.deployments(settings, sessions, assigned, show, yes=yes):
            done.append(deployment)
    if not as_json and "guardrails" in settings.optional_stacks and management_profile is None:
        print("the organization was not asked; with --management-profile NAME the types of policies are enabled there")


def _lacking(settings: "Settings", sessions: "Sessions", *, with_organization: bool) -> "Iterator[AccountChange]":
    """Yield what the account lacks, and the organization if somebody may ask it and the guardrails need it."""
    from tableguard.aws.loopback import without_account_in_host
    from tableguard.stacks.deployment import account, prerequisites

    region = settings.home_region
    control = sessions("administrator").client("s3control", region_name=region)
    yield from account.public_access(without_account_in_host(control, settings.account_id), settings.account_id)
    if with_organization and "guardrails" in settings.optional_stacks:
        client = sessions("management").client("organizations", region_name=region)
        yield from account.policy_types(client, settings.organization_id, prerequisites.POLICY_TYPES)


def _show(words: list[str]) -> None:
    for what in words:
        print(f"  {what}")


def _set(lacking: "tuple[AccountChange, ...]", *, yes: bool, shown: bool) -> None:
    """Set what is lacking, after it was shown and asked about; DeployError if it was not approved, or is refused."""
    from botocore.exceptions import ClientError

    from tableguard.cli.confirmation import confirm_changes
    from tableguard.errors import DeployError

    if shown:
        _show([change.what for change in lacking])
    if lacking and not yes and not confirm_changes():
        raise DeployError("not approved: nothing was changed")
    for change in lacking:
        try:
            change.make()
        except ClientError as error:
            raise DeployError(f"{change.what}: {error}") from error
