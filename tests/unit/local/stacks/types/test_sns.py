"""AWS::SNS types: topics, their policies and subscriptions are deployed as declared, and a change shows."""

import json
from collections.abc import Callable

import pytest

from tableguard.cloudformation.resource_type import Context, Properties, ResourceHandle
from tableguard.local.stacks.types import ALL
from tests.cases.resources import TAGS, Case, ResourceTypeTests, context, differences, make

__all__ = ["context"]  # the fixture

TOPIC = "AWS::SNS::Topic"
POLICY = "AWS::SNS::TopicPolicy"
SUBSCRIPTION = "AWS::SNS::Subscription"
MAIL = {"Protocol": "email", "Endpoint": "security@example.com"}
ALLOW = {"Sid": "Alarms", "Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}, "Resource": "*"}
PUBLISH = {"Version": "2012-10-17", "Statement": [{**ALLOW, "Action": "sns:Publish"}]}


def topic(context: Context) -> Properties:
    return {
        "TopicName": "cruddur-alerts",
        "DisplayName": "cruddur",
        "KmsMasterKeyId": "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555",
        "SignatureVersion": "2",
        "TracingConfig": "Active",
        "Subscription": [MAIL],
        "Tags": TAGS,
    }


def policy(context: Context) -> Properties:
    arns = [make(TOPIC, {"TopicName": name}).physical_id for name in ("one", "two")]
    return {"Topics": arns, "PolicyDocument": PUBLISH}


def subscription(context: Context) -> Properties:
    arn = make(TOPIC, {"TopicName": "alerts"}).physical_id
    return {
        **MAIL,
        "TopicArn": arn,
        "FilterPolicy": {"severity": ["high"]},
        "FilterPolicyScope": "MessageBody",
        "RawMessageDelivery": True,
    }


def set_topic(name: str, value: str) -> Callable[[Context, ResourceHandle], object]:
    def change(context: Context, handle: ResourceHandle) -> None:
        arn = handle.locator.get("Topics", [handle.physical_id])[0]
        context.client("sns").set_topic_attributes(TopicArn=arn, AttributeName=name, AttributeValue=value)

    return change


def set_subscription(name: str, value: str) -> Callable[[Context, ResourceHandle], object]:
    return lambda context, handle: context.client("sns").set_subscription_attributes(
        SubscriptionArn=handle.physical_id, AttributeName=name, AttributeValue=value
    )


def subscribe(context: Context, handle: ResourceHandle) -> None:
    context.client("sns").subscribe(TopicArn=handle.physical_id, Protocol="email", Endpoint="other@example.com")


def unsubscribe(context: Context, handle: ResourceHandle) -> None:
    found = context.client("sns").list_subscriptions()["Subscriptions"][0]["SubscriptionArn"]
    context.client("sns").unsubscribe(SubscriptionArn=found)


def retag(context: Context, handle: ResourceHandle) -> None:
    context.client("sns").tag_resource(ResourceArn=handle.physical_id, Tags=[{"Key": "ManagedBy", "Value": "hand"}])


OPEN = json.dumps(PUBLISH).replace('{"Service": "cloudwatch.amazonaws.com"}', '"*"')


class TestSns(ResourceTypeTests):
    cases = (
        Case("no key", TOPIC, topic, set_topic("KmsMasterKeyId", ""), "KmsMasterKeyId"),
        Case("display name", TOPIC, topic, set_topic("DisplayName", "other"), "DisplayName"),
        Case("another listener", TOPIC, topic, subscribe, "Subscription"),
        Case("nobody listens", TOPIC, topic, unsubscribe, "Subscription"),
        Case("tag", TOPIC, topic, retag, "Tags"),
        Case("open policy", POLICY, policy, set_topic("Policy", OPEN), "PolicyDocument"),
        Case(
            "another filter",
            SUBSCRIPTION,
            subscription,
            set_subscription("FilterPolicy", '{"severity": ["low"]}'),
            "FilterPolicy",
        ),
        Case(
            "enveloped",
            SUBSCRIPTION,
            subscription,
            set_subscription("RawMessageDelivery", "false"),
            "RawMessageDelivery",
        ),
    )


def test_ref_and_getatt_of_a_topic(context: Context) -> None:
    handle = make(TOPIC, topic(context))
    assert handle.physical_id == "arn:aws:sns:eu-central-1:123456789012:cruddur-alerts"
    assert handle.attributes == {"TopicArn": handle.physical_id, "TopicName": "cruddur-alerts"}


def test_a_topic_that_leaves_the_policy_gets_the_default_one(context: Context) -> None:
    declared = policy(context)
    handle, update = make(POLICY, declared), ALL[POLICY].update
    assert update is not None
    fewer = {**declared, "Topics": declared["Topics"][:1]}
    again = update(context, handle, fewer)
    assert differences(POLICY, fewer, context, again) == []
    left = context.client("sns").get_topic_attributes(TopicArn=declared["Topics"][1])["Attributes"]["Policy"]
    assert json.loads(left)["Statement"][0]["Condition"] == {"StringEquals": {"AWS:SourceOwner": "123456789012"}}


@pytest.mark.parametrize(("name", "value"), [("SignatureVersion", "2"), ("TracingConfig", "Active")])
def test_moto_still_loses_some_attributes_of_a_topic(name: str, value: str, context: Context) -> None:
    arn = context.client("sns").create_topic(Name="t", Attributes={name: value})["TopicArn"]
    assert name not in context.client("sns").get_topic_attributes(TopicArn=arn)["Attributes"]
