"""A preflight as text, JSON and SARIF."""

import json
from typing import Any

from tableguard.prove import requests
from tableguard.prove.preflight.obstacles import Obstacle, Preflight


def _stops(obstacle: Obstacle) -> bool:
    return obstacle.certain and obstacle.blocked == "always"


def exit_code(found: Preflight) -> int:
    """1 if a resource certainly cannot be made, else 0."""
    return 1 if any(map(_stops, found.obstacles)) else 0


def text(found: Preflight) -> str:
    """What stops a deployment, then what may, then how many calls are stopped that only other properties need."""
    certain = [_line(each) for each in sorted(found.obstacles, key=lambda each: not _stops(each)) if each.certain]
    rest: dict[tuple[str, str], int] = {}
    for each in found.obstacles:
        if not each.certain:
            rest[each.action, each.because] = rest.get((each.action, each.because), 0) + 1
    unused = [
        f"{action}: stopped for {count} resources, if called: {why}" for (action, why), count in sorted(rest.items())
    ]
    unknown = [f"{each}: nothing is known of what its handlers call" for each in found.unknown]
    stopped = sum(map(_stops, found.obstacles))
    total = f"{found.resources} resources, {found.actions} different actions: {stopped} stopped"
    return "\n".join([*unused, *unknown, *certain, total])


def _line(obstacle: Obstacle) -> str:
    word = "stopped" if obstacle.blocked == "always" else "stopped in some cases"
    case = f"; for instance: {requests.sentence(obstacle.example)}" if obstacle.blocked == "sometimes" else ""
    unsure = "" if obstacle.certain else ", if called for properties that need it"
    name = f"{obstacle.stack}/{obstacle.resource} ({obstacle.resource_type})"
    return f"{name}: {obstacle.action} {word}{unsure}: {obstacle.because}{case}"


def as_json(found: Preflight) -> str:
    """The same facts as JSON."""
    return json.dumps(facts(found), indent=2, ensure_ascii=False)


def facts(found: Preflight) -> dict[str, Any]:
    """The same facts as a value."""
    return {
        "obstacles": [
            {
                "stack": each.stack,
                "resource": each.resource,
                "type": each.resource_type,
                "action": each.action,
                "blocked": each.blocked,
                "certain": each.certain,
                "because": each.because,
                "example": requests.facts(each.example),
            }
            for each in found.obstacles
        ],
        "resources": found.resources,
        "actions": found.actions,
        "unknown_types": list(found.unknown),
        "exit_code": exit_code(found),
    }


def findings(found: Preflight) -> list[tuple[str, str, str, str]]:
    """What stops a deployment as errors, the rest as notes."""
    return [
        (f"templates/{each.stack}.py", "scp-stops-deployment", "error" if _stops(each) else "note", _line(each))
        for each in found.obstacles
    ]
