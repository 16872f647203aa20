"""The plan of a deployment: who deploys which stack, and what changes, before anything does."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tableguard.cli import tables
from tableguard.cli.deployment import changes
from tableguard.cli.output import terminal
from tableguard.stacks.changes import ResourceChange

if TYPE_CHECKING:
    from tableguard.prove.preflight.assignment import Assignment
    from tableguard.stacks.deployment.stack_deployer import Deployment
    from tableguard.stacks.events import Validation


def show(assigned: "Sequence[Assignment]") -> None:
    """Print who deploys what, each stack's changes, and what else is done."""
    show_assignments(assigned)
    for one in assigned:
        if planned := planned_changes(one):
            show_changes(one.planned.stack_name, planned)
        show_warnings(one.planned.stack_name, one.planned.warnings)
        if one.closes_group:
            print(f"{one.planned.stack_name}: its VPC's default security group will be closed")


def planned_changes(assignment: "Assignment") -> tuple[ResourceChange, ...]:
    """Return the changes of a stack; one that does not exist, and adopts nothing, adds all of its resources."""
    planned = assignment.planned
    if planned.changes is not None or assignment.summary != "new":
        return planned.changes or ()
    resources = sorted(planned.template["Resources"].items())
    return tuple(ResourceChange("Add", name, resource["Type"]) for name, resource in resources)


def show_assignments(assigned: "Sequence[Assignment]") -> None:
    """Print who deploys each stack, and why it is not the usual principal."""
    title = "Who deploys what"
    if console := terminal():
        console.print(tables.assignments(title, assigned))
        return
    print(title)
    for one in assigned:
        print(f"  {one.planned.stack_name:<28} {one.summary:<14} {one.principal}")
        for reason in one.reasons:
            print(f"    {reason}")


def show_changes(stack_name: str, planned: Sequence[ResourceChange]) -> None:
    """Print the diff of a stack; on a terminal what is replaced or loses data is red."""
    console = terminal()
    for line in changes.lines(stack_name, planned):
        if console:
            console.print(line.text, style=line.style, markup=False, soft_wrap=True)
        else:
            print(line.text)


def show_warnings(stack_name: str, warnings: "Iterable[Validation]") -> None:
    """Say on stderr what CloudFormation warns of beforehand."""
    for warning in warnings:
        print(f"{stack_name}: CloudFormation warns: {warning}", file=sys.stderr)


def facts(assignment: "Assignment") -> dict[str, Any]:
    """Return the plan of a stack for JSON."""
    planned = assignment.planned
    return {
        "stack": planned.stack.name,
        "name": planned.stack_name,
        "status": planned.status or "absent",
        "by": assignment.principal,
        "because": list(assignment.reasons),
        "denied": list(assignment.denied),
        "differences": list(planned.differences),
        "changes": [changes.facts(change) for change in planned_changes(assignment)],
        "closes_group": assignment.closes_group,
        "warnings": [asdict(warning) for warning in planned.warnings],
    }


def show_outcome(deployment: "Deployment") -> None:
    """Print what became of a stack."""
    print(f"{deployment.stack_name}: {deployment.outcome} in {deployment.seconds:.0f} s")
    if deployment.closed_group:
        print(f"{deployment.stack_name}: closed {deployment.closed_group}, its VPC's default security group")


def outcome(deployment: "Deployment") -> dict[str, Any]:
    """Return what was deployed, for JSON."""
    return {
        "stack": deployment.stack,
        "name": deployment.stack_name,
        "outcome": deployment.outcome,
        "seconds": round(deployment.seconds, 3),
        "changes": [changes.facts(change) for change in deployment.changes],
        "closed_group": deployment.closed_group,
    }
