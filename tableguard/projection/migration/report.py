"""Report a migration: what was moved, what was left, and what is wrong with any row of the table at the end."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tableguard.findings.counts import counted
from tableguard.findings.exit_code import FINDINGS, FINE
from tableguard.findings.finding import Finding
from tableguard.findings.formats import Report
from tableguard.projection.migration.mover import Moved
from tableguard.projection.migration.moving import Hindrance
from tableguard.projection.migration.plan import MigrationPlan
from tableguard.projection.report import DriftReport, DriftResult, printable

# of a row that was left for another reason, reconciling says what is wrong
_OPEN = (Hindrance.FOREIGN, Hindrance.BUSY)
_THERE = (*_OPEN, Hindrance.MALFORMED)  # left, so no application has made them again


@dataclass(frozen=True)
class MigrationReport(Report):
    """What became of each row, the survey of all rows after it, and what was still wrong when looked at again.

    On the way back, `further` rows are there at the end, and the `flags` of so many people expired.
    """

    plan: MigrationPlan
    moved: Sequence[Moved]
    survey: DriftReport
    wrong: Sequence[DriftResult]
    further: int = 0
    flags: int = 0

    @property
    def exit_code(self) -> int:
        """Return FINE if all rows are where they should be and right, else FINDINGS."""
        return FINDINGS if self.wrong or self.further or self._left else FINE

    @property
    def _left(self) -> list[Moved]:
        return [row for row in self.moved if row.hindrance in _OPEN]

    @property
    def _again(self) -> int:
        """Return how many further rows were made meanwhile: the rows that were left are not."""
        return max(0, self.further - sum(row.hindrance in _THERE for row in self.moved))

    @property
    def _rows(self) -> int:
        return sum(row.hindrance is None for row in self.moved)

    @property
    def _write_units(self) -> float:
        return sum(row.write_units for row in self.moved)

    def text(self) -> str:
        """Write what was moved and left, what the survey saw and mended, and the verdict."""
        return "\n".join((*self._lines(), self.survey.text(), self._verdict()))

    def _lines(self) -> Iterator[str]:
        yield f"moved {counted(self._rows, 'row')} for {self._write_units:g} write units"
        for row in self._left:
            yield printable(f"left  {row.row.group_uuid}  {row.row.user_uuid}")
        reasons = Counter(row.hindrance for row in self.moved if row.hindrance)
        for hindrance, rows in reasons.items():
            yield f"{counted(rows, 'row')} left: {hindrance.value}"
        if self.flags:
            yield f"removed {counted(self.flags, 'flag')} (each expires now)"

    def _verdict(self) -> str:
        if self._again:
            return (
                f"{counted(self._again, 'further row')} there again: an application makes them; set "
                "conversations_in_table = 1000, deploy the application, and run this again"
            )
        if self.wrong:
            return f"{len(self.wrong)} still wrong at the last look: run this again, or tableguard rows reconcile"
        return f"{counted(len(self._left), 'row')} left" if self._left else "verified: every row shows what it must"

    def facts(self) -> dict[str, Any]:
        """Return the same facts as a value for JSON."""
        return {
            "plan": self.plan.facts(),
            "moved": self._rows,
            "write_units": self._write_units,
            "left": Counter(row.hindrance.name.lower() for row in self.moved if row.hindrance),
            "flags_removed": self.flags,
            "further_rows_again": self._again,
            "survey": self.survey.facts(),
            "wrong": [result.facts() for result in self.wrong],
        }

    @property
    def findings(self) -> Sequence[Finding]:
        """Return what is wrong, as the survey reports it."""
        return self.survey.findings if self.wrong else ()
