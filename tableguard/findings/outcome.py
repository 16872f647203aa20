"""What one engine answered: findings, skips, and questions without an answer."""

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
        merged(outcome.findings for outcome in each),
        merged(outcome.skips for outcome in each),
        merged(outcome.unanswered for outcome in each),
    )


def merged(groups: Iterable[tuple[Any, ...]]) -> tuple[Any, ...]:
    return tuple(sorted(one for group in groups for one in group))
