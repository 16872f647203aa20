"""All that reacts on the embedded AWS, behind one object: event rules, metric filters, alarms and topics."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

from tableguard.local.alerts.event_rules import Bus, EventRules
from tableguard.local.alerts.notification import Notification
from tableguard.local.watch.clock import Clock


@dataclass
class Alerts:
    """Rules, filters, alarms and topics of all accounts; what topics hand over goes to `notifications`."""

    clock: Clock
    notifications: list[Notification]
    _lock: Any = field(default_factory=RLock, repr=False)

    @property
    def rules(self) -> EventRules:
        """Return the rules of all event buses."""
        return EventRules(self.clock.now, lambda *_: None)

    def event(self, account: str, region: str, event: Mapping[str, Any]) -> None:
        """Take an event that AWS puts on the default bus of an account in a region."""
        self.rules.put(Bus(account, region), event)

    def tick(self) -> None:
        """Evaluate the alarms at the clock's time."""
