"""Show the deployed stacks: status, protection, drift, outputs, and what is amiss."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tableguard.cli import options
from tableguard.cli.command import FINDINGS_CODES, Command

if TYPE_CHECKING:
    from tableguard.settings import Settings
    from tableguard.stacks.credentials import ProfileNames
    from tableguard.stacks.overview import Overview, StackOverview
    from tableguard.stacks.registry import Principal


@click.command(cls=Command, help=__doc__, epilog=FINDINGS_CODES)
@click.argument("stack", nargs=-1, help="stacks to show with their outputs (default: all, without)")
@options.settings
@options.profiles
@options.as_json
def command(
    *,
    stack: tuple[str, ...],
    settings_file: Path | None,
    profile: str | None,
    management_profile: str | None,
    deployer_profile: str | None,
    archive_profile: str | None,
    as_json: bool,
) -> int:
    """Ask CloudFormation alone; 1 if a stack is missing, unwell, unprotected, drifted when last compared, or an orphan.

    --profile may be of anybody in the workload's account who may describe stacks, such as an auditor. Without
    --management-profile the stacks of the management account are not asked about, and said to be so; likewise that of
    the log archive without --archive-profile.
    """
    from tableguard.cli.inputs import chosen_settings
    from tableguard.cli.output import print_json
    from tableguard.findings.exit_code import FINDINGS, FINE
    from tableguard.stacks.credentials import ProfileNames
    from tableguard.stacks.registry import find_stack

    settings = chosen_settings(settings_file)
    named = {find_stack(name).name for name in stack}
    profiles = ProfileNames(profile, management_profile, deployer_profile, archive=archive_profile)
    overview = _overview(settings, profiles)
    shown = [one for one in overview.stacks if _is_shown(one, named)]
    if as_json:
        print_json(_facts(settings, overview, shown))
    else:
        _print(settings, overview, shown, with_outputs=bool(named))
    return FINDINGS if any(list(one.problems) for one in shown) else FINE


def _overview(settings: "Settings", profiles: "ProfileNames") -> "Overview":
    """Ask the workload's account as the administrator, or as the deployer where only that profile is named."""
    from functools import partial

    from tableguard.stacks.credentials import Sessions
    from tableguard.stacks.overview import survey

    sessions = Sessions(settings, profiles)
    principals: list[Principal] = ["deployer" if profiles.deployer and not profiles.administrator else "administrator"]
    principals += ["management"] if profiles.management else []
    principals += ["archive"] if profiles.archive else []
    return survey(settings, {principal: partial(sessions, principal) for principal in principals})


def _is_shown(one: "StackOverview", named: set[str]) -> bool:
    """Tell whether a stack is shown: one that is named, else one that the settings enable or that is there."""
    return one.stack.name in named if named else one.enabled or one.is_orphan


def _print(settings: "Settings", overview: "Overview", shown: "Sequence[StackOverview]", *, with_outputs: bool) -> None:
    from tableguard.cli import tables
    from tableguard.cli.output import terminal

    rows = [_row(one) for one in shown]
    if console := terminal():
        console.print(tables.statuses(rows))
    else:
        for row in rows:
            print("  ".join(text.ljust(width) for text, width in zip(row, (24, 28, 12, 26, 22), strict=True)).rstrip())
    for one in shown:
        for problem in one.problems:
            print(f"{one.deployed.name}: {problem}")
        if one.deployed.reason and list(one.deployed.problems):
            print(f"{one.deployed.name}: {one.deployed.reason}")
        for key, value in sorted(one.deployed.outputs.items()) if with_outputs else ():
            print(f"{one.deployed.name}: {key} = {value}")
    if not with_outputs:
        for line in _notes(settings, overview):
            print(line)


def _row(one: "StackOverview") -> tuple[str, ...]:
    from tableguard.stacks.status import ABSENT

    there = one.deployed
    if there.status == ABSENT:
        return there.name, "absent", "", "", ""
    checked = f" {there.drift_checked_at:%Y-%m-%d %H:%M}" if there.drift_checked_at else ""
    drift = {"NOT_CHECKED": "not compared", "IN_SYNC": "in sync"}.get(there.drift, there.drift.lower()) + checked
    updated = f"{there.updated_at:%Y-%m-%d %H:%M} UTC" if there.updated_at else ""
    return there.name, there.status, "protected" if there.protected else "unprotected", drift, updated


def _notes(settings: "Settings", overview: "Overview") -> Iterator[str]:
    for stranger in overview.strangers:
        yield f"{stranger.name}: is no stack of tableguard's, and the guardrails protect it by its name"
    for principal, whose in (("management", "the management account"), ("archive", "the log archive")):
        if names := [settings.stack_name(one.name) for one in overview.not_asked if one.principal == principal]:
            yield f"{', '.join(names)}: not asked about; --{principal}-profile NAME asks {whose}"


def _facts(settings: "Settings", overview: "Overview", shown: "Sequence[StackOverview]") -> dict[str, Any]:
    return {
        "stacks": [_stack_facts(one) for one in shown],
        "strangers": [one.name for one in overview.strangers],
        "not_asked": [settings.stack_name(stack.name) for stack in overview.not_asked],
    }


def _stack_facts(one: "StackOverview") -> dict[str, Any]:
    there = one.deployed
    return {
        "stack": one.stack.name,
        "name": there.name,
        "account": one.account_id,
        "enabled": one.enabled,
        "status": there.status or "absent",
        "reason": there.reason,
        "protected": there.protected,
        "drift": there.drift,
        "drift_checked_at": there.drift_checked_at and there.drift_checked_at.isoformat(),
        "updated_at": there.updated_at and there.updated_at.isoformat(),
        "outputs": dict(there.outputs),
        "problems": list(one.problems),
    }
