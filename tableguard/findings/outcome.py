"""The outcome of one engine of `check`: its counts, its findings, its skips, and the questions it left open."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from tableguard.findings.counts import counted
from tableguard.findings.finding import Finding, place


@dataclass(frozen=True)
class Skip:
    """A rule that a template asks not to be held to, and the reason it gives."""

    rule: str
    file: str
    path: str
    line: int | None
    reason: str

    def __str__(self) -> str:
        return f"{self.place}: skipped {self.rule}: {self.reason or 'no reason given'}"

    @property
    def place(self) -> str:
        """Return file, line and path as one text that editors can follow."""
        return place(self.file, self.line, self.path)

    @property
    def order(self) -> tuple[str, int, str, str, str]:
        """Return the key that skips are sorted by: their place, then the rule."""
        return self.file, self.line or 0, self.path, self.rule, self.reason


@dataclass(frozen=True)
class Unanswered:
    """A question that an engine could not answer: never the same as no findings."""

    place: str  # a file, or how many where an engine answers for none of them
    engine: str
    problem: str

    def __str__(self) -> str:
        return f"{self.place}: {self.engine} gave no answer: {self.problem}"

    @property
    def order(self) -> tuple[str, str, str]:
        """Return the key that they are sorted by: the place, then the engine."""
        return self.place, self.engine, self.problem


@dataclass(frozen=True)
class Outcome:
    """The answer of one engine: how many of its units passed and failed, and everything it reported."""

    engine: str
    unit: str
    passed: int
    failed: int
    findings: tuple[Finding, ...] = ()
    skips: tuple[Skip, ...] = ()
    unanswered: tuple[Unanswered, ...] = ()

    def __str__(self) -> str:
        passed = counted(self.passed, self.unit.removesuffix("s"))
        counts = f"{passed} passed, {self.failed} failed, {len(self.skips)} skipped"
        return f"{self.engine}: {counts}" + (f", {len(self.unanswered)} unanswered" if self.unanswered else "")


def total(engine: str, unit: str, outcomes: Iterable[Outcome]) -> Outcome:
    """Add up the outcomes of one engine."""
    parts = list(outcomes)
    return Outcome(
        engine,
        unit,
        sum(outcome.passed for outcome in parts),
        sum(outcome.failed for outcome in parts),
        merged(outcome.findings for outcome in parts),
        merged(outcome.skips for outcome in parts),
        merged(outcome.unanswered for outcome in parts),
    )


class _Sortable(Protocol):
    @property
    def order(self) -> tuple[str | int, ...]: ...


T = TypeVar("T", bound=_Sortable)


def merged(groups: Iterable[tuple[T, ...]]) -> tuple[T, ...]:
    """Return the members of all groups, sorted by place."""
    return tuple(sorted((member for group in groups for member in group), key=lambda member: member.order))
