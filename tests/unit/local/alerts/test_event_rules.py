"""An event that matches a rule reaches its targets as their policies allow, or the dead-letter queue."""

import json
from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.worlds import watched
from tests.worlds.watched import ACCOUNT, EVENTS, MEMBER, REGION, World


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with watched.running() as running:
        yield running


def test_an_event_reaches_the_subscriber_of_a_topic_and_another_event_does_not(world: World) -> None:
    topic = world.topic("told", EVENTS)
    world.rule("told", topic, {"source": ["test"], "detail": {"kind": ["told"]}})
    world.put({"kind": "untold"})
    assert world.received(topic) == []
    world.put({"kind": "told"})
    (message,) = world.received(topic)
    assert json.loads(message)["detail"] == {"kind": "told"}


@pytest.mark.parametrize("state", ["ENABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS", "DISABLED"])
def test_a_rule_that_is_disabled_tells_nobody(world: World, state: str) -> None:
    topic = world.topic(state, EVENTS)
    world.rule(state, topic, {"source": [state]}, state)
    world.put(source=state)
    assert len(world.received(topic)) == (state != "DISABLED")


def of_trail(name: str, *, read_only: bool, category: str = "Management") -> dict[str, Any]:
    """An event by which CloudTrail tells of a call."""
    return {
        "source": "aws.kms",
        "detail-type": "AWS API Call via CloudTrail",
        "time": "2026-12-01T12:00:00Z",
        "detail": {"eventName": name, "readOnly": read_only, "eventCategory": category},
    }


@pytest.mark.parametrize(
    ("event", "state", "arrives"),
    [
        (of_trail("GetKeyPolicy", read_only=True), "ENABLED", False),
        (of_trail("GetKeyPolicy", read_only=True), "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS", True),
        (of_trail("PutKeyPolicy", read_only=False), "ENABLED", True),
        (of_trail("AssumeRole", read_only=True), "ENABLED", True),
        (of_trail("GetObject", read_only=True, category="Data"), "ENABLED", True),
    ],
)
def test_a_rule_sees_calls_that_only_read_if_its_state_says_so(
    world: World, event: dict[str, Any], state: str, arrives: bool
) -> None:
    topic = world.topic(f"reads-{len(world.watch.notifications)}", EVENTS)
    world.rule("reads", topic, {"source": ["aws.kms"]}, state)
    before = len(world.received(topic))
    world.watch.alerts.event(ACCOUNT, REGION, event)
    assert len(world.received(topic)) - before == arrives


def test_nobody_but_aws_sends_events_in_its_name(world: World) -> None:
    topic = world.topic("of-aws", EVENTS)
    world.rule("of-aws", topic, {"source": [{"prefix": "aws"}]})
    assert world.put(source="aws.s3")["ErrorCode"] == "NotAuthorizedForSourceException"
    assert world.received(topic) == []
    assert "EventId" in world.put(source="aws-like")
    assert len(world.received(topic)) == 1


def test_a_rule_whose_target_refuses_does_not_keep_the_event_from_the_next(world: World) -> None:
    refusing, telling = world.topic("refusing"), world.topic("telling", EVENTS)
    pattern = {"source": ["both"]}
    world.rule("a-refusing", refusing, pattern)
    world.rule("b-telling", telling, pattern)
    world.put(source="both")
    assert (len(world.received(refusing)), len(world.received(telling))) == (0, 1)


def test_what_a_target_refuses_lies_in_its_dead_letter_queue(world: World) -> None:
    topic = world.topic("closed")
    rule = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/closed"
    dead = world.queue("dead", EVENTS, ArnEquals={"aws:SourceArn": rule})
    world.rule("closed", topic, {"source": ["closed"]}, DeadLetterConfig={"Arn": dead})
    world.put({"n": 1}, source="closed")
    (message,) = world.messages(dead)
    told = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert json.loads(message["Body"])["detail"] == {"n": 1}
    assert told["ERROR_MESSAGE"].startswith(
        f"User: {EVENTS} is not authorized to perform: sns:Publish on resource: {topic}"
    )
    assert (told["RULE_ARN"], told["TARGET_ARN"], told["ERROR_CODE"]) == (rule, topic, "NO_PERMISSIONS")


