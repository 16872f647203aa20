"""Report a takeover: what is there, what was copied, what was left and why, and whether the rows are right."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tableguard.findings.counts import counted
from tableguard.findings.exit_code import FINDINGS, FINE
from tableguard.findings.finding import Finding
from tableguard.findings.formats import Report
from tableguard.projection.report import DriftReport, DriftResult
from tableguard.projection.takeover.copying import Standing
from tableguard.projection.takeover.tally import Tally


@dataclass(frozen=True)
class TakeoverReport(Report):
    """What each reading of theirs met, the survey of our rows after the last, and what was wrong at its end."""

    tallies: Sequence[Tally]
    survey: DriftReport
    wrong: Sequence[DriftResult]

    @property
    def last(self) -> Tally:
        """Return what the last reading met: it compared every message."""
        return self.tallies[-1]

    @property
    def exit_code(self) -> int:
        """Return FINE if all that was there at the last reading is in ours, and all rows are right; else FINDINGS."""
        return FINE if self.last.is_complete and not self.wrong else FINDINGS

    @property
    def _copied(self) -> int:
        return sum(tally.standings[Standing.COPIED] for tally in self.tallies)

    def text(self) -> str:
        """Write the last reading, what was copied, what the survey saw and mended, and the verdict."""
        groups = sum(tally.new_groups for tally in self.tallies)
        units = sum(tally.write_units for tally in self.tallies)
        copied = f"copied {counted(self._copied, 'message')} and {counted(groups, 'group')} for {units:g} write units"
        return "\n".join((*self.last.lines(), copied, self.survey.text(), self._verdict()))

    def _verdict(self) -> str:
        if self.wrong:
            return f"{len(self.wrong)} still wrong at the last look: run this again, or tableguard rows reconcile"
        if not self.last.is_complete:
            return "not all of it is in our table: see what was left"
        if self.last.arrived:
            return (
                "verified, but messages still arrive in the bootcamp's table: run this again once nothing writes to it"
            )
        return "verified: every message of the bootcamp's table is in ours, and every row shows what it must"

    def facts(self) -> dict[str, Any]:
        """Return the same facts as a value for JSON."""
        return {
            **self.last.facts(),
            "readings": len(self.tallies),
            "copied": self._copied,
            "still_arriving": self.last.arrived,
            "survey": self.survey.facts(),
            "wrong": [result.facts() for result in self.wrong],
        }

    @property
    def findings(self) -> Sequence[Finding]:
        """Return what is wrong with rows, as the survey reports it."""
        return self.survey.findings if self.wrong else ()
