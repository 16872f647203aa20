"""The report of `tableguard check`: the outcomes of all engines."""

from dataclasses import dataclass
from typing import Any

from tableguard.findings.exit_code import FINDINGS, FINE, UNANSWERED
from tableguard.findings.finding import Finding
from tableguard.findings.formats import Report
from tableguard.findings.outcome import Outcome, Skip, Unanswered, merged


@dataclass(frozen=True)
class CheckReport(Report):
    """The outcomes of all engines, the files that were no templates, and the linked folders not looked into."""

    outcomes: tuple[Outcome, ...]
    not_templates: tuple[str, ...] = ()
    not_followed: tuple[str, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return everything that is wrong, sorted by place."""
        return merged(outcome.findings for outcome in self.outcomes)

    @property
    def skips(self) -> tuple[Skip, ...]:
        """Return the rules that templates ask not to be held to, sorted by place."""
        return merged(outcome.skips for outcome in self.outcomes)

    @property
    def unanswered(self) -> tuple[Unanswered, ...]:
        """Return the questions that engines left open, sorted by place."""
        return merged(outcome.unanswered for outcome in self.outcomes)

    @property
    def exit_code(self) -> int:
        """Return UNANSWERED if a question is open, else FINDINGS if there are any, else FINE."""
        if self.unanswered:
            return UNANSWERED
        return FINDINGS if self.findings else FINE

    def text(self) -> str:
        """Write one line a fact: open questions and findings first, the counts last."""
        return "\n".join([*self.lines(), *map(str, self.outcomes)])

    def lines(self) -> list[str]:
        """Write one line a fact but the counts."""
        others = [f"{file}: not a template, not checked" for file in self.not_templates]
        return [*map(str, (*self.unanswered, *self.findings, *self.skips)), *others]

    def facts(self) -> dict[str, Any]:
        """Return the same facts as a value for JSON."""
        return {
            "engines": [
                {
                    "engine": outcome.engine,
                    "unit": outcome.unit,
                    "passed": outcome.passed,
                    "failed": outcome.failed,
                    "skipped": len(outcome.skips),
                    "unanswered": len(outcome.unanswered),
                }
                for outcome in self.outcomes
            ],
            "findings": [vars(finding) for finding in self.findings],
            "skips": [vars(skip) for skip in self.skips],
            "unanswered": [vars(unanswered) for unanswered in self.unanswered],
            "not_templates": list(self.not_templates),
            "not_followed": list(self.not_followed),
            "exit_code": self.exit_code,
        }
