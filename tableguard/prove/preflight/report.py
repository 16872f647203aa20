"""The report of `tableguard preflight`: which calls SCPs stop, for which resource of which stack."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tableguard.findings.counts import counted
from tableguard.findings.exit_code import FINDINGS, FINE
from tableguard.findings.finding import Finding, Level
from tableguard.findings.formats import Report
from tableguard.prove import requests
from tableguard.prove.preflight.obstacles import Obstacle, Preflight
from tableguard.settings import Settings
from tableguard.stacks.origin import Origin, origin
from tableguard.stacks.registry import find_stack
from tableguard.stacks.render import render

_REMEDY = "exempt the deployer in the SCP, or have an administrator make the resource"


@dataclass(frozen=True)
class PreflightReport(Report):
    """The obstacles to a deployment with these settings."""

    preflight: Preflight
    settings: Settings

    @property
    def exit_code(self) -> int:
        """Return FINDINGS if a resource certainly cannot be made, else FINE."""
        return FINDINGS if any(map(_stops, self.preflight.obstacles)) else FINE

    def text(self) -> str:
        """Write first the calls that only unused properties would need, then what may stop a deployment, and does."""
        obstacles = self.preflight.obstacles
        certain = [_line(one) for one in sorted(obstacles, key=lambda one: not _stops(one)) if one.certain]
        rest = Counter((one.action, _word(one), one.because) for one in obstacles if not one.certain)
        unused = [
            f"{action}: {word} for {counted(count, 'resource')}, if called: {because}"
            for (action, word, because), count in sorted(rest.items())
        ]
        unknown = [f"{name}: nothing is known of what its handlers call" for name in self.preflight.unknown]
        stopped = sum(map(_stops, obstacles))
        total = (
            f"{counted(self.preflight.resources, 'resource')}, "
            f"{counted(self.preflight.actions, 'different action')}: {stopped} stopped"
        )
        return "\n".join([*unused, *unknown, *certain, total])

    def facts(self) -> dict[str, Any]:
        """Return the same facts as a value for JSON."""
        return {
            "obstacles": [
                {
                    "stack": obstacle.stack,
                    "resource": obstacle.resource,
                    "type": obstacle.resource_type,
                    "action": obstacle.action,
                    "blocked": obstacle.blocked,
                    "certain": obstacle.certain,
                    "because": obstacle.because,
                    "left_to_break_glass": obstacle.left_to_break_glass,
                    "example": requests.facts(obstacle.example),
                }
                for obstacle in self.preflight.obstacles
            ],
            "resources": self.preflight.resources,
            "actions": self.preflight.actions,
            "unknown_types": list(self.preflight.unknown),
            "exit_code": self.exit_code,
        }

    @property
    def findings(self) -> list[Finding]:
        """Return what stops a deployment as errors, and what may as notes, at the resource in its stack's file."""
        return [self._finding(obstacle) for obstacle in self.preflight.obstacles]

    def _finding(self, obstacle: Obstacle) -> Finding:
        place, path = self._origins[obstacle.stack], ("Resources", obstacle.resource)
        level: Level = "error" if _stops(obstacle) else "note"
        line = place.line_of(path)
        return Finding("scp-stops-deployment", place.file, "/".join(path), line, _line(obstacle), _REMEDY, level)

    @cached_property
    def _origins(self) -> dict[str, Origin]:
        """The files of the stacks that have obstacles; rendered only where there are any."""
        stacks = [find_stack(name) for name in sorted({obstacle.stack for obstacle in self.preflight.obstacles})]
        return {stack: origin(stack, text) for stack, text in render(self.settings, stacks).items()}


def _stops(obstacle: Obstacle) -> bool:
    return obstacle.certain and obstacle.blocked == "always" and not obstacle.left_to_break_glass


def _word(obstacle: Obstacle) -> str:
    return "stopped" if obstacle.blocked == "always" else "stopped in some cases"


def _line(obstacle: Obstacle) -> str:
    word = _word(obstacle)
    if obstacle.left_to_break_glass and obstacle.certain:
        word = "left to break-glass once the SCPs are attached"
    case = f"; for instance: {requests.sentence(obstacle.example)}" if obstacle.blocked == "sometimes" else ""
    unsure = "" if obstacle.certain else ", if called for properties that need it"
    name = f"{obstacle.stack}/{obstacle.resource} ({obstacle.resource_type})"
    return f"{name}: {obstacle.action} {word}{unsure}: {obstacle.because}{case}"
