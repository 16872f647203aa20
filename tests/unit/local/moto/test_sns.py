"""A function that is subscribed to a topic is handed the message, its attributes and the topic's own name."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.worlds import invocations
from tests.worlds.invocations import ACCOUNT, NAME, REGION, World
from tests.worlds.lambda_package import package
from tests.worlds.lambdas import within

TELLING = "import json\ndef handle(event, context): print(json.dumps(event))"
ATTRIBUTES: Any = {"kind": {"DataType": "String", "StringValue": "news"}}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with invocations.running() as running:
        yield running


def subscribed(world: World, function: str, **attributes: str) -> str:
    """A topic with the function as its subscriber."""
    sns = world.client("sns")
    topic = sns.create_topic(Name=function)["TopicArn"]
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}"
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn, Attributes=attributes)
    return str(topic)


def test_the_event_is_that_of_the_topic(world: World) -> None:
    world.create("telling", Code={"ZipFile": package(TELLING)})
    topic = subscribed(world, "telling")
    sent = world.client("sns").publish(TopicArn=topic, Message="text", Subject="s", MessageAttributes=ATTRIBUTES)

    def lines() -> list[str]:
        return world.log_lines("/aws/lambda/telling", filterPattern="Records")

    assert within(20, lambda: len(lines()) == 1)
    (record,) = json.loads(lines()[0])["Records"]
    assert record["EventSubscriptionArn"].startswith(f"{topic}:")
    told = {name: record["Sns"][name] for name in ("TopicArn", "MessageId", "Message", "Subject")}
    assert told == {"TopicArn": topic, "MessageId": sent["MessageId"], "Message": "text", "Subject": "s"}
    assert record["Sns"]["MessageAttributes"] == {"kind": {"Type": "String", "Value": "news"}}


def test_a_filter_policy_keeps_messages_back(world: World) -> None:
    topic = subscribed(world, NAME, FilterPolicy=json.dumps({"kind": ["news"]}))
    world.client("sns").publish(TopicArn=topic, Message="kept back")
    world.client("sns").publish(TopicArn=topic, Message="let through", MessageAttributes=ATTRIBUTES)
    assert within(20, lambda: any("let through" in line for line in world.log_lines()))
    assert not any("kept back" in line for line in world.log_lines())


def test_a_function_that_is_not_there_is_no_matter_of_the_publisher(world: World) -> None:
    said = list[str]()
    world.functions.notices.listen(said.append)
    world.client("sns").publish(TopicArn=subscribed(world, "absent"), Message="text")
    assert said == [f"topic absent: Function not found: arn:aws:lambda:{REGION}:{ACCOUNT}:function:absent"]
