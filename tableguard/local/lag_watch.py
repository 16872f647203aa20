"""Say on `tableguard up`'s terminal when Pattern D falls behind, when it has caught up, and when it has stopped."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tableguard.errors import EmbeddedError
from tableguard.findings.counts import counted
from tableguard.local.event_source.lag import StreamLag

INTERVAL = 10.0  # seconds between two looks
BEHIND = 5.0  # seconds that a record may wait unmentioned: the batching window is one


@dataclass
class LagWatch:
    """Looks at the lag, and reports a line where there is something new to say."""

    measure: Callable[[], StreamLag]
    report: Callable[[str], None]
    _behind: bool = field(default=False)
    _standstill: str = field(default="")

    def look(self) -> None:
        """Report while a mapping is behind, and once when it is no more; what makes it stand still is reported once."""
        try:
            lag = self.measure()
        except EmbeddedError as error:
            self._report_standstill(str(error))
            return
        if self._standstill:
            self._standstill = ""
            self.report("all event source mappings run again")
        if lag.seconds >= BEHIND:
            self._behind = True
            self.report(lag_line(lag))
        elif self._behind:
            self._behind = False
            self.report(f"Pattern D has caught up: no record of the stream has waited for {BEHIND:g} s")

    def _report_standstill(self, error: str) -> None:
        if error != self._standstill:
            self._standstill = error
            self.report(f"stands still, and is tried again every few seconds: {error}")


def lag_line(lag: StreamLag) -> str:
    """Return how many records wait and for how long."""
    records = f"at least {counted(lag.records, 'record')}" if lag.more else counted(lag.records, "record")
    return f"Pattern D is behind: {records} of the stream to go, the oldest {lag.seconds:.0f} s old"
