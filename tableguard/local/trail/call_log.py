"""Calls that wait to be recorded, their records for the trails, and the event history of each account and region."""

from collections import deque
from dataclasses import dataclass, field
from threading import Lock

from tableguard.aws.cloudtrail.record import Record, Recorded
from tableguard.local.trail.observed_call import ObservedCall
from tableguard.local.trail.recording import Recorder

WAITING = 2_000  # calls that wait at most before their records are made: a call holds its parameters, items and all
UNREAD = 30_000  # records that wait at most for the trails, the latest; some 4 KB each
HISTORY = 50_000  # management events that are kept, the latest


@dataclass
class CallLog:
    """The calls of one embedded AWS. `lost` counts the records that nobody has read in time."""

    lost: int = 0
    _recorder: Recorder = field(default_factory=Recorder)
    _calls: deque[ObservedCall] = field(default_factory=deque)
    _unread: deque[Recorded] = field(default_factory=deque)
    _history: deque[Recorded] = field(default_factory=lambda: deque(maxlen=HISTORY))
    _lock: Lock = field(default_factory=Lock)

    def add(self, call: ObservedCall) -> None:
        """Take a call; its record is made when somebody asks, or when many wait."""
        self._calls.append(call)  # a deque may be used by several threads
        if len(self._calls) > WAITING:
            self._record()

    def take(self) -> tuple[Recorded, ...]:
        """Return the records since they were last taken, the oldest first."""
        self._record()
        with self._lock:
            taken = tuple(self._unread)
            self._unread.clear()
        return taken

    def history(self) -> tuple[Recorded, ...]:
        """Return the management events of all accounts and regions, the newest first.

        https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html
        """
        self._record()
        with self._lock:
            return tuple(reversed(self._history))

    def reset(self) -> None:
        """Forget every call and its ids, as before the first one."""
        with self._lock:
            for kept in (self._calls, self._unread, self._history):
                kept.clear()
            self.lost, self._recorder = 0, Recorder()

    def _record(self) -> None:
        with self._lock:
            while self._calls:
                for recorded in self._recorder.record(self._calls.popleft()):
                    self._keep(recorded)

    def _keep(self, recorded: Recorded) -> None:
        if is_history(recorded.record):
            self._history.append(recorded)
        self._unread.append(recorded)
        if len(self._unread) > UNREAD:
            self._unread.popleft()
            self.lost += 1


def is_history(record: Record) -> bool:
    """Return True for a management event: the event history has no others."""
    return bool(record.get("managementEvent"))
