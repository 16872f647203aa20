"""Delete the stacks; what they retain is named, and kept."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tableguard.cli import options
from tableguard.cli.command import Command
from tableguard.errors import DeployError

if TYPE_CHECKING:
    from tableguard.settings import Settings
    from tableguard.stacks.destruction.plan import PlannedDeletion


@click.command(cls=Command, help=__doc__)
@click.argument("stack", nargs=-1, help="stacks to delete (default: all that are deployed)")
@options.settings
@options.profiles
@click.option(
    "--break-glass-profile",
    metavar="NAME",
    help="AWS profile of break-glass, or of who may take it, who deletes the stacks",
)
@click.option("--dry-run", is_flag=True, help="show what would go and what is kept, and delete nothing")
@click.option("--yes", is_flag=True, help="delete without asking")
@click.option(
    "--may-lose",
    multiple=True,
    metavar="NAME",
    help="with --yes: a resource that holds data and may go with its stack, by its physical id; may be repeated",
)
@click.option("--production", is_flag=True, help="required where settings say production")
@options.as_json
def command(
    *,
    stack: tuple[str, ...],
    settings_file: Path | None,
    break_glass_profile: str | None,
    archive_profile: str | None,
    profile: str | None,
    management_profile: str | None,
    deployer_profile: str | None,
    dry_run: bool,
    yes: bool,
    may_lose: tuple[str, ...],
    production: bool,
    as_json: bool,
) -> None:
    """Name what goes, what stays and who deletes it, ask for the workload's name, and delete.

    What holds data goes only if its own name is typed too; the shipped templates retain all of it.

    Break-glass deletes the stacks of the workload's account, and management its own: guardrails and oversight. The log
    archive's administrator deletes archive. A stack
    that left stacks.optional of the settings is deleted too; those two, if management's profile is named. Without
    --break-glass-profile, the profile of --deployer-profile or --profile must be break-glass's.
    """
    from tableguard.cli.confirmation import check_can_ask
    from tableguard.cli.deployment.following import Progress
    from tableguard.cli.exit_codes import on_interruption
    from tableguard.cli.inputs import chosen_settings, deployed_stacks
    from tableguard.cli.output import print_json, printing_json
    from tableguard.stacks.change_set import PollInterval
    from tableguard.stacks.credentials import ProfileNames, Sessions
    from tableguard.stacks.destruction import plan as plans
    from tableguard.stacks.destruction.destroy import destroy

    settings = chosen_settings(settings_file)
    if settings.environment == "production" and not production:
        raise _production(f"{settings.name} is a production environment (settings: workload.environment)")
    check_can_ask("destroy", yes=yes or dry_run, as_json=as_json)
    stacks = deployed_stacks(settings, stack, with_management=management_profile is not None)
    of_break_glass = break_glass_profile or deployer_profile or profile
    profiles = ProfileNames(profile, management_profile, deployer_profile, of_break_glass, archive_profile)
    profiles.require(plans.principals(stacks))
    sessions = Sessions(settings, profiles)
    plan = plans.plan(settings, sessions, stacks)
    if not production:
        _check_none_in_production(settings, plan)
    if not as_json:
        _print_plan(plan)
    if dry_run:
        if as_json:
            print_json({"stacks": [_facts(deletion) for deletion in plan]})
        return
    _check_losses(plan, may_lose) if yes else _confirm(settings, plan)
    gone = list[plans.PlannedDeletion]()
    on_interruption(lambda: _how_far([deleted.stack_name for deleted in gone]))
    with printing_json(as_json, lambda: {"stacks": [_facts(deleted) for deleted in gone]}):
        show = (lambda *_: None) if as_json else Progress()
        for deleted in destroy(settings, sessions, PollInterval(), plan, show):
            gone.append(deleted)
            if not as_json:
                print(f"{deleted.stack_name}: deleted")


def _confirm(settings: "Settings", plan: "Sequence[PlannedDeletion]") -> None:
    """Ask for the workload's name, and for that of each resource that holds data and goes."""
    from tableguard.cli.confirmation import confirm_losses, confirm_workload

    if plan:
        confirm_workload(settings.name)
    for deletion in plan:
        confirm_losses(deletion)


def _check_losses(plan: "Sequence[PlannedDeletion]", may_lose: Sequence[str]) -> None:
    """Raise DeployError before anything goes if what holds data would go that was not named."""
    lost = [name for deletion in plan for _, name in deletion.losses if name not in may_lose]
    if lost:
        named = " ".join(f"--may-lose {name}" for name in lost)
        raise DeployError(
            f"{', '.join(lost)}: would be deleted with all data; nothing was deleted. Without --yes you are asked; "
            f"with it, add: {named}"
        )


def _check_none_in_production(settings: "Settings", plan: "Sequence[PlannedDeletion]") -> None:
    """Raise DeployError if a stack is deployed as production, whatever the settings of today say."""
    in_production = [deletion.stack_name for deletion in plan if "production" in deletion.environments]
    if in_production:
        raise _production(
            f"{', '.join(in_production)}: deployed as a production environment, though the settings say "
            f"{settings.environment}; nothing was deleted"
        )


def _production(problem: str) -> DeployError:
    return DeployError(f"{problem}; add --production if it is really meant")


def _how_far(gone: Sequence[str]) -> str:
    return (
        f"interrupted after {', '.join(gone) or 'nothing'}; a deletion that CloudFormation began goes on there. Run "
        "the same command again for the rest"
    )


def _print_plan(plan: "Sequence[PlannedDeletion]") -> None:
    from tableguard.cli import tables
    from tableguard.cli.output import terminal
    from tableguard.findings.counts import counted

    if not plan:
        print("nothing to delete: none of the stacks exists")
    console = terminal()
    for deletion in plan:
        deleted = counted(len(deletion.deleted), "resource is deleted", "resources are deleted")
        kept = counted(len(deletion.retained), "is kept", "are kept")
        title = f"{deletion.stack_name}: {deleted}, {kept}, by {deletion.by}"
        if console:
            console.print(tables.deletions(title, deletion))
        else:
            print(title)
            for resource_type, physical_id in deletion.deleted:
                print(f"  deleted {resource_type:<40} {physical_id}")
            for resource_type, physical_id in deletion.retained:
                print(f"  kept    {resource_type:<40} {physical_id}")
        _print_removal(deletion)


def _print_removal(deletion: "PlannedDeletion") -> None:
    if deletion.removal:
        print("  These stay attached and protect what is kept. To remove them, management runs:")
        for command_line in deletion.removal:
            print(f"    {command_line}")


def _facts(deletion: "PlannedDeletion") -> dict[str, Any]:
    return {
        "stack": deletion.stack.name,
        "name": deletion.stack_name,
        "by": deletion.by,
        "deleted": [{"type": kind, "id": physical_id} for kind, physical_id in deletion.deleted],
        "loses": [physical_id for _, physical_id in deletion.losses],
        "kept": [{"type": kind, "id": physical_id} for kind, physical_id in deletion.retained],
        "removal": list(deletion.removal),
    }
