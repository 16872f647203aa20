"""What all engines answered, as one report: text and JSON tell the same facts."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tableguard.findings.finding import Finding


@dataclass(frozen=True, order=True)
class Skip:
    """A rule that a template asks not to be held to, and the reason it gives."""

    place: str
    rule: str
    reason: str

    def __str__(self) -> str:
        return f"{self.place}: skipped {self.rule}: {self.reason or 'no reason given'}"


@dataclass(frozen=True, order=True)
class Unanswered:
    """A question that an engine could not answer: never the same as no findings."""

    place: str
    engine: str
    problem: str

    def __str__(self) -> str:
        return f"{self.place}: {self.engine} gave no answer: {self.problem}"


@dataclass(frozen=True)
class Outcome:
    """What one engine answered: how many of its units passed and failed, and everything it said."""

    engine: str
    unit: str
    passed: int
    failed: int
    findings: tuple[Finding, ...] = ()
    skips: tuple[Skip, ...] = ()
    unanswered: tuple[Unanswered, ...] = ()

    def __str__(self) -> str:
        counts = f"{self.passed} {self.unit} passed, {self.failed} failed, {len(self.skips)} skipped"
        return f"{self.engine}: {counts}" + (f", {len(self.unanswered)} unanswered" if self.unanswered else "")


def total(engine: str, unit: str, outcomes: Iterable[Outcome]) -> Outcome:
    """One outcome for many."""
    each = list(outcomes)
    return Outcome(
        engine,
        unit,
        sum(outcome.passed for outcome in each),
        sum(outcome.failed for outcome in each),
        _all(outcome.findings for outcome in each),
        _all(outcome.skips for outcome in each),
        _all(outcome.unanswered for outcome in each),
    )


@dataclass(frozen=True)
class Report:
    """The outcomes of all engines, and the files that were no templates."""

    outcomes: tuple[Outcome, ...]
    not_templates: tuple[str, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that is wrong, sorted by place."""
        return _all(outcome.findings for outcome in self.outcomes)

    @property
    def skips(self) -> tuple[Skip, ...]:
        """Everything that a template asks to be let off, sorted by place."""
        return _all(outcome.skips for outcome in self.outcomes)

    @property
    def unanswered(self) -> tuple[Unanswered, ...]:
        """Everything that no engine could say, sorted by place."""
        return _all(outcome.unanswered for outcome in self.outcomes)

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


def _all(groups: Iterable[tuple[Any, ...]]) -> tuple[Any, ...]:
    return tuple(sorted(one for group in groups for one in group))
