"""Preparation of a deployment: who deploys each stack, and every reason not to begin."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from tableguard.cli.deployment import plan as plans
from tableguard.errors import DeployError
from tableguard.prove.preflight import organization
from tableguard.prove.preflight.assignment import Assignment, assign, standing
from tableguard.settings import Settings
from tableguard.stacks import change_set, status
from tableguard.stacks.credentials import ProfileNames, Sessions
from tableguard.stacks.deployment import prerequisites, refused
from tableguard.stacks.deployment.deploy import plan
from tableguard.stacks.deployment.stack_deployer import PlannedStack, Show, silent
from tableguard.stacks.registry import Principal, StackModule


def assigned(
    settings: Settings, sessions: Sessions, stacks: tuple[StackModule, ...], show: Show = silent
) -> Sequence[Assignment]:
    """Return who deploys each stack; DeployError names everything that is missing, or in the way."""
    if lacking := prerequisites.missing(settings, sessions, stacks):
        raise DeployError(_listed("this must be there before the first stack, nothing was changed", lacking))
    first = plan(settings, sessions, change_set.PollInterval(), stacks, show)
    planned, obstacles = prerequisites.adopting(settings, sessions, first)
    if obstacles:
        raise DeployError(_listed("these names are taken by what cannot be adopted, nothing was changed", obstacles))
    if stuck := refused.immovable(settings, sessions, planned):
        raise DeployError(_listed("CloudFormation would refuse these changes, nothing was changed", stuck))
    return deployers(settings, sessions, planned)


def deployers(settings: Settings, sessions: Sessions, planned: Sequence[PlannedStack]) -> Sequence[Assignment]:
    """Return who makes the changes of each stack, as the guardrails that bind the account let them."""
    may_ask = sessions.profiles.management or any(one.stack.principal == "management" for one in planned)
    ask = (lambda: organization.guardrails(settings, sessions("management"))) if may_ask else None
    scps = standing(settings, planned, ask, None if may_ask else _roles(settings, sessions, planned))
    usual = dict.fromkeys(one.stack.principal for one in planned if scps and (one.changes or not one.status))
    assigned = assign(settings, planned, {principal: sessions.caller(principal) for principal in usual}, scps)
    if ask is None and any(one.reasons for one in assigned):
        print(
            "the guardrails are taken for attached, as nobody asked the organization; --management-profile NAME asks",
            file=sys.stderr,
        )
    return assigned


def _roles(settings: Settings, sessions: Sessions, planned: Sequence[PlannedStack]) -> str | None:
    """Return the status of the stack of roles if it is not planned, and the administrator, whose it is, is there."""
    if all(one.stack.principal != "administrator" for one in planned) or any(
        one.stack.name == "access" for one in planned
    ):
        return None
    client = sessions("administrator").client("cloudformation", region_name=settings.home_region)
    return status.status_of(client, settings.stack_name("access"))


def name_differences(assigned: Sequence[Assignment]) -> None:
    """Say on stderr what an earlier run adopted and found to differ from its template: deploying goes on with it."""
    for planned in (one.planned for one in assigned if one.planned.differences):
        print(
            f"{planned.stack_name}: adopted by an earlier run, and not as the template says: "
            f"{'; '.join(planned.differences)}. Deploying goes on with it as it is",
            file=sys.stderr,
        )


def name_orphans(
    settings: Settings, settings_file: Path | None, sessions: Sessions, assigned: Sequence[Assignment]
) -> None:
    """Say on stderr which stacks are deployed that the settings enable no more, and how to delete each."""
    principals: set[Principal] = {"management"} if sessions.profiles.management else set()
    if any(one.planned.stack.principal == "deployer" and one.planned.deployed for one in assigned):
        principals.add("deployer")
    for stack in prerequisites.orphans(settings, sessions, principals):
        print(
            f"{settings.stack_name(stack.name)}: is deployed, and no longer in stacks.optional of the settings; it "
            f"stays as it is. To remove it, run: {_destruction(stack, settings, settings_file, sessions.profiles)}",
            file=sys.stderr,
        )


def _destruction(stack: StackModule, settings: Settings, settings_file: Path | None, profiles: ProfileNames) -> str:
    """Return the command that deletes a stack which the settings enable no more."""
    words = ["tableguard", "destroy", stack.name, *(["--settings", str(settings_file)] if settings_file else [])]
    if stack.principal == "management":
        words += ["--management-profile", profiles.management or "MANAGEMENT"]
    else:
        words += ["--break-glass-profile", profiles.break_glass or "BREAK_GLASS"]
    return shlex.join([*words, *(["--production"] if settings.environment == "production" else [])])


def _listed(title: str, lines: Sequence[str]) -> str:
    return "; ".join(lines) if len(lines) == 1 else "\n  - ".join((f"{title}:", *lines))


def check_principals(assigned: Sequence[Assignment], profiles: ProfileNames, with_break_glass: str) -> None:
    """Refuse to begin what somebody else must do, or nobody can; DeployError says who, why, and how."""
    check_possible(assigned)
    others = [one for one in assigned if one.principal == "break-glass"]
    if others and profiles.break_glass is None:
        plans.show_assignments(assigned)
        names = ", ".join(one.planned.stack_name for one in others)
        raise DeployError(f"{names}: break-glass must deploy this, nothing was changed; run: {with_break_glass}")


def check_possible(assigned: Sequence[Assignment]) -> None:
    """Refuse what nobody can do; DeployError names each denial."""
    if impossible := [f"{one.planned.stack_name}: {reason}" for one in assigned for reason in one.denied]:
        raise DeployError(_listed("break-glass cannot make these changes either; change the guardrails", impossible))


def check_who_comes_later(assigned: Sequence[Assignment], sessions: Sessions) -> None:
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


def check_losses(assigned: Sequence[Assignment], may_lose: Sequence[str]) -> None:
    """Refuse to begin, where nobody is asked, what loses data that was not named; DeployError says how to name it."""
    lost = {
        change.logical_id: f"{one.planned.stack_name}: {change.logical_id} ({change.resource_type})"
        for one in assigned
        for change in one.planned.changes or ()
        if change.loses_data and change.logical_id not in may_lose
    }
    if lost:
        named = shlex.join(word for name in lost for word in ("--may-lose", name))
        raise DeployError(
            f"{', '.join(lost.values())}: would lose data, or leave it with a resource that nothing uses; nothing was "
            f"changed. Without --yes you are asked; with it, add: {named}"
        )


def command_line(command: Sequence[str], settings_file: Path | None, profiles: ProfileNames) -> str:
    """Return a command, such as `deploy table`, as it is with break-glass too."""
    named = {
        "--settings": settings_file,
        "--profile": profiles.administrator,
        "--management-profile": profiles.management,
        "--archive-profile": profiles.archive,
        "--deployer-profile": profiles.deployer,
        "--break-glass-profile": "BREAK_GLASS",
    }
    words = [word for option, value in named.items() if value is not None for word in (option, str(value))]
    return shlex.join(["tableguard", *command, *words])
