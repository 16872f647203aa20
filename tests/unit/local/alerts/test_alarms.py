"""Lines are counted, alarms change state, and their topics tell: as the policies of topics and keys allow."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.worlds import watched
from tests.worlds.watched import ACCOUNT, ALARMS, EVENTS, REGION, World

# a time of its own for each test, later than that of the one before; CloudWatch Logs takes lines of the last 14 days
EARLIEST = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=13)
TIMES = (EARLIEST + timedelta(hours=5 * number) for number in count())


@pytest.fixture(scope="module")
def running() -> Iterator[World]:
    with watched.running() as running:
        yield running


@pytest.fixture
def world(running: World, now: datetime) -> World:
    """The world at a time at which nothing has happened yet."""
    running.watch.clock.stop(now)
    return running


@pytest.fixture
def now() -> datetime:
    return next(TIMES)


def alarm(world: World, name: str, topic: str, **changes: Any) -> str:
    """An alarm at the first sample of a metric of its own within five minutes; silence is no alarm."""
    defaults = {
        "Namespace": "test",
        "MetricName": name,
        "Period": 300,
        "EvaluationPeriods": 1,
        "Statistic": "SampleCount",
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
        "AlarmActions": [topic],
    }
    world.client("cloudwatch").put_metric_alarm(AlarmName=name, **{**defaults, **changes})
    return f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}"


def state(world: World, name: str) -> dict[str, Any]:
    """An alarm as DescribeAlarms shows it."""
    (described,) = world.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return dict(described)


def write_metric(world: World, name: str, *values: float) -> None:
    data = [{"MetricName": name, "Value": value} for value in values]
    world.client("cloudwatch").put_metric_data(Namespace="test", MetricData=data)


def set_state(world: World, name: str, value: str) -> None:
    world.client("cloudwatch").set_alarm_state(AlarmName=name, StateValue=value, StateReason="tried")


def test_a_line_that_matches_reaches_the_subscriber_of_the_alarm_and_another_line_does_not(
    world: World, now: datetime
) -> None:
    topic = world.topic("lines", ALARMS)
    alarm(world, "lines", topic)
    logs = world.client("logs")
    logs.create_log_group(logGroupName="lines")
    logs.create_log_stream(logGroupName="lines", logStreamName="one")
    logs.put_metric_filter(
        logGroupName="lines",
        filterName="lines",
        filterPattern='{ $.eventName = "DeleteTable" }',
        metricTransformations=[{"metricName": "lines", "metricNamespace": "test", "metricValue": "1"}],
    )

    def write(name: str) -> None:
        time = int(world.watch.clock.now().timestamp() * 1000)
        line = {"timestamp": time, "message": json.dumps({"eventName": name})}
        logs.put_log_events(logGroupName="lines", logStreamName="one", logEvents=[line])

    write("CreateTable")
    world.watch.run(120)
    assert (state(world, "lines")["StateValue"], world.received(topic)) == ("OK", [])
    write("DeleteTable")
    world.watch.run(120)
    assert state(world, "lines")["StateValue"] == "ALARM"
    (message,) = map(json.loads, world.received(topic))
    assert (message["AlarmName"], message["NewStateValue"], message["OldStateValue"]) == ("lines", "ALARM", "OK")
    begun = f"{now - timedelta(minutes=2):%d/%m/%y %H:%M:%S}"  # the five minutes that end with this one
    why = f"1 out of the last 1 datapoints [1.0 ({begun})] was greater than or equal to the threshold (1.0)"
    assert why in message["NewStateReason"]


def test_an_alarm_ends_when_its_metric_is_silent(world: World) -> None:
    topic = world.topic("ending", ALARMS)
    alarm(world, "ending", topic, OKActions=[topic])
    write_metric(world, "ending", 1)
    world.watch.run(60)
    assert state(world, "ending")["StateValue"] == "ALARM"
    world.watch.run(1200)
    assert state(world, "ending")["StateValue"] == "OK"
    assert [json.loads(message)["NewStateValue"] for message in world.received(topic)] == ["ALARM", "OK"]


@pytest.mark.parametrize(("statistic", "rings"), [("SampleCount", True), ("Sum", False)])
def test_a_negative_value_hides_a_record_from_a_sum_and_not_from_a_count(
    world: World, statistic: str, rings: bool
) -> None:
    topic = world.topic(statistic, ALARMS)
    alarm(world, statistic, topic, Statistic=statistic)
    write_metric(world, statistic, 1, -1)
    world.watch.run(120)
    assert (len(world.received(topic)) == 1) is rings


@pytest.mark.parametrize("condition", ["the alarm", "another alarm", "another account"])
def test_a_topic_hears_the_alarms_that_its_policy_names(world: World, condition: str) -> None:
    name = condition.replace(" ", "-")
    arn = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{'other' if condition == 'another alarm' else name}"
    account = "999999999999" if condition == "another account" else ACCOUNT
    whose, which = {"aws:SourceAccount": account}, {"aws:SourceArn": arn}
    topic = world.topic(name, ALARMS, StringEquals=whose, ArnLike=which)
    alarm(world, name, topic)
    write_metric(world, name, 1)
    world.watch.run(60)
    assert len(world.received(topic)) == (condition == "the alarm")


def test_disabled_actions_are_not_done(world: World) -> None:
    topic = world.topic("disabled", ALARMS)
    alarm(world, "disabled", topic)
    world.client("cloudwatch").disable_alarm_actions(AlarmNames=["disabled"])
    set_state(world, "disabled", "ALARM")
    assert (state(world, "disabled")["StateValue"], world.received(topic)) == ("ALARM", [])
    world.client("cloudwatch").enable_alarm_actions(AlarmNames=["disabled"])
    set_state(world, "disabled", "OK")
    set_state(world, "disabled", "ALARM")
    assert len(world.received(topic)) == 1


def test_an_alarm_that_is_put_again_keeps_its_state(world: World) -> None:
    topic = world.topic("again", ALARMS)
    alarm(world, "again", topic)
    assert state(world, "again")["StateValue"] == "INSUFFICIENT_DATA"
    set_state(world, "again", "ALARM")
    alarm(world, "again", topic, Threshold=2)
    assert (state(world, "again")["StateValue"], state(world, "again")["Threshold"]) == ("ALARM", 2.0)


def test_a_change_of_state_is_an_event_that_nobody_else_can_send(world: World) -> None:
    heard, topic = world.topic("changes", EVENTS), world.topic("unheard")
    arn = alarm(world, "changing", topic)
    pattern = {"source": ["aws.cloudwatch"], "detail": {"alarmName": ["changing"], "state": {"value": ["ALARM"]}}}
    world.rule("changes", heard, pattern)
    forged = {"alarmName": "changing", "state": {"value": "ALARM"}}
    assert world.put(forged, source="aws.cloudwatch")["ErrorCode"] == "NotAuthorizedForSourceException"
    set_state(world, "changing", "ALARM")
    (event,) = map(json.loads, world.received(heard))
    assert (event["detail-type"], event["resources"]) == ("CloudWatch Alarm State Change", [arn])
    assert event["detail"]["previousState"]["value"] == "INSUFFICIENT_DATA"


def test_what_is_not_modelled_is_said_and_rings_never(world: World) -> None:
    topic = world.topic("percentile", ALARMS)
    world.client("cloudwatch").put_metric_alarm(
        AlarmName="percentile",
        Namespace="test",
        MetricName="percentile",
        ExtendedStatistic="p99",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[topic],
    )
    write_metric(world, "percentile", 9)
    set_state(world, "percentile", "OK")
    world.watch.run(60)
    described = state(world, "percentile")
    said = (described["StateValue"], described["StateReason"])
    assert said == ("INSUFFICIENT_DATA", "not modelled: statistic p99")
    assert world.received(topic) == []


def test_an_alarm_has_three_states(world: World) -> None:
    alarm(world, "states", world.topic("states"))
    with pytest.raises(ClientError, match="ValidationError"):
        set_state(world, "states", "LOUD")


def test_a_composite_alarm_rings_by_the_states_of_others(world: World) -> None:
    topic = world.topic("composite", ALARMS)
    cloudwatch = world.client("cloudwatch")
    for name in ("first", "second"):
        alarm(world, name, world.topic(name))
    rule = 'ALARM(first) AND ALARM("second")'
    cloudwatch.put_composite_alarm(AlarmName="both", AlarmRule=rule, AlarmActions=[topic])
    write_metric(world, "first", 1)
    world.watch.run(60)
    (both,) = cloudwatch.describe_alarms(AlarmNames=["both"], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert (both["StateValue"], world.received(topic)) == ("OK", [])
    write_metric(world, "second", 1)
    world.watch.run(60)
    (message,) = map(json.loads, world.received(topic))
    assert (message["AlarmName"], message["AlarmRule"], message["NewStateValue"]) == ("both", rule, "ALARM")


def test_alarms_are_described_by_their_type(world: World) -> None:
    cloudwatch = world.client("cloudwatch")
    cloudwatch.put_composite_alarm(AlarmName="typed", AlarmRule="FALSE")
    assert cloudwatch.describe_alarms(AlarmNames=["typed"])["CompositeAlarms"] == []
    both = cloudwatch.describe_alarms(AlarmNames=["typed"], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    assert ([one["AlarmName"] for one in both["CompositeAlarms"]], both["MetricAlarms"]) == (["typed"], [])


@pytest.mark.parametrize(
    ("rule", "text"), [("ALARM(", "not understood"), ("ALARM(no-such-alarm)", "alarm no-such-alarm does not exist")]
)
def test_a_rule_that_says_nothing_is_refused(world: World, rule: str, text: str) -> None:
    with pytest.raises(ClientError, match=text):
        world.client("cloudwatch").put_composite_alarm(AlarmName="senseless", AlarmRule=rule)


def test_the_history_tells_states_actions_and_changes(world: World, now: datetime) -> None:
    refusing, topic = world.topic("refusing-history"), world.topic("history", ALARMS)
    alarm(world, "told", topic, AlarmActions=[topic, refusing])
    set_state(world, "told", "ALARM")
    cloudwatch = world.client("cloudwatch")
    items = cloudwatch.describe_alarm_history(AlarmName="told", ScanBy="TimestampAscending")["AlarmHistoryItems"]
    assert [(item["HistoryItemType"], item["HistorySummary"]) for item in items] == [
        ("ConfigurationUpdate", 'Alarm "told" created'),
        ("StateUpdate", "Alarm updated from INSUFFICIENT_DATA to ALARM"),
        ("Action", f"Successfully executed action {topic}"),
        ("Action", f"Failed to execute action {refusing}"),
    ]
    assert {item["Timestamp"] for item in items} == {now}
    updates = cloudwatch.describe_alarm_history(AlarmName="told", HistoryItemType="StateUpdate")["AlarmHistoryItems"]
    assert [json.loads(item["HistoryData"])["newState"]["stateValue"] for item in updates] == ["ALARM"]


def test_metric_data_without_a_time_has_that_of_the_estate(world: World, now: datetime) -> None:
    write_metric(world, "dated", 1)
    asked = {"Namespace": "test", "MetricName": "dated", "Period": 60, "Statistics": ["SampleCount"]}
    (point,) = world.client("cloudwatch").get_metric_statistics(
        StartTime=now - timedelta(hours=1), EndTime=now + timedelta(hours=1), **asked
    )["Datapoints"]
    assert point["Timestamp"] == now


def test_an_alarm_on_a_queue_rings_when_a_message_lies_there(world: World) -> None:
    topic = world.topic("waiting", ALARMS)
    arn = world.queue("waiting")
    alarm(
        world,
        "waiting",
        topic,
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=[{"Name": "QueueName", "Value": "waiting"}],
        Statistic="Maximum",
        Period=60,
    )
    world.watch.run(300)
    assert world.received(topic) == []
    sqs = world.client("sqs")
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName="waiting")["QueueUrl"], MessageBody="one")
    world.watch.run(300)
    assert len(world.received(topic)) == 1
    assert world.messages(arn)


def test_a_log_group_that_falls_silent_raises_an_alarm(world: World) -> None:
    topic, logs = world.topic("silence", ALARMS), world.client("logs")
    logs.create_log_group(logGroupName="heart")
    logs.create_log_stream(logGroupName="heart", logStreamName="one")
    alarm(
        world,
        "silence",
        topic,
        Namespace="AWS/Logs",
        MetricName="IncomingLogEvents",
        Dimensions=[{"Name": "LogGroupName", "Value": "heart"}],
        Statistic="Sum",
        ComparisonOperator="LessThanThreshold",
        TreatMissingData="breaching",
    )
    for _ in range(5):
        now = int(world.watch.clock.now().timestamp() * 1000)
        beat = [{"timestamp": now, "message": "beat"}]
        logs.put_log_events(logGroupName="heart", logStreamName="one", logEvents=beat)
        world.watch.run(300)
    assert world.received(topic) == []
    world.watch.run(1800)
    (message,) = map(json.loads, world.received(topic))
    assert (
        "no datapoints were received for 1 period and 1 missing datapoint was treated as" in message["NewStateReason"]
    )


def test_nothing_follows_where_the_state_stays(world: World) -> None:
    topic = world.topic("staying", ALARMS)
    alarm(world, "staying", topic)
    for _ in range(2):
        set_state(world, "staying", "ALARM")
    assert len(world.received(topic)) == 1
    updates = world.client("cloudwatch").describe_alarm_history(AlarmName="staying", HistoryItemType="StateUpdate")
    assert len(updates["AlarmHistoryItems"]) == 1


@pytest.mark.parametrize("action", ["arn:aws:automate:eu-central-1:ec2:stop", "arn:aws:ssm:eu-central-1::opsitem:1"])
def test_an_action_that_is_not_modelled_fails_as_the_history_says(world: World, action: str) -> None:
    name, topic = f"acting-{action[8:11]}", world.topic(f"beside-{action[8:11]}", ALARMS)
    alarm(world, name, topic, AlarmActions=[action, topic])
    set_state(world, name, "ALARM")
    items = world.client("cloudwatch").describe_alarm_history(AlarmName=name, HistoryItemType="Action")
    failed = [json.loads(item["HistoryData"]) for item in items["AlarmHistoryItems"]]
    errors = [data.get("error") for data in failed if data["notificationResource"] == action]
    assert errors == [f"NOT_MODELLED: not modelled: action {action}"]
    assert len(world.received(topic)) == 1
