"""Compare the deployed resources with their templates, and revert what was changed elsewhere."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tableguard.cli import options
from tableguard.cli.command import FINDINGS_CODES, Command

if TYPE_CHECKING:
    from tableguard.prove.preflight.assignment import Assignment
    from tableguard.settings import Settings
    from tableguard.stacks.credentials import ProfileNames, Sessions
    from tableguard.stacks.drift import StackDrift
    from tableguard.stacks.registry import StackModule


@click.command(cls=Command, help=__doc__, epilog=FINDINGS_CODES)
@click.argument("stack", nargs=-1, help="stacks to compare (default: all that are deployed)")
@options.settings
@options.profiles
@click.option("--break-glass-profile", metavar="NAME", help="with --revert: AWS profile for what guardrails deny")
@click.option("--revert", is_flag=True, help="bring what drifted back to the template, once it is shown and approved")
@click.option("--dry-run", is_flag=True, help="with --revert: show who would change what, and change nothing")
@click.option("--yes", is_flag=True, help="with --revert: make the changes without asking")
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
    revert: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Have CloudFormation compare; 1 if a resource is otherwise than its template says, 2 if one cannot be compared.

    The stacks of other accounts are compared where their profile is named. A revert updates a stack by the
    template that it has: properties go back, and what is gone is made again, empty. CloudFormation reverts neither
    immutable properties nor the capacity that auto scaling sets.
    """
    from tableguard.cli.confirmation import check_can_ask
    from tableguard.cli.deployment import drift as drifts
    from tableguard.cli.inputs import chosen_settings, deployed_stacks
    from tableguard.cli.output import printing_json
    from tableguard.stacks.credentials import ProfileNames, Sessions

    settings = chosen_settings(settings_file)
    check_can_ask("drift --revert", yes=yes or dry_run or not revert, as_json=as_json)
    profiles = ProfileNames(profile, management_profile, deployer_profile, break_glass_profile, archive_profile)
    sessions = Sessions(settings, profiles)
    stacks = _stacks(deployed_stacks(settings, stack, with_management=True), stack, profiles)
    before = _compared(settings, sessions, stacks)
    after, facts = before, {"stacks": [drifts.facts(drift) for drift in before.values()]}
    with printing_json(as_json, lambda: facts):
        for drift in [] if as_json else before.values():
            drifts.show(drift)
        drifted = [one for one in stacks if one in before and before[one].resources]
        if revert and drifted:
            assigned = _assigned(settings, sessions, drifted)
            facts["plan"] = _planned(assigned, as_json=as_json, dry_run=dry_run)
            if not dry_run:
                _check_principals(assigned, sessions)
                after = before | _reverted(settings, sessions, assigned, yes=yes, as_json=as_json)
                facts["after"] = [drifts.facts(after[one]) for one in drifted]
                for one in [] if as_json else drifted:
                    drifts.show(after[one])
    return _exit_code(list(after.values()))


def _stacks(chosen: "Sequence[StackModule]", named: Sequence[str], profiles: "ProfileNames") -> "list[StackModule]":
    """Return the stacks to compare: those of other accounts where their profile is named, or they are."""
    elsewhere = {"management": bool(profiles.management), "archive": bool(profiles.archive)}
    return [one for one in chosen if named or elsewhere.get(one.principal, True)]


def _compared(
    settings: "Settings", sessions: "Sessions", stacks: "Sequence[StackModule]"
) -> "dict[StackModule, StackDrift]":
    """Return the drift of each stack that is there; whoever is named by --profile asks, where somebody is."""
    from tableguard.cli.progress import shown
    from tableguard.stacks import change_set, drift, status

    compared = dict[Any, Any]()
    asking: Any = "deployer" if sessions.profiles.deployer and not sessions.profiles.administrator else "administrator"
    for stack in shown(stacks, unit="stacks", total=len(stacks)):
        session = sessions(stack.principal if stack.is_elsewhere else asking)
        client, name = (
            session.client("cloudformation", region_name=settings.home_region),
            settings.stack_name(stack.name),
        )
        if status.status_of(client, name) != status.ABSENT:
            compared[stack] = drift.detect(client, name, change_set.PollInterval())
    return compared


def _assigned(settings: "Settings", sessions: "Sessions", stacks: "Sequence[StackModule]") -> "Sequence[Assignment]":
    """Return who may revert the drift of each stack, which the guardrails decide as for any change."""
    from tableguard.cli.deployment import preparation
    from tableguard.stacks import change_set
    from tableguard.stacks.deployment import reversal

    planned = reversal.plan(settings, sessions, change_set.PollInterval(), stacks)
    return preparation.deployers(settings, sessions, planned)


def _planned(assigned: "Sequence[Assignment]", *, as_json: bool, dry_run: bool) -> list[dict[str, Any]]:
    """Return the plan for JSON; print it where nobody is asked about each stack later."""
    from tableguard.cli.deployment import plan

    if dry_run and not as_json:
        plan.show(assigned)
    return [plan.facts(one) for one in assigned]


def _check_principals(assigned: "Sequence[Assignment]", sessions: "Sessions") -> None:
    """Raise DeployError before the first change if nobody may make it, or break-glass must and is not named."""
    from tableguard.cli.deployment import preparation
    from tableguard.errors import DeployError

    preparation.check_possible(assigned)
    others = [one.planned.stack_name for one in assigned if one.principal == "break-glass"]
    if others and sessions.profiles.break_glass is None:
        raise DeployError(f"{', '.join(others)}: break-glass must revert this; add --break-glass-profile NAME")


def _reverted(
    settings: "Settings", sessions: "Sessions", assigned: "Sequence[Assignment]", *, yes: bool, as_json: bool
) -> "dict[StackModule, StackDrift]":
    from tableguard.cli.deployment.approval import Approval
    from tableguard.cli.deployment.following import Progress, Remedy
    from tableguard.stacks.change_set import PollInterval
    from tableguard.stacks.deployment import reversal
    from tableguard.stacks.deployment.stack_deployer import Reporting

    approve = Approval(settings, yes=yes, shown=not as_json)
    reporting = Reporting(approve, (lambda *_: None) if as_json else Progress(), Remedy(settings))
    return {
        one.planned.stack: reversal.revert(settings, sessions(one.principal), PollInterval(), one.planned, reporting)
        for one in assigned
    }


def _exit_code(drifts: "Sequence[StackDrift]") -> int:
    from tableguard.findings.exit_code import FINDINGS, FINE, UNANSWERED

    if any(drift.resources for drift in drifts):
        return FINDINGS
    return UNANSWERED if any(drift.unanswered for drift in drifts) else FINE
