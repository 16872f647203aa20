"""Deploy the stacks to AWS through CloudFormation change sets."""

import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tableguard.cli import options
from tableguard.cli.command import Command

if TYPE_CHECKING:
    from tableguard.prove.preflight.assignment import Assignment
    from tableguard.settings import Settings
    from tableguard.stacks.change_set import ResourceChange
    from tableguard.stacks.credentials import Sessions
    from tableguard.stacks.deployment.deploy import Deployment
    from tableguard.stacks.registry import Principal, StackModule


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
@options.as_json
def command(
    *,
    stack: tuple[str, ...],
    settings_file: Path | None,
    profile: str | None,
    management_profile: str | None,
    deployer_profile: str | None,
    break_glass_profile: str | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Say who must deploy what, then deploy stack after stack, showing each one's changes before they are made."""
    from tableguard.cli.confirmation import check_can_ask
    from tableguard.cli.exit_codes import on_interruption
    from tableguard.cli.inputs import chosen_settings, chosen_stacks
    from tableguard.cli.output import print_json, printing_json
    from tableguard.stacks.credentials import ProfileNames, Sessions

    settings = chosen_settings(settings_file)
    stacks = chosen_stacks(settings, stack)
    check_can_ask("deploy", yes=yes or dry_run, as_json=as_json)
    profiles = ProfileNames(profile, management_profile, deployer_profile, break_glass_profile)
    sessions = Sessions(settings, profiles)
    assigned = _assigned(settings, sessions, stacks)
    _name_differences(assigned)
    if not stack:
        _name_orphans(settings, settings_file, sessions, assigned)
    if dry_run:
        print_json({"stacks": [_plan_facts(one) for one in assigned]}) if as_json else _print_plan(settings, assigned)
        _check_possible(assigned)
        return
    _check_principals(assigned, break_glass_profile, _command_line(stack, settings_file, profiles))
    _check_who_comes_later(assigned, sessions)
    if not as_json and any(one.principal != one.planned.stack.principal for one in assigned):
        _print_assignments(assigned)
    deployments: list[Deployment] = []
    on_interruption(lambda: _how_far(deployments))
    with printing_json(as_json, lambda: {"stacks": [_facts(deployment) for deployment in deployments]}):
        for deployment in _deployments(settings, sessions, stacks, assigned, yes=yes, as_json=as_json):
            deployments.append(deployment)
            if not as_json:
                print(f"{deployment.stack_name}: {deployment.outcome} in {deployment.seconds:.0f} s")
                if deployment.closed_group:
                    print(
                        f"{deployment.stack_name}: closed {deployment.closed_group}, its VPC's default security group"
                    )


def _assigned(settings: "Settings", sessions: "Sessions", stacks: "tuple[StackModule, ...]") -> "Sequence[Assignment]":
    """Return who deploys each stack; DeployError names everything that is missing, or in the way."""
    from tableguard.errors import DeployError
    from tableguard.prove.preflight import organization
    from tableguard.prove.preflight.assignment import assign, standing
    from tableguard.stacks.change_set import PollInterval
    from tableguard.stacks.deployment import prerequisites, refused
    from tableguard.stacks.deployment.deploy import plan

    if lacking := prerequisites.missing(settings, sessions, stacks):
        raise DeployError(_listed("this must be there before the first stack, nothing was changed", lacking))
    first = plan(settings, sessions, PollInterval(), stacks)
    planned, obstacles = prerequisites.adopting(settings, sessions, first)
    if obstacles:
        raise DeployError(_listed("these names are taken by what cannot be adopted, nothing was changed", obstacles))
    if stuck := refused.immovable(settings, sessions, planned):
        raise DeployError(_listed("CloudFormation would refuse these changes, nothing was changed", stuck))

    may_ask = sessions.profiles.management or any(one.stack.principal == "management" for one in planned)
    ask = (lambda: organization.guardrails(settings, sessions("management"))) if may_ask else None
    scps = standing(settings, planned, ask)
    usual = dict.fromkeys(one.stack.principal for one in planned if scps and (one.changes or not one.status))
    assigned = assign(settings, planned, {principal: sessions.caller(principal) for principal in usual}, scps)
    if ask is None and any(one.reasons for one in assigned):
        print(
            "the guardrails are taken for attached, as nobody asked the organization; --management-profile NAME asks",
            file=sys.stderr,
        )
    return assigned


def _name_differences(assigned: "Sequence[Assignment]") -> None:
    """Say on stderr what an earlier run adopted and found to differ from its template: deploying goes on with it."""
    for planned in (one.planned for one in assigned if one.planned.differences):
        print(
            f"{planned.stack_name}: adopted by an earlier run, and not as the template says: "
            f"{'; '.join(planned.differences)}. Deploying goes on with it as it is",
            file=sys.stderr,
        )


def _name_orphans(
    settings: "Settings", settings_file: Path | None, sessions: "Sessions", assigned: "Sequence[Assignment]"
) -> None:
    """Say on stderr which stacks are deployed that the settings enable no more, and how to delete each."""
    from tableguard.stacks.deployment import prerequisites

    principals: set[Principal] = {"management"} if sessions.profiles.management else set()
    if any(one.planned.stack.principal == "deployer" and one.planned.deployed for one in assigned):
        principals.add("deployer")
    for stack in prerequisites.orphans(settings, sessions, principals):
        print(
            f"{settings.stack_name(stack.name)}: is deployed, and no longer in stacks.optional of the settings; it "
            f"stays as it is. To remove it, run: {_destruction(stack, settings, settings_file, sessions.profiles)}",
            file=sys.stderr,
        )


def _destruction(stack: "StackModule", settings: "Settings", settings_file: Path | None, profiles: Any) -> str:
    """Return the command that deletes a stack which the settings enable no more."""
    words = ["tableguard", "destroy", stack.name, *(["--settings", str(settings_file)] if settings_file else [])]
    if stack.principal == "management":
        words += ["--management-profile", profiles.management]
    else:
        words += ["--break-glass-profile", profiles.break_glass or "BREAK_GLASS"]
    return shlex.join([*words, *(["--production"] if settings.environment == "production" else [])])


def _listed(title: str, lines: Sequence[str]) -> str:
    return "; ".join(lines) if len(lines) == 1 else "\n  - ".join((f"{title}:", *lines))


def _check_principals(assigned: "Sequence[Assignment]", break_glass_profile: str | None, command_line: str) -> None:
    """Refuse to begin what somebody else must do, or nobody can; DeployError says who, why, and how."""
    from tableguard.errors import DeployError

    _check_possible(assigned)
    others = [one for one in assigned if one.principal == "break-glass"]
    if others and break_glass_profile is None:
        _print_assignments(assigned)
        names = ", ".join(one.planned.stack_name for one in others)
        raise DeployError(f"{names}: break-glass must deploy this, nothing was changed; run: {command_line}")


def _check_possible(assigned: "Sequence[Assignment]") -> None:
    """Refuse what nobody can do; DeployError names each denial."""
    from tableguard.errors import DeployError

    if impossible := [f"{one.planned.stack_name}: {reason}" for one in assigned for reason in one.denied]:
        raise DeployError(_listed("break-glass cannot make these changes either; change the guardrails", impossible))


def _check_who_comes_later(assigned: "Sequence[Assignment]", sessions: "Sessions") -> None:
    """Raise DeployError before the first stack if a profile would fail at a later one: break-glass's or the deployer's.

    The deployer is asked about here where its role is still to be made; where it is there, its stacks were planned with
    its session.
    """
    deployers = {one.principal for one in assigned}
    if "break-glass" in deployers:
        sessions("break-glass")
    if "deployer" in deployers and any(
        one.planned.stack.name == "access" and not one.planned.status for one in assigned
    ):
        sessions.check_taker()


def _command_line(stacks: Sequence[str], settings_file: Path | None, profiles: Any) -> str:
    """Return the command that deploys with break-glass too."""
    named = {
        "--settings": settings_file,
        "--profile": profiles.administrator,
        "--management-profile": profiles.management,
        "--deployer-profile": profiles.deployer,
        "--break-glass-profile": "BREAK_GLASS",
    }
    words = [word for option, value in named.items() if value is not None for word in (option, str(value))]
    return shlex.join(["tableguard", "deploy", *stacks, *words])


def _deployments(
    settings: "Settings",
    sessions: "Sessions",
    stacks: "tuple[StackModule, ...]",
    assigned: "Sequence[Assignment]",
    *,
    yes: bool,
    as_json: bool,
) -> "Any":
    """Yield each stack's deployment; its changes are shown and, without --yes, asked about."""
    from tableguard.cli.confirmation import confirm_changes
    from tableguard.stacks.change_set import PollInterval
    from tableguard.stacks.deployment.deploy import deploy

    def approve(stack: "StackModule", changes: "tuple[ResourceChange, ...]") -> bool:
        if not as_json:
            _print_changes(settings.stack_name(stack.name), changes)
        return yes or confirm_changes()

    by = {one.planned.stack.name: one.principal for one in assigned}
    yield from deploy(settings, sessions, PollInterval(), approve, stacks, by=by)


def _how_far(deployments: "Sequence[Deployment]") -> str:
    names = ", ".join(deployment.stack_name for deployment in deployments) or "nothing"
    return (
        f"interrupted after {names}; what CloudFormation began goes on there. Run the same command again: it waits for "
        "that, and goes on"
    )


def _print_plan(settings: "Settings", assigned: "Sequence[Assignment]") -> None:
    _print_assignments(assigned)
    for one in assigned:
        if changes := _planned_changes(one):
            _print_changes(settings.stack_name(one.planned.stack.name), changes)
        if one.closes_group:
            print(f"{one.planned.stack_name}: its VPC's default security group will be closed")


def _planned_changes(assignment: "Assignment") -> "tuple[ResourceChange, ...]":
    """Return the changes of a stack; one that does not exist, and adopts nothing, adds all of its resources."""
    from tableguard.stacks.change_set import ResourceChange

    planned = assignment.planned
    if planned.changes is not None or assignment.summary != "new":
        return planned.changes or ()
    resources = sorted(planned.template["Resources"].items())
    return tuple(ResourceChange("Add", name, resource["Type"]) for name, resource in resources)


def _print_assignments(assigned: "Sequence[Assignment]") -> None:
    from tableguard.cli import tables
    from tableguard.cli.output import terminal

    title = "Who deploys what"
    if console := terminal():
        console.print(tables.assignments(title, assigned))
        return
    print(title)
    for one in assigned:
        print(f"  {one.planned.stack_name:<28} {one.summary:<14} {one.principal}")
        for reason in one.reasons:
            print(f"    {reason}")


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
        properties = f"  {', '.join(change.properties)}" if change.properties else ""
        notes = f"{properties}{_NOTES[change.replacement]}{'' if change.certain else _UNCERTAIN}"
        print(f"  {change.action:<7} {change.resource_type:<40} {change.logical_id}{notes}")


_NOTES: Mapping[str, str] = {
    "never": "",
    "conditional": "  MAY REPLACE the resource",
    "always": "  REPLACES the resource",
}
_UNCERTAIN = "  if what it refers to changes"


def _facts(deployment: "Deployment") -> dict[str, Any]:
    return {
        "stack": deployment.stack,
        "name": deployment.stack_name,
        "outcome": deployment.outcome,
        "seconds": round(deployment.seconds, 3),
        "changes": [_change_facts(change) for change in deployment.changes],
        "closed_group": deployment.closed_group,
    }


def _plan_facts(assignment: "Assignment") -> dict[str, Any]:
    planned = assignment.planned
    return {
        "stack": planned.stack.name,
        "name": planned.stack_name,
        "status": planned.status or "absent",
        "by": assignment.principal,
        "because": list(assignment.reasons),
        "denied": list(assignment.denied),
        "differences": list(planned.differences),
        "changes": [_change_facts(change) for change in _planned_changes(assignment)],
        "closes_group": assignment.closes_group,
    }


def _change_facts(change: "ResourceChange") -> dict[str, Any]:
    return {
        "action": change.action,
        "type": change.resource_type,
        "logical_id": change.logical_id,
        "replacement": change.replacement,
        "properties": list(change.properties),
        "certain": change.certain,
    }
