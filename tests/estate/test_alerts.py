"""Each detection's alert reaches the subscriber of the alert topic, in each of its channels; its twin's does not."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from moto.logs.models import logs_backends

from stream_lambda.log import NAMESPACE
from tableguard.detect import catalogue
from tableguard.detect.detection import Detection, Event
from tableguard.local.alerts.service_metrics import WRITTEN
from tableguard.local.estate import EmbeddedEstate
from tableguard.local.landing_zone import LandingZone
from tests.worlds.estate import ACCOUNT, ON_THE_EMBEDDED_AWS, REGION, SETTINGS

pytestmark = [pytest.mark.slow, ON_THE_EMBEDDED_AWS]

DETECTIONS = {one.name: one for one in catalogue.load_all(SETTINGS.policy_values())}
ACCOUNTS = {"audit": ACCOUNT, "oversight": SETTINGS.management_account_id}
STREAM = "injected"


def records(detection: Detection, record: Event) -> list[Event]:
    """As many records as the detection's threshold asks for."""
    return [record] * detection.threshold


def write(detection: Detection, lines: list[Event], at: datetime) -> None:
    """Write records into the log group of a detection's metric filter, as the trail does."""
    backend, filter_name = logs_backends[ACCOUNTS[detection.stack]][REGION], f"{SETTINGS.name}-{detection.slug}"
    (named,) = [one for one in backend.filters.metric_filters if one["filterName"] == filter_name]
    group = backend.groups[named["logGroupName"]]
    if STREAM not in group.streams:
        group.create_log_stream(STREAM)
    time = int(at.timestamp() * 1000)
    group.put_log_events(STREAM, [{"timestamp": time, "message": json.dumps(line)} for line in lines])


def alarms_told(running: EmbeddedEstate, name: str, since: int) -> list[str]:
    """The states that subscribers were told of an alarm."""
    messages = [one.message for one in running.watch.notifications[since:] if one.message.startswith("{")]
    return [one["NewStateValue"] for one in map(json.loads, messages) if one.get("AlarmName") == name]


@pytest.fixture(autouse=True)
def quiet(running: EmbeddedEstate) -> None:
    """No alarm rings any more."""
    running.watch.run(2400, step=300)


@pytest.mark.parametrize("name", sorted(DETECTIONS))
def test_the_alarm_of_a_detection_rings_for_its_example_and_not_for_its_twin(
    running: EmbeddedEstate, name: str
) -> None:
    detection, watch = DETECTIONS[name], running.watch
    named, example = f"{SETTINGS.name}-{detection.slug}", detection.examples[0]
    began = len(watch.notifications)
    write(detection, records(detection, example.twin), watch.clock.now())
    watch.run(120)
    assert alarms_told(running, named, began) == []
    write(detection, records(detection, example.event), watch.clock.now())
    watch.run(120)
    assert alarms_told(running, named, began) == ["ALARM"]


@pytest.mark.parametrize("name", sorted(name for name, one in DETECTIONS.items() if "event pattern" in one.channels))
def test_the_rule_of_a_detection_tells_at_once(running: EmbeddedEstate, name: str) -> None:
    detection, watch = DETECTIONS[name], running.watch
    example = detection.examples[0]

    def told(record: Event) -> int:
        began = len(watch.notifications)
        source = "aws." + record["eventSource"].split(".")[0]
        event = {"source": source, "detail-type": "AWS API Call via CloudTrail", "detail": record}
        watch.alerts.event(ACCOUNTS[detection.stack], REGION, event)
        return sum(one.message.startswith(f'"{detection.sentence}: ') for one in watch.notifications[began:])

    assert told(example.twin) == 0
    assert told(example.event) == 1


