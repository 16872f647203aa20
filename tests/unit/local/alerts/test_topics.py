"""A topic hands a message to the subscribers whose filters and policies let it; what they refuse is a dead letter."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.worlds import watched
from tests.worlds.lambda_package import package
from tests.worlds.watched import ACCOUNT, EVENTS, REGION, World

SNS = "sns.amazonaws.com"


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with watched.running() as running:
        yield running


def subscribe(world: World, topic: str, protocol: str, endpoint: str, **attributes: Any) -> str:
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in attributes.items()}
    answer = world.client("sns").subscribe(
        TopicArn=topic, Protocol=protocol, Endpoint=endpoint, Attributes=texts, ReturnSubscriptionArn=True
    )
    return str(answer["SubscriptionArn"])


def publish(world: World, topic: str, **named: Any) -> None:
    world.client("sns").publish(**{"TopicArn": topic, "Message": "text", "Subject": "subject", **named})


def test_a_notification_says_who_has_received_what_and_when(world: World) -> None:
    topic = world.topic("plain")
    publish(world, topic)
    told = world.watch.notifications[-1]
    assert (told.topic_arn, told.protocol, told.endpoint) == (topic, "email", "plain@example.com")
    assert (told.subject, told.message) == ("subject", "text")
    assert abs((world.watch.clock.now() - told.time).total_seconds()) < 60


def test_who_has_unsubscribed_receives_nothing(world: World) -> None:
    topic, sns = world.topic("left"), world.client("sns")
    (subscription,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    publish(world, topic)
    sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
    publish(world, topic)
    assert world.received(topic) == ["text"]


@pytest.mark.parametrize(("policy", "arrives"), [({"kind": ["news"]}, True), ({"kind": ["other"]}, False)])
def test_a_filter_policy_decides(world: World, policy: dict[str, Any], arrives: bool) -> None:
    topic = world.topic(f"filtered-{arrives}")
    subscribe(world, topic, "email", "second@example.com", FilterPolicy=policy)
    publish(world, topic, MessageAttributes={"kind": {"DataType": "String", "StringValue": "news"}})
    endpoints = {told.endpoint for told in world.watch.notifications if told.topic_arn == topic}
    assert ("second@example.com" in endpoints) is arrives


@pytest.mark.parametrize("protocol", ["https", "sms"])
def test_nothing_leaves_the_machine(world: World, protocol: str, monkeypatch: pytest.MonkeyPatch) -> None:
    topic = world.topic(f"to-{protocol}")
    endpoint = {"https": "https://alerts.example.com/", "sms": "+15555550100"}[protocol]
    monkeypatch.setattr("moto.sns.models.requests.post", lambda *_, **__: pytest.fail("a request was sent"))
    subscribe(world, topic, protocol, endpoint)
    publish(world, topic)
    assert endpoint in {told.endpoint for told in world.watch.notifications if told.topic_arn == topic}


@pytest.mark.parametrize("source", ["the topic", "another topic"])
def test_a_queue_receives_from_the_topic_that_its_policy_names(world: World, source: str) -> None:
    name = f"queued-{source.split(maxsplit=1)[0]}"
    topic = world.topic(name)
    named = topic if source == "the topic" else f"{topic}-other"
    queue = world.queue(name, SNS, ArnEquals={"aws:SourceArn": named})
    dead = world.queue(f"{name}-dead", SNS)
    subscribe(world, topic, "sqs", queue, RedrivePolicy={"deadLetterTargetArn": dead})
    publish(world, topic)
    lying = [[json.loads(message["Body"])["Message"] for message in world.messages(arn)] for arn in (queue, dead)]
    assert lying == ([["text"], []] if source == "the topic" else [[], ["text"]])
    assert (queue in {told.endpoint for told in world.watch.notifications}) is (source == "the topic")


def test_a_queue_that_is_gone_is_no_matter_of_the_publisher(world: World) -> None:
    topic = world.topic("gone")
    subscribe(world, topic, "sqs", f"arn:aws:sqs:{REGION}:{ACCOUNT}:gone")
    publish(world, topic)
    assert [told.protocol for told in world.watch.notifications if told.topic_arn == topic] == ["email"]


@pytest.mark.parametrize("allowed", [True, False])
def test_a_rule_runs_a_function_whose_policy_names_it(world: World, allowed: bool) -> None:
    name, awslambda = f"function-{allowed}", world.client("lambda")
    function = awslambda.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=f"arn:aws:iam::{ACCOUNT}:role/OrganizationAccountAccessRole",
        Handler="app.handle",
        Code={"ZipFile": package("def handle(event, context): print(event)")},
    )["FunctionArn"]
    rule = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{name}"
    awslambda.add_permission(
        FunctionName=name,
        StatementId="rule",
        Action="lambda:InvokeFunction",
        Principal=EVENTS,
        SourceArn=rule if allowed else f"{rule}-other",
    )
    dead = world.queue(f"{name}-dead", EVENTS)
    world.rule(name, function, {"source": [name]}, DeadLetterConfig={"Arn": dead})
    world.put(source=name)
    assert (world.messages(dead) == []) is allowed