def test_a_dead_letter_queue_that_trusts_another_rule_stays_empty(world: World) -> None:
    dead = world.queue(
        "mistrusting", EVENTS, ArnEquals={"aws:SourceArn": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/other"}
    )
    world.rule("mistrusted", world.topic("shut"), {"source": ["shut"]}, DeadLetterConfig={"Arn": dead})
    world.put(source="shut")
    assert world.messages(dead) == []


def test_a_topic_whose_policy_asks_for_the_rule_hears_nothing(world: World) -> None:
    """EventBridge sends no context to a topic, so that a condition about it never holds."""
    topic = world.topic("asking", EVENTS, StringEquals={"aws:SourceAccount": ACCOUNT})
    world.rule("asking", topic, {"source": ["asking"]})
    world.put(source="asking")
    assert world.received(topic) == []


@pytest.mark.parametrize("context", ["the topic", "another topic"])
def test_the_key_of_a_topic_decides_by_the_encryption_context(world: World, context: str) -> None:
    name = f"encrypted-{context.replace(' ', '-')}"
    arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:{name if context == 'the topic' else 'other'}"
    topic = world.topic(name, EVENTS, key=key(world, StringEquals={"kms:EncryptionContext:aws:sns:topicArn": arn}))
    world.rule(name, topic, {"source": [name]})
    world.put(source=name)
    assert len(world.received(topic)) == (context == "the topic")


def test_a_disabled_key_silences_a_topic(world: World) -> None:
    key_id = key(world)
    topic = world.topic("keyed", EVENTS, key=key_id)
    world.rule("keyed", topic, {"source": ["keyed"]})
    world.client("kms").disable_key(KeyId=key_id)
    world.put(source="keyed")
    assert world.received(topic) == []
    world.client("kms").enable_key(KeyId=key_id)
    world.put(source="keyed")
    assert len(world.received(topic)) == 1


def key(world: World, **condition: Any) -> str:
    """A key that event rules may use under a condition."""
    policy = json.loads(watched.document("kms:*", "*", EVENTS, **condition))
    owner = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "kms:*", "Resource": "*"}
    policy["Statement"].append(owner)
    return str(world.client("kms").create_key(Policy=json.dumps(policy))["KeyMetadata"]["KeyId"])


@pytest.mark.parametrize("allowed", [True, False])
def test_queues_log_groups_and_functions_are_targets_as_their_policies_allow(world: World, allowed: bool) -> None:
    name = f"group-{allowed}"
    logs = world.client("logs")
    logs.create_log_group(logGroupName=name)
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}"
    queue = world.queue(f"queue-{allowed}", EVENTS if allowed else "s3.amazonaws.com")
    if allowed:
        policy = watched.document("logs:*", f"{arn}:*", EVENTS)
        logs.put_resource_policy(policyName=name, policyDocument=policy)
    world.rule(f"to-queue-{allowed}", queue, {"source": [name]}, Input='"constant"')
    world.rule(f"to-group-{allowed}", arn, {"source": [name]}, InputPath="$.detail.n")
    world.put({"n": 7}, source=name)
    assert [message["Body"] for message in world.messages(queue)] == ['"constant"'] * allowed
    assert [line["message"] for line in logs.filter_log_events(logGroupName=name)["events"]] == ["7"] * allowed


def test_an_event_goes_to_another_bus_and_to_no_third(world: World) -> None:
    events = world.client("events")
    second, third = (str(events.create_event_bus(Name=name)["EventBusArn"]) for name in ("second", "third"))
    heard = {name: world.topic(f"on-{name}", EVENTS) for name in ("second", "third")}
    world.rule("on", second, {"source": ["hop"]})
    for name, targets in {"second": (third, heard["second"]), "third": (heard["third"],)}.items():
        events.put_rule(Name="on", EventBusName=name, EventPattern='{"source": ["hop"]}')
        listed = [{"Id": str(number), "Arn": target} for number, target in enumerate(targets)]
        events.put_targets(Rule="on", EventBusName=name, Targets=listed)
    world.put(source="hop")
    assert [len(world.received(topic)) for topic in heard.values()] == [1, 0]


def test_test_event_pattern_answers_by_the_same_matcher(world: World) -> None:
    ask = world.client("events").test_event_pattern
    event = {
        "id": "1",
        "account": ACCOUNT,
        "source": "s",
        "time": "2026-12-01T12:00:00Z",
        "region": REGION,
        "resources": [],
        "detail-type": "d",
        "detail": {"n": "abc"},
    }
    assert ask(EventPattern='{"detail": {"n": [{"prefix": "ab"}]}}', Event=json.dumps(event))["Result"] is True
    assert ask(EventPattern='{"detail": {"n": [{"prefix": "b"}]}}', Event=json.dumps(event))["Result"] is False