@contextmanager
def changed_alarm(zone: LandingZone, name: str, **changes: Any) -> Iterator[Any]:
    """An alarm with other values meanwhile; its client."""
    cloudwatch = zone.clients("cloudwatch", ACCOUNT, REGION)
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    kept = cloudwatch.meta.service_model.operation_model("PutMetricAlarm").input_shape.members
    stated = {key: value for key, value in alarm.items() if key in kept}
    cloudwatch.put_metric_alarm(**{**stated, **changes})
    yield cloudwatch
    cloudwatch.put_metric_alarm(**stated)


@pytest.mark.parametrize(("statistic", "rings"), [("SampleCount", True), ("Sum", False)])
def test_whoever_forges_a_negative_value_silences_a_sum_and_not_what_is_deployed(
    running: EmbeddedEstate, zone: LandingZone, statistic: str, rings: bool
) -> None:
    detection, watch = DETECTIONS["key_lost"], running.watch
    name, began = f"{SETTINGS.name}-{detection.slug}", len(running.watch.notifications)
    with changed_alarm(zone, name, Statistic=statistic) as cloudwatch:
        forged = [{"MetricName": detection.title, "Value": -1.0, "Unit": "Count"}]
        cloudwatch.put_metric_data(Namespace=f"{SETTINGS.name}/trail", MetricData=forged)
        write(detection, records(detection, detection.examples[0].event), watch.clock.now())
        watch.run(120)
    assert ("ALARM" in alarms_told(running, name, began)) is rings


def test_every_alarm_of_the_estate_is_evaluated(running: EmbeddedEstate, zone: LandingZone) -> None:
    pages = zone.clients("cloudwatch", ACCOUNT, REGION).get_paginator("describe_alarms").paginate()
    alarms = [alarm for page in pages for alarm in page["MetricAlarms"]]
    assert len(alarms) > len(DETECTIONS)
    assert [alarm["AlarmName"] for alarm in alarms if alarm["StateReason"].startswith("not modelled")] == []


@pytest.mark.parametrize("lets", [True, False])
def test_a_rule_that_may_not_tell_the_topic_keeps_the_event_and_raises_two_alarms(
    running: EmbeddedEstate, zone: LandingZone, lets: bool
) -> None:
    watch, began = running.watch, len(running.watch.notifications)
    detection = DETECTIONS["key_lost"]
    with topic_policy(zone, *(() if lets else ("EventRules",))):
        record = detection.examples[0].event
        event = {"source": "aws.kms", "detail-type": "AWS API Call via CloudTrail", "detail": record}
        watch.alerts.event(ACCOUNT, REGION, event)
        watch.run(120)
    names = (f"{SETTINGS.name}-key-lost-failed", f"{SETTINGS.name}-alert-dead-letters")
    expected = [] if lets else ["ALARM"]
    assert [alarms_told(running, name, began) for name in names] == [expected, expected]


@contextmanager
def topic_policy(zone: LandingZone, *without: str) -> Iterator[None]:
    """The policy of the alert topic without some statements meanwhile."""
    sns = zone.clients("sns", ACCOUNT, REGION)
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:{SETTINGS.name}-alerts"
    text = sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]
    policy = json.loads(text)
    policy["Statement"] = [one for one in policy["Statement"] if one["Sid"] not in without]
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(policy))
    yield
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=text)


def test_every_alarm_of_the_estate_has_a_source(running: EmbeddedEstate, zone: LandingZone) -> None:
    filters = [one for regions in logs_backends.values() for one in regions[REGION].filters.metric_filters]
    counted = {(one["metricNamespace"], one["metricName"]) for each in filters for one in each["metricTransformations"]}
    alarms = [
        alarm
        for account in ACCOUNTS.values()
        for page in zone.clients("cloudwatch", account, REGION).get_paginator("describe_alarms").paginate()
        for alarm in page["MetricAlarms"]
    ]
    watched = {(alarm["Namespace"], alarm["MetricName"]) for alarm in alarms}
    assert watched - counted - WRITTEN == {(NAMESPACE, "Poison")}
