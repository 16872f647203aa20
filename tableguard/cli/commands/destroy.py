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
    from tableguard.stacks.destroy import PlannedDeletion


@click.command(cls=Command, help=__doc__)
@click.argument("stack", nargs=-1, help="stacks to delete (default: all that are deployed)")
@options.settings
@options.profiles
@click.option(
    "--break-glass-profile",
    metavar="NAME",
    help="AWS profile of break-glass, or of who may take it, who deletes the stacks",
)
@click.option("--yes", is_flag=True, help="delete without asking")
@click.option("--production", is_flag=True, help="required where settings say production")
@options.as_json
def command(
    *,
    stack: tuple[str, ...],
    settings_file: Path | None,
    break_glass_profile: str | None,
    profile: str | None,
    management_profile: str | None,
    deployer_profile: str | None,
    yes: bool,
    production: bool,
    as_json: bool,
) -> None:
    """Name what goes, what stays and who deletes it, ask for the workload's name, and delete.

    Break-glass deletes the stacks of the workload's account, and management its own: guardrails and oversight. A stack
    that left stacks.optional of the settings is deleted too; those two, if management's profile is named. Without
    --break-glass-profile, the profile of --deployer-profile or --profile must be break-glass's.
    """
    from tableguard.cli.confirmation import check_can_ask, confirm_workload
    from tableguard.cli.exit_codes import on_interruption
    from tableguard.cli.inputs import chosen_settings, deployed_stacks
    from tableguard.cli.output import printing_json
    from tableguard.stacks import destroy as destruction
    from tableguard.stacks.change_set import PollInterval
    from tableguard.stacks.credentials import ProfileNames, Sessions
    from tableguard.stacks.destroy import PlannedDeletion

    settings = chosen_settings(settings_file)
    if settings.environment == "production" and not production:
        raise _production(f"{settings.name} is a production environment (settings: workload.environment)")
    check_can_ask("destroy", yes=yes, as_json=as_json)
    stacks = deployed_stacks(settings, stack, with_management=management_profile is not None)
    of_break_glass = break_glass_profile or deployer_profile or profile
    profiles = ProfileNames(profile, management_profile, deployer_profile, of_break_glass)
    profiles.require(destruction.principals(stacks))
    sessions = Sessions(settings, profiles)
    plan = destruction.plan(settings, sessions, stacks)
    if not production:
        _check_none_in_production(settings, plan)
    if not as_json:
        _print_plan(plan)
    if plan and not yes:
        confirm_workload(settings.name)
    gone = list[PlannedDeletion]()
    on_interruption(lambda: _how_far([deleted.stack_name for deleted in gone]))
    with printing_json(as_json, lambda: {"stacks": [_facts(deleted) for deleted in gone]}):
        for deleted in destruction.destroy(settings, sessions, PollInterval(), plan):
            gone.append(deleted)
            if not as_json:
                print(f"{deleted.stack_name}: deleted")


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
        "kept": [{"type": kind, "id": physical_id} for kind, physical_id in deletion.retained],
        "removal": list(deletion.removal),
    }
