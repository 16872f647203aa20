"""Services write what the estate knows: what rules, functions and mappings did, each time what is new."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tableguard.local.alerts.service_metrics import MappingMetrics, ServiceMetrics, ServiceValue
from tests.worlds import watched
from tests.worlds.watched import EVENTS, REGION, World

FUNCTION = "arn:aws:lambda:eu-central-1:111122223333:function:f"
PLACE = ("111122223333", "eu-central-1", "AWS/Lambda")
OF_FUNCTION, OF_MAPPING = (("FunctionName", "f"),), (("EventSourceMappingUUID", "u"),)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with watched.running() as running:
        yield running


def samples(cloudwatch: Any, namespace: str, metric: str, dimension: tuple[str, str], now: datetime) -> float:
    """The samples of a metric around now."""
    name, value = dimension
    points = cloudwatch.get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value}],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(hours=1),
        Period=3600,
        Statistics=["Sum"],
    )["Datapoints"]
    return sum(float(point["Sum"]) for point in points)


@pytest.mark.parametrize("opens", [True, False])
def test_rules_count_what_they_match_and_what_fails(world: World, opens: bool) -> None:
    name = f"counted-{opens}"
    topic = world.topic(name, *([EVENTS] if opens else []))
    world.rule(name, topic, {"source": [name]}, DeadLetterConfig={"Arn": world.queue(name, EVENTS)})
    for source in (name, "other"):
        world.put(source=source)
    of_rule = ("RuleName", name)
    counts = {
        metric: samples(world.client("cloudwatch"), "AWS/Events", metric, of_rule, world.watch.clock.now())
        for metric in ("MatchedEvents", "TriggeredRules", "Invocations", "FailedInvocations", "InvocationsSentToDlq")
    }
    failed = 0 if opens else 1
    assert list(counts.values()) == [1, 1, 1, failed, failed]


def test_a_mapping_counts_what_is_new() -> None:
    mapping: Any = SimpleNamespace(
        metrics=Counter(DroppedEventCount=2, InvokedEventCount=5),
        iterator_age=1500.0,
        configuration=SimpleNamespace(function_arn=FUNCTION),
    )
    source = MappingMetrics(lambda: {"u": mapping})
    assert list(source()) == [
        ServiceValue(*PLACE, "DroppedEventCount", 2, OF_MAPPING),
        ServiceValue(*PLACE, "IteratorAge", 1500.0, OF_FUNCTION, "Milliseconds"),
    ]
    assert list(source()) == []
    mapping.metrics.update(DestinationDeliveryFailures=1)
    assert list(source()) == [ServiceValue(*PLACE, "DestinationDeliveryFailures", 1, OF_FUNCTION)]


def test_values_are_written_once_a_minute(world: World) -> None:
    asked = list[int]()

    def source() -> list[ServiceValue]:
        asked.append(1)
        return [ServiceValue(watched.ACCOUNT, REGION, "test", "m", 1, (("d", "v"),))]

    services, now = ServiceMetrics([source]), datetime(2026, 12, 1, 12, 0, 5, tzinfo=UTC)
    for seconds in (0, 30, 54, 55):
        services.write(now + timedelta(seconds=seconds))
    assert len(asked) == 2
    assert samples(world.client("cloudwatch"), "test", "m", ("d", "v"), now) == 2
