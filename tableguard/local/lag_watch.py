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
    _stopped: bool = field(default=False)

    def look(self) -> None:
        """Report while Pattern D is behind, and once when it is no more; what stopped it is reported once."""
        if self._stopped:
            return
        try:
            lag = self.measure()
        except EmbeddedError as error:
            self._stopped = True
            self.report(f"Pattern D has stopped, and conversation rows stay as they are: {error}")
            return
        if lag.seconds >= BEHIND:
            self._behind = True
            self.report(lag_line(lag))
        elif self._behind:
            self._behind = False
            self.report(f"Pattern D has caught up: no record of the stream has waited for {BEHIND:g} s")


def lag_line(lag: StreamLag) -> str:
    """Return how many records wait and for how long."""
    records = f"at least {counted(lag.records, 'record')}" if lag.more else counted(lag.records, "record")
    return f"Pattern D is behind: {records} of the stream to go, the oldest {lag.seconds:.0f} s old"
