"""Report the way back: what was written into the bootcamp's table, and what was left and why."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tableguard.findings.counts import counted
from tableguard.findings.exit_code import FINDINGS, FINE
from tableguard.findings.finding import Finding
from tableguard.findings.formats import Report
from tableguard.projection.report import printable
from tableguard.projection.takeover.differences import Differences


@dataclass
class ReturnTally:
    """What one reading of both tables met."""

    groups: int = 0
    messages: int = 0
    edits: int = 0
    rows: int = 0
    left: list[str] = field(default_factory=list)

    def add(self, different: Differences) -> None:
        """Count the differences of a group."""
        self.groups += 1
        self.messages += len(different.new_messages)
        self.edits += len(different.edits)
        self.rows += len(different.rows)

    @property
    def changes(self) -> int:
        """Return how many differences there were."""
        return self.messages + self.edits + self.rows

    def text(self) -> str:
        """Say what is to be written into the bootcamp's table, and what is left."""
        changes = (counted(self.messages, "message"), counted(self.edits, "edit"), counted(self.rows, "row"))
        summary = f"to write into the bootcamp's table: {', '.join(changes)}, of {counted(self.groups, 'group')}"
        return "\n".join((*(printable(f"left  {line}") for line in self.left), summary))

    def facts(self) -> dict[str, Any]:
        """Return the same for JSON."""
        return vars(self).copy()


@dataclass(frozen=True)
class ReturnReport(Report):
    """What each reading met, and wrote."""

    tallies: Sequence[ReturnTally]

    @property
    def exit_code(self) -> int:
        """Return FINE if nothing was left, else FINDINGS."""
        return FINDINGS if self.tallies[-1].left else FINE

    def text(self) -> str:
        """Write what was written, what was left, and the verdict."""
        written = Counter[str]()
        for tally in self.tallies:
            written.update(messages=tally.messages, edits=tally.edits, rows=tally.rows)
        left = [printable(f"left  {line}") for line in self.tallies[-1].left]
        counts = ", ".join(f"{count} {what}" for what, count in written.items())
        return "\n".join((*left, f"written into the bootcamp's table: {counts}", self._verdict()))

    def _verdict(self) -> str:
        if self.tallies[-1].left:
            return "not all of ours is in the bootcamp's table: see what was left"
        if self.tallies[-1].changes:
            return "but messages still arrive in our table: run this again when nothing writes there"
        return "verified: every message of ours is in the bootcamp's table, and its rows show the newest"

    @property
    def findings(self) -> Sequence[Finding]:
        """Return nothing: what was left is named by its key, and lies in no file."""
        return ()

    def facts(self) -> dict[str, Any]:
        """Return the same facts as a value for JSON."""
        return {"back": True, "readings": [tally.facts() for tally in self.tallies]}
