"""The metrics that AWS services write by themselves, as far as the embedded AWS knows their values.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from moto.sqs.models import sqs_backends

from tableguard.aws.arn import require
from tableguard.local.alerts import metrics
from tableguard.local.event_source.mapping import EventSourceMapping
from tableguard.local.function.functions import Functions

_LAMBDA, _LOGS, _SQS = "AWS/Lambda", "AWS/Logs", "AWS/SQS"
# of a mapping's metrics those that Lambda counts by mapping, and those by function
_BY_MAPPING = ("DroppedEventCount", "OnFailureDestinationDeliveredEventCount")
_BY_FUNCTION = ("DestinationDeliveryFailures",)
# what is written here, by rules, log groups, queues, functions and mappings
WRITTEN = frozenset(
    (namespace, metric)
    for namespace, metrics_of_namespace in {
        "AWS/Events": ("FailedInvocations", "Invocations", "MatchedEvents", "TriggeredRules"),
        _LAMBDA: (*_BY_MAPPING, *_BY_FUNCTION, "Errors", "Invocations", "IteratorAge", "Throttles"),
        _LOGS: ("IncomingLogEvents",),
        _SQS: ("ApproximateNumberOfMessagesVisible",),
    }.items()
    for metric in metrics_of_namespace
)


@dataclass(frozen=True)
class ServiceValue:
    """A value that a service writes, in an account and region."""

    account: str
    region: str
    namespace: str
    metric: str
    value: float
    dimensions: tuple[tuple[str, str], ...]
    unit: str = "Count"


Source = Callable[[], Iterable[ServiceValue]]


@dataclass
class ServiceMetrics:
    """Collects what happened since the last time, and writes it once a minute."""

    sources: list[Source] = field(default_factory=list)
    _lines: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    _written: datetime | None = None
    _lock: Lock = field(default_factory=Lock, repr=False)

    def reset(self) -> None:
        """Forget what was counted and not written yet."""
        self._lines.clear()
        self._written = None

    def lines_came(self, account: str, region: str, group: str, number: int) -> None:
        """Count lines that came to a log group."""
        with self._lock:
            self._lines[account, region, group] += number

    def write(self, now: datetime) -> None:
        """Write what there is to say of the time before now, once a minute."""
        minute = now.replace(second=0, microsecond=0)
        if minute == self._written:
            return
        self._written, before = minute, now - timedelta(seconds=1)
        for value in (*self._of_lines(), *_of_queues(), *(value for source in self.sources for value in source())):
            datum = metrics.datum(value.metric, value.value, before, value.unit, **dict(value.dimensions))
            metrics.put(value.account, value.region, value.namespace, [datum])

    def _of_lines(self) -> Iterator[ServiceValue]:
        with self._lock:
            lines, self._lines = self._lines, Counter()
        for (account, region, group), number in lines.items():
            yield ServiceValue(account, region, _LOGS, "IncomingLogEvents", number, (("LogGroupName", group),), "None")


def _of_queues() -> Iterator[ServiceValue]:
    for account, regions in list(sqs_backends.items()):
        for region, backend in list(regions.items()):
            for name, queue in list(backend.queues.items()):
                depth: Any = queue.approximate_number_of_messages
                dimensions = (("QueueName", name),)
                yield ServiceValue(account, region, _SQS, "ApproximateNumberOfMessagesVisible", depth, dimensions)


def of_functions(functions: Functions) -> Source:
    """Return the source of what functions count: invocations, errors and throttles."""

    def values() -> Iterator[ServiceValue]:
        for (function_arn, metric), number in functions.take_counts().items():
            arn = require(function_arn)
            name = arn.resource.split(":")[1]
            yield ServiceValue(arn.account, arn.region, _LAMBDA, metric, number, (("FunctionName", name),))

    return values


@dataclass
class MappingMetrics:
    """The source of what event source mappings count, each time as much as is new."""

    mappings: Callable[[], Mapping[str, EventSourceMapping]]
    _seen: dict[str, Counter[str]] = field(default_factory=dict)

    def __call__(self) -> Iterator[ServiceValue]:
        """Yield what the mappings have counted since the last time, and the age of what was sent last."""
        for uuid, mapping in self.mappings().items():
            counted = Counter(mapping.metrics)
            new = counted - self._seen.get(uuid, Counter())
            self._seen[uuid] = counted
            yield from _of_mapping(uuid, mapping, new)


def _of_mapping(uuid: str, mapping: EventSourceMapping, new: Counter[str]) -> Iterator[ServiceValue]:
    arn = require(mapping.configuration.function_arn)
    place, function = (arn.account, arn.region, _LAMBDA), (("FunctionName", arn.resource.split(":")[1]),)
    for metric in _BY_MAPPING:
        if new[metric]:
            yield ServiceValue(*place, metric, new[metric], (("EventSourceMappingUUID", uuid),))
    for metric in _BY_FUNCTION:
        if new[metric]:
            yield ServiceValue(*place, metric, new[metric], function)
    if new["InvokedEventCount"]:
        yield ServiceValue(*place, "IteratorAge", mapping.iterator_age, function, "Milliseconds")
