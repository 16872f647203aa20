"""The drift of stacks, for people and for JSON."""

from collections.abc import Iterator
from typing import Any

from tableguard.cli.deployment.changes import value_text
from tableguard.cli.output import terminal
from tableguard.findings.counts import counted
from tableguard.stacks.drift import StackDrift


def show(drift: StackDrift) -> None:
    """Print what is otherwise than a stack's template says; on a terminal that is red."""
    console = terminal()
    for line, style in _lines(drift):
        if console:
            console.print(line, style=style, markup=False, soft_wrap=True)
        else:
            print(line)


def _lines(drift: StackDrift) -> Iterator[tuple[str, str]]:
    compared = counted(len(drift.in_sync) + len(drift.resources), "resource compared", "resources compared")
    drifted = f", {len(drift.resources)} drifted" if drift.resources else ", as the template says"
    yield f"{drift.stack_name}: {compared}{'' if drift.unanswered else drifted}", "bold"
    for resource in drift.resources:
        gone = "  is gone" if resource.is_gone else "" if resource.properties else "  CloudFormation does not say where"
        yield f"  {resource.resource_type:<40} {resource.logical_id}{gone}", "bold red"
        for one in resource.properties:
            yield f"    {one.path}: {value_text(one.expected)} in the template, {value_text(one.actual)} in fact", "red"
    for why in drift.unanswered:
        yield f"  cannot be compared: {why}", "bold red"
    if drift.uncompared:
        yield f"  of types that CloudFormation does not compare: {', '.join(drift.uncompared)}", ""


def facts(drift: StackDrift) -> dict[str, Any]:
    """Return the drift of a stack for JSON."""
    return {
        "name": drift.stack_name,
        "in_sync": sorted(drift.in_sync),
        "drifted": [
            {
                "logical_id": resource.logical_id,
                "type": resource.resource_type,
                "id": resource.physical_id,
                "gone": resource.is_gone,
                "properties": [
                    {"place": one.path, "expected": one.expected, "actual": one.actual} for one in resource.properties
                ],
            }
            for resource in drift.resources
        ],
        "not_compared": list(drift.uncompared),
        "unanswered": list(drift.unanswered),
    }
