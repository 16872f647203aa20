"""AWS::SQS types: queues and their policies are deployed as declared, and a change shows."""

import json
from typing import Any

import pytest

from tableguard.cloudformation.equality import compare
from tableguard.cloudformation.resource_type import Context, Properties, ResourceHandle
from tableguard.local.stacks.types import ALL
from tests.cases.resources import TAGS, Case, ResourceTypeTests, context, differences, make

__all__ = ["context"]  # the fixture

QUEUE = "AWS::SQS::Queue"
POLICY = "AWS::SQS::QueuePolicy"
ALLOW = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sqs:SendMessage"}
DENY = {"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}


def document(*statements: Properties) -> Properties:
    return {"Version": "2012-10-17", "Statement": [{**statement, "Resource": "*"} for statement in statements]}


def queue(context: Context, **more: Any) -> Properties:
    return {
        "QueueName": "cruddur-dead-letters",
        "KmsMasterKeyId": "alias/cruddur-failures",
        "MessageRetentionPeriod": "1209600",
        "VisibilityTimeout": 60,
        "RedriveAllowPolicy": {"redrivePermission": "denyAll"},
        "Tags": TAGS,
        **more,
    }


def queue_with_redrive(context: Context) -> Properties:
    dead = make(QUEUE, {"QueueName": "dead"})
    return queue(context, RedrivePolicy={"deadLetterTargetArn": dead.attributes["Arn"], "maxReceiveCount": "5"})


def policy(context: Context) -> Properties:
    queues = [make(QUEUE, {"QueueName": name}).physical_id for name in ("one", "two")]
    return {"Queues": queues, "PolicyDocument": document(ALLOW, DENY)}


def set_attribute(name: str, value: str) -> Any:
    def change(context: Context, handle: ResourceHandle) -> None:
        url = handle.locator.get("Queues", [handle.physical_id])[0]
        context.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={name: value})

    return change


def retag(context: Context, handle: ResourceHandle) -> None:
    context.client("sqs").tag_queue(QueueUrl=handle.physical_id, Tags={"ManagedBy": "hand"})


class TestSqs(ResourceTypeTests):
    cases = (
        Case("key", QUEUE, queue, set_attribute("KmsMasterKeyId", "alias/other"), "KmsMasterKeyId"),
        Case("retention", QUEUE, queue, set_attribute("MessageRetentionPeriod", "60"), "MessageRetentionPeriod"),
        Case("visibility", QUEUE, queue, set_attribute("VisibilityTimeout", "1"), "VisibilityTimeout"),
        Case(
            "redrive",
            QUEUE,
            queue_with_redrive,
            set_attribute("RedrivePolicy", ""),
            "RedrivePolicy",
        ),
        Case("tags", QUEUE, queue, retag, "Tags"),
        Case("weakened policy", POLICY, policy, set_attribute("Policy", json.dumps(document(ALLOW))), "PolicyDocument"),
        Case("policy of one queue removed", POLICY, policy, set_attribute("Policy", ""), "Queues"),
    )


def test_ref_and_getatt_of_a_queue(context: Context) -> None:
    handle = make(QUEUE, queue(context))
    assert handle.physical_id.endswith("/123456789012/cruddur-dead-letters")
    assert handle.attributes["Arn"] == "arn:aws:sqs:eu-central-1:123456789012:cruddur-dead-letters"


def test_a_queue_without_a_name_gets_the_generated_one(context: Context) -> None:
    assert make(QUEUE, {}).attributes["QueueName"] == "stack-Resource-1A2B3C"


def test_updating_a_queue_leaves_its_policy(context: Context) -> None:
    handle = make(QUEUE, queue(context))
    declared = {"Queues": [handle.physical_id], "PolicyDocument": document(DENY)}
    held = make(POLICY, declared)
    update = ALL[QUEUE].update
    assert update is not None
    update(context, handle, queue(context, VisibilityTimeout=90))
    assert differences(POLICY, declared, context, held) == []


def test_a_queue_that_leaves_the_policy_loses_it(context: Context) -> None:
    declared = policy(context)
    handle, update = make(POLICY, declared), ALL[POLICY].update
    assert update is not None
    again = update(context, handle, {**declared, "Queues": declared["Queues"][:1]})
    left = context.client("sqs").get_queue_attributes(QueueUrl=declared["Queues"][1], AttributeNames=["Policy"])
    assert left.get("Attributes", {}).get("Policy") in (None, "")
    assert differences(POLICY, {**declared, "Queues": declared["Queues"][:1]}, context, again) == []


@pytest.mark.parametrize("name", sorted(ALL[QUEUE].not_modelled))
def test_what_is_said_to_be_lost_is_lost(name: str, context: Context) -> None:
    attributes = {name: json.dumps({"redrivePermission": "denyAll"})}
    url = context.client("sqs").create_queue(QueueName="q", Attributes=attributes)["QueueUrl"]
    found = context.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert [difference.property for difference in compare(attributes, found)] == [name]
