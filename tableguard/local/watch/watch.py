"""All that watches an embedded AWS: trails record each call, and rules, filters, alarms and topics react to records.

Nothing happens by itself: whoever runs the estate calls `tick` now and then, or `run` to let its own clock pass.
"""

from dataclasses import dataclass, field

from tableguard.local.alerts.alerts import Alerts
from tableguard.local.alerts.notification import Notification
from tableguard.local.configuration.evaluations import Evaluations
from tableguard.local.trail.call_log import CallLog
from tableguard.local.trail.delivery import deployed_trails
from tableguard.local.trail.observed_call import ObservedCall
from tableguard.local.trail.trails import Delays, Trails
from tableguard.local.watch.clock import Clock


@dataclass
class Watch:
    """What an embedded AWS is watched by, and what its topics have told their subscribers so far."""

    clock: Clock
    delays: Delays
    notifications: list[Notification] = field(default_factory=list)
    calls: CallLog = field(default_factory=CallLog)
    trails: Trails = field(init=False)
    alerts: Alerts = field(init=False)
    evaluations: Evaluations = field(init=False)

    def __post_init__(self) -> None:
        self.alerts = Alerts(self.clock, self.notifications)
        self.evaluations = Evaluations(self.clock.now, self.alerts.config_event)
        self.trails = Trails(self.delays, deployed_trails.logging_trails, [self.alerts])

    def observe(self, call: ObservedCall) -> None:
        """Take a call that was answered; it is recorded and delivered when its time has come."""
        self.calls.add(call)

    def note_change_of_trails(self) -> None:
        """Let trails record by what they are from now on; the call that changed them was before that.

        Where the clock stands, a change takes a millisecond: a trail records the call that stops it.
        """
        if self.clock.stopped:
            self.clock.advance(0.001)
        self.trails.changed(self.clock.now())

    def tick(self) -> None:
        """Deliver what is due at the clock's time, evaluate rules and alarms, and let topics tell their subscribers."""
        for recorded in self.calls.take():
            self.trails.take(recorded.time, recorded.record)
        self.trails.deliver(self.clock.now())
        self.evaluations.tick()
        self.alerts.tick()

    def run(self, seconds: float, step: float = 60.0) -> None:
        """Let the estate's time pass by some seconds, with a tick after each step, the last of which may be shorter."""
        while seconds > 0:
            self.clock.advance(min(step, seconds))
            self.tick()
            seconds -= step

    def reset(self) -> None:
        """Forget what was observed and told, as before the first call."""
        self.notifications.clear()
        self.calls.reset()
        self.trails.reset()
        self.evaluations.reset()
        self.alerts.reset()


_in_use: list[Watch] = []  # at most one: a process holds one embedded AWS, and moto has no place for it


def use(watch: Watch | None) -> None:
    """Let what happens in this process's embedded AWS be watched; by nothing if it is None."""
    _in_use[:] = [] if watch is None else [watch]


def in_use() -> Watch | None:
    """Return what watches, None if nothing does."""
    return _in_use[0] if _in_use else None
