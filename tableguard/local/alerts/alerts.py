"""All that reacts on the embedded AWS, behind one object: event rules, metric filters, alarms and topics."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from moto.logs.models import logs_backends

from tableguard.local.alerts import metrics
from tableguard.local.alerts.alarms.alarms import Alarms
from tableguard.local.alerts.event_rules import Bus, EventRules, event
from tableguard.local.alerts.metric_filters import IngestedLine, counted
from tableguard.local.alerts.notification import Notification
from tableguard.local.alerts.service_metrics import ServiceMetrics
from tableguard.local.watch.clock import Clock


@dataclass
class Alerts:
    """Rules, filters, alarms and topics of all accounts; what topics hand over goes to `notifications`."""

    clock: Clock
    notifications: list[Notification]
    rules: EventRules = field(init=False)
    alarms: Alarms = field(init=False)
    services: ServiceMetrics = field(default_factory=ServiceMetrics)

    def __post_init__(self) -> None:
        self.rules = EventRules(self.clock.now, self._count)
        self.alarms = Alarms(self.clock.now, self.rules)

    def event(self, account: str, region: str, event: Mapping[str, Any]) -> None:
        """Take an event that AWS puts on the default bus of an account in a region."""
        self.rules.put(Bus(account, region), event)

    def config_event(self, account: str, region: str, detail_type: str, detail: Mapping[str, Any]) -> None:
        """Put an event of AWS Config on the default bus of an account in a region."""
        bus = Bus(account, region)
        self.rules.put(bus, event(bus, "aws.config", detail_type, dict(detail), self.clock.now()))

    def lines(self, account: str, region: str, group: str, lines: Iterable[IngestedLine]) -> None:
        """Take lines that have come to a log group: its metric filters count them."""
        ingested = tuple(lines)
        self.services.lines_came(account, region, group, len(ingested))
        every = list(logs_backends[account][region].filters.metric_filters)
        for one in counted([one for one in every if one["logGroupName"] == group], ingested):
            metrics.put(account, region, one.namespace, [one.datum])

    def tick(self) -> None:
        """Write what services count, and evaluate the alarms, at the clock's time."""
        self.services.write(self.clock.now())
        self.alarms.evaluate()

    def reset(self) -> None:
        """Forget what was counted and what happened to alarms; their states are moto's."""
        self.alarms.reset()
        self.services.reset()

    def _count(self, bus: Bus, metric: str, rule: str) -> None:
        value = metrics.datum(metric, 1, self.clock.now(), "Count", RuleName=rule)
        metrics.put(bus.account, bus.region, "AWS/Events", [value])