@pytest.mark.parametrize(
    ("event", "topics"),
    [
        ({"detail": {"eventName": "DeleteTable"}}, "named, by prefix"),
        ({"detail": {"eventName": "DeleteBackup"}}, "by prefix"),
        ({"detail": {"eventName": ["CreateTable", "DeleteTable"]}}, "named, by prefix"),
        ({"detail": {}}, "absent"),
        ({"detail": {"eventName": None}}, "null"),
    ],
)
def test_rules_that_need_not_look_at_an_event_do_not_match_it(world: World, event: dict[str, Any], topics: str) -> None:
    patterns: dict[str, Any] = {
        "named": ["DeleteTable"],
        "by prefix": [{"prefix": "Delete"}],
        "absent": [{"exists": False}],
        "null": [None],
    }
    heard = {name: world.topic(f"call-{name.replace(' ', '-')}", EVENTS) for name in patterns}
    for name, values in patterns.items():
        rule = f"call-{name.replace(' ', '-')}"
        world.rule(rule, heard[name], {"source": ["aws.calls"], "detail": {"eventName": values}})
    before = {name: len(world.received(topic)) for name, topic in heard.items()}
    made = {"source": "aws.calls", "detail-type": "d", "time": "2026-12-01T12:00:00Z", **event}
    world.watch.alerts.event(ACCOUNT, REGION, made)
    assert [name for name, topic in heard.items() if len(world.received(topic)) > before[name]] == topics.split(", ")


@pytest.mark.parametrize(
    ("pattern", "code"),
    [
        ('{"source": ["a"]}', None),
        ('{"source": "a"}', "InvalidEventPatternException"),
        ('{"source": [{"unheard-of": "a"}]}', "InvalidEventPatternException"),
        ("{", "InvalidEventPatternException"),
        ('{"a": ["x"], "$or": [{"a": ["x"]}, {"a": ["y"]}]}', "NotModelled"),
    ],
)
def test_a_pattern_is_checked_when_a_rule_is_put_and_when_it_is_tested(
    world: World, pattern: str, code: str | None
) -> None:
    events = world.client("events")
    event = {"id": "1", "account": ACCOUNT, "source": "s", "time": "2026-12-01T12:00:00Z", "region": REGION}
    whole = json.dumps({**event, "resources": [], "detail-type": "d"})
    for ask in (
        partial(events.put_rule, Name="checked", EventPattern=pattern),
        partial(events.test_event_pattern, EventPattern=pattern, Event=whole),
    ):
        with nullcontext() if code is None else pytest.raises(ClientError, match=code):
            ask()


@pytest.mark.parametrize("text", ["", "no JSON", "[]", '{"source": "s"}'])
def test_a_pattern_is_tested_on_whole_events_only(world: World, text: str) -> None:
    with pytest.raises(ClientError, match=r"ValidationException|Parameter validation failed"):
        world.client("events").test_event_pattern(EventPattern='{"source": ["s"]}', Event=text)


def test_a_target_that_is_not_modelled_fails_and_says_so(world: World) -> None:
    dead = world.queue("unmodelled", EVENTS)
    stream = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s"
    world.rule("unmodelled", stream, {"source": ["unmodelled"]}, DeadLetterConfig={"Arn": dead})
    world.put(source="unmodelled")
    (message,) = world.messages(dead)
    said = message["MessageAttributes"]["ERROR_MESSAGE"]["StringValue"]
    assert said == "not modelled: targets of kinesis"


@pytest.mark.parametrize("trusted", [ACCOUNT, "999999999999"])
def test_the_bus_of_another_account_takes_events_of_those_that_its_policy_names(world: World, trusted: str) -> None:
    there = world.client("events", MEMBER)
    name = f"for-{trusted}"
    bus = there.create_event_bus(Name=name)["EventBusArn"]
    there.put_permission(EventBusName=name, Action="events:PutEvents", Principal=trusted, StatementId="sender")
    logs = world.client("logs", MEMBER)
    logs.create_log_group(logGroupName=name)
    group = f"arn:aws:logs:{REGION}:{MEMBER}:log-group:{name}"
    logs.put_resource_policy(policyName=name, policyDocument=watched.document("logs:*", f"{group}:*", EVENTS))
    there.put_rule(Name="all", EventBusName=name, EventPattern=json.dumps({"account": [ACCOUNT]}))
    there.put_targets(Rule="all", EventBusName=name, Targets=[{"Id": "1", "Arn": group}])
    world.rule(name, bus, {"source": [name]})
    world.put(source=name)
    lines = [json.loads(line["message"]) for line in logs.filter_log_events(logGroupName=name)["events"]]
    assert [line["account"] for line in lines] == [ACCOUNT] * (trusted == ACCOUNT)
