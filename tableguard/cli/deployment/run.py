"""Carry a prepared deployment out: stack after stack, each one's changes shown and, unless it is meant, asked about."""

from collections.abc import Iterator, Sequence

from tableguard.cli.deployment import plan as plans
from tableguard.cli.deployment import preparation
from tableguard.cli.deployment.approval import Approval
from tableguard.cli.deployment.following import Remedy
from tableguard.prove.preflight.assignment import Assignment
from tableguard.settings import Settings
from tableguard.stacks import change_set
from tableguard.stacks.credentials import Sessions
from tableguard.stacks.deployment.deploy import deploy
from tableguard.stacks.deployment.stack_deployer import Deployment, Reporting, Show, silent


def deployments(
    settings: Settings,
    sessions: Sessions,
    assigned: Sequence[Assignment],
    show: Show,
    *,
    yes: bool,
    may_lose: tuple[str, ...] = (),
) -> Iterator[Deployment]:
    """Deploy each stack by the principal that it is assigned to, and yield its outcome, shown if asked for.

    DeployError before the first change if `yes` would lose data that `may_lose` does not name.
    """
    if yes:
        preparation.check_losses(assigned, may_lose)
    shown = show is not silent
    by = {one.planned.stack.name: one.principal for one in assigned}
    stacks = tuple(one.planned.stack for one in assigned)
    if shown and any(one.principal != one.planned.stack.principal for one in assigned):
        plans.show_assignments(assigned)
    approve = Approval(settings, yes=yes, shown=shown, may_lose=may_lose)
    reporting = Reporting(approve, show, Remedy(settings))
    for deployment in deploy(settings, sessions, change_set.PollInterval(), reporting, stacks, by=by):
        if shown:
            plans.show_outcome(deployment)
        yield deployment


def how_far(done: Sequence[Deployment]) -> str:
    """Return what an interrupted deployment has done, and how to go on."""
    names = ", ".join(deployment.stack_name for deployment in done) or "nothing"
    return (
        f"interrupted after {names}; what CloudFormation began goes on there. Run the same command again: it waits for "
        "that, and goes on"
    )
