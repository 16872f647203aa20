"""Report drift and its repair as lines or as JSON, never with the text of a message."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tableguard.findings.counts import counted
from tableguard.findings.exit_code import FINDINGS, FINE
from tableguard.findings.finding import Finding
from tableguard.findings.formats import Report
from tableguard.projection.drift import FORCED, HOPELESS, Drift, Kind
from tableguard.projection.repair import DONE, RepairOutcome
from tableguard.projection.survey import Survey
from tableguard.stacks.origin import python_of


@dataclass(frozen=True)
class DriftResult:
    """Something wrong, and the outcome of its repair (None where nothing was to be repaired)."""

    drift: Drift
    outcome: RepairOutcome | None = None

    def line(self) -> str:
        """Return one line without control characters: names come from the table."""
        drift = self.drift
        outcome = f" [{self.outcome.value}]" if self.outcome else ""
        parts = (drift.kind.name.lower(), drift.group_uuid, drift.user_uuid, drift.detail)
        return printable("  ".join(part for part in parts if part) + outcome)

    def facts(self) -> dict[str, str]:
        """Return the same facts for JSON."""
        drift = self.drift
        outcome = {"outcome": self.outcome.name.lower()} if self.outcome else {}
        return {
            "kind": drift.kind.name.lower(),
            "group": drift.group_uuid,
            "user": drift.user_uuid,
            "detail": drift.detail,
            **outcome,
        }


@dataclass(frozen=True)
class DriftReport(Report):
    """Everything that a survey saw wrong, with the outcomes where it was repaired."""

    results: Sequence[DriftResult]
    survey: Survey

    @property
    def exit_code(self) -> int:
        """Return FINE if nothing is wrong any more, else FINDINGS."""
        return FINDINGS if self._open else FINE

    @property
    def _open(self) -> list[DriftResult]:
        return [result for result in self.results if result.outcome not in DONE]

    def text(self) -> str:
        """Write one line a result, then how many of each kind and outcome, then what was looked at."""
        survey, results = self.survey, self.results
        lines = [result.line() for result in results]
        kinds = Counter(result.drift.kind for result in results)
        lines += [f"{kinds[kind]} {kind.name.lower()}: {kind.value}" for kind in Kind if kinds[kind]]
        outcomes = Counter(result.outcome for result in results if result.outcome)
        lines += [f"{outcomes[outcome]} {outcome.value}" for outcome in RepairOutcome if outcomes[outcome]]
        lines += [*_unknown_line(survey.unknown.kinds), survey.lag.line()]
        looked = f"{counted(survey.groups, 'group')} and {counted(survey.rows, 'row')} looked at"
        return "\n".join([*lines, f"{looked}, {survey.reader.cost.units:g} read units: {len(results) or 'no'} drift"])

    def facts(self) -> dict[str, Any]:
        """Return the same facts as a value for JSON."""
        return {
            "groups": self.survey.groups,
            "rows": self.survey.rows,
            "read_units": self.survey.reader.cost.units,
            "drift": Counter(result.drift.kind.name.lower() for result in self.results),
            "outcomes": Counter(result.outcome.name.lower() for result in self.results if result.outcome),
            "lag": self.survey.lag.facts(),
            "unknown_items": self.survey.unknown.kinds,
            "findings": [result.facts() for result in self.results],
        }

    @property
    def findings(self) -> list[Finding]:
        """Return what is still wrong. Rows lie in no file, so the findings point at the template of their table."""
        table = python_of("table")
        line = table.line_of(("Resources", "Messages"))
        return [_finding(result.drift, table.file, line) for result in self._open]


def _finding(drift: Drift, file: str, line: int) -> Finding:
    place = [f"{what} {name}" for what, name in (("group", drift.group_uuid), ("user", drift.user_uuid)) if name]
    problem = f"{drift.kind.value}: {drift.detail}" if drift.detail else drift.kind.value
    path = printable("/".join(place))
    return Finding(drift.kind.name.lower(), file, path, line, printable(problem), _remedy(drift.kind))


def _unknown_line(kinds: Counter[str]) -> list[str]:
    if not kinds:
        return []
    commonest = sorted(kinds.items(), key=lambda pair: (-pair[1], pair[0]))
    named = ", ".join(f"{count} {printable(kind)}" for kind, count in commonest)
    return [f"{counted(kinds.total(), 'item')} of kinds that are not of the message store, left alone: {named}"]


def _remedy(kind: Kind) -> str:
    if kind is Kind.ORPHANED:
        return (
            "put the group's item back, from a backup or as its application writes it, then run `tableguard rows "
            "reconcile --group`; until then expire none of its rows, which tell who the members were. What the "
            "bootcamp's application wrote, `tableguard table adopt` takes over"
        )
    if kind is Kind.GROUPLESS:
        return (
            "put the group's item back if it was lost; if it was to go, run `tableguard rows reconcile --force`, which "
            "expires the row"
        )
    if kind in HOPELESS:
        return "correct the item by hand: nothing else tells what was meant"
    return f"run `tableguard rows reconcile{' --force' if kind in FORCED else ''}`"


def printable(text: str) -> str:
    """Return the text with a question mark for each control character, which could steer a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
