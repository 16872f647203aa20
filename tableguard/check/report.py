"""What all engines answered, as one report: text and JSON tell the same facts."""

import json
from dataclasses import dataclass
from typing import Any

from tableguard.findings.finding import Finding
from tableguard.findings.outcome import Outcome, Skip, Unanswered, merged


@dataclass(frozen=True)
class Report:
    """The outcomes of all engines, and the files that were no templates."""

    outcomes: tuple[Outcome, ...]
    not_templates: tuple[str, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that is wrong, sorted by place."""
        return merged(outcome.findings for outcome in self.outcomes)

    @property
    def skips(self) -> tuple[Skip, ...]:
        """Everything that a template asks to be let off, sorted by place."""
        return merged(outcome.skips for outcome in self.outcomes)

    @property
    def unanswered(self) -> tuple[Unanswered, ...]:
        """Everything that no engine could say, sorted by place."""
        return merged(outcome.unanswered for outcome in self.outcomes)

    @property
    def exit_code(self) -> int:
        """2 if a question got no answer, else 1 if there are findings, else 0."""
        if self.unanswered:
            return 2
        return 1 if self.findings else 0

    def text(self) -> str:
        """One line a fact: what is wrong first, the counts last."""
        others = [f"{place}: not a template, not checked" for place in self.not_templates]
        lines = [*self.unanswered, *self.findings, *self.skips, *others, *self.outcomes]
        return "\n".join(map(str, lines))

    def facts(self) -> dict[str, Any]:
        """The same facts as a value for JSON."""
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
            "exit_code": self.exit_code,
        }

    def json(self) -> str:
        """The facts as JSON."""
        return json.dumps(self.facts(), indent=2, ensure_ascii=False)
