"""How far conversation rows are behind, as the table itself shows it: on AWS and on any engine, by reading alone.

The function's own figure is the metric IteratorAge, which the operator's role cannot read, and whose service the VPC
may not reach. Of a group that is behind, only the newest message is looked at: an older one may have waited longer.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from tableguard.findings.counts import counted
from tableguard.projection.drift import Drift, Kind, View

_UNSHOWN = frozenset({Kind.MISSING, Kind.BEHIND})


@dataclass
class Lag:
    """Groups with a member who is not shown the newest message: at the first look, and those still so at the second."""

    settle: float
    seconds: float = 0.0  # the age of the oldest of these messages, at the first look
    first: int = 0
    _left: set[str] = field(default_factory=set)

    @property
    def left(self) -> int:
        """Return how many groups had not even the message of the first look in all rows at the second."""
        return len(self._left)

    def look(self, view: View, drifts: Iterable[Drift]) -> None:
        """Note a group that is looked at for the first time."""
        if view.newest.message is not None and any(drift.kind in _UNSHOWN for drift in drifts):
            written = datetime.fromisoformat(max(view.newest.message.stamp))
            self.first += 1
            self.seconds = max(self.seconds, (view.now - written).total_seconds())

    def look_again(self, drift: Drift) -> None:
        """Note what is wrong at the second look."""
        if drift.kind in _UNSHOWN:
            self._left.add(drift.group_uuid)

    def line(self) -> str:
        """Return one sentence."""
        if not self.first:
            return "lag: every row showed its group's newest message"
        after = f"those of {counted(self.left, 'group')} still did not" if self.left else "all did"
        return (
            f"lag: rows of {counted(self.first, 'group')} did not show the newest message, up to {self.seconds:.1f} s "
            f"old; {self.settle:g} s later {after}"
        )

    def facts(self) -> dict[str, float]:
        """Return the same facts for JSON."""
        return {"groups": self.first, "seconds": self.seconds, "settle": self.settle, "groups_after_settle": self.left}
