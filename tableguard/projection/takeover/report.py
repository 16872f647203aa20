"""Report an takeover: what is there, what was copied, what was left and why, and whether the rows are right."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tableguard.findings.counts import counted
from tableguard.findings.exit_code import FINDINGS, FINE
from tableguard.findings.finding import Finding
from tableguard.findings.formats import Report
from tableguard.projection.report import DriftReport, DriftResult, printable
from tableguard.projection.takeover.copying import Standing
from tableguard.projection.takeover.tally import Tally


def lines_of(tally: Tally) -> Iterator[str]:
    """Yield what a reading of theirs met."""
    contents = tally.contents
    yield (
        f"{counted(len(contents.groups), 'group')}, {counted(contents.messages, 'message')} and "
        f"{counted(contents.rows, 'row')} in the bootcamp's table"
    )
    for group_uuid, doubt in sorted(tally.doubts.items()):
        evidence = contents.groups[group_uuid]
        yield printable(f"left  {group_uuid}  {counted(evidence.messages, 'message')}: {doubt.value}")
    yield from (printable(f"left  {line}") for line in (*tally.left, *contents.malformed))
    if contents.unknown.kinds:
        yield f"{counted(contents.unknown.kinds.total(), 'item')} of other kinds, left alone"


def planned_lines(tally: Tally) -> Iterator[str]:
    """Yield what a dry run says."""
    yield from lines_of(tally)
    yield (
        f"to copy: {counted(tally.standings[Standing.MISSING], 'message')} and {counted(tally.new_groups, 'group')}, "
        f"for {tally.write_units:g} write units, and those of their rows; "
        f"there already: {counted(tally.standings[Standing.SAME] + tally.standings[Standing.EDITED], 'message')}"
    )


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
        return "\n".join((*lines_of(self.last), copied, self.survey.text(), self._verdict()))

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
