"""AWS::SNS::Topic, TopicPolicy and Subscription through the SNS API."""

import contextlib
import json

from tableguard.cloudformation.resource_type import (
    AbsentError,
    Client,
    Context,
    Properties,
    ResourceHandle,
    ResourceType,
)
from tableguard.local.stacks.types import tags
from tableguard.local.stacks.types.calls import (
    attributes,
    common_document,
    refuse_replacement,
    remove_on_failure,
    select,
)
from tableguard.local.stacks.types.translate import document_text

TOPIC_NAME = "AWS::SNS::Topic"
_TOPIC = ("ContentBasedDeduplication", "DisplayName", "FifoTopic", "KmsMasterKeyId")
_SUBSCRIPTION = (
    "DeliveryPolicy",
    "FilterPolicy",
    "FilterPolicyScope",
    "RawMessageDelivery",
    "RedrivePolicy",
    "SubscriptionRoleArn",
)
_DEFAULT_POLICY_ID = "__default_policy_ID"


def _create_topic(context: Context, properties: Properties) -> ResourceHandle:
    client = context.client("sns")
    name = properties.get("TopicName", context.generated_name)
    arn = client.create_topic(
        Name=name,
        Attributes=attributes(properties, *_TOPIC),
        Tags=tags.as_list(tags.as_map(properties.get("Tags", []))),
    )["TopicArn"]
    handle = ResourceHandle(arn, {"TopicArn": arn, "TopicName": name})
    with remove_on_failure(lambda: _delete_topic(context, handle)):
        for wanted in properties.get("Subscription", []):
            client.subscribe(TopicArn=arn, **select(wanted, "Endpoint", "Protocol"))
    return handle


def _read_topic(context: Context, handle: ResourceHandle) -> Properties:
    client, arn = context.client("sns"), handle.physical_id
    topic = client.get_topic_attributes(TopicArn=arn)["Attributes"]
    return {
        **select(topic, *_TOPIC),
        "Subscription": [select(one, "Endpoint", "Protocol") for one in _subscriptions(client, arn)],
        "Tags": client.list_tags_for_resource(ResourceArn=arn)["Tags"],
        "TopicName": arn.rpartition(":")[2],
    }


def _subscriptions(client: Client, topic: str) -> list[Properties]:
    pages = client.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
    return [subscription for page in pages for subscription in page["Subscriptions"]]


def _update_topic(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    client, arn, current = context.client("sns"), handle.physical_id, _read_topic(context, handle)
    refuse_replacement(TOPIC_NAME, current, properties, "FifoTopic", "TopicName")
    for name, value in attributes(properties, *_TOPIC).items():
        client.set_topic_attributes(TopicArn=arn, AttributeName=name, AttributeValue=value)
    _update_subscriptions(client, arn, properties.get("Subscription", []))
    tags.update(
        tags.declared(current),
        tags.declared(properties),
        put=lambda changed: client.tag_resource(ResourceArn=arn, Tags=tags.as_list(changed)),
        remove=lambda gone: client.untag_resource(ResourceArn=arn, TagKeys=gone),
    )
    return handle


def _update_subscriptions(client: Client, topic: str, wanted: list[Properties]) -> None:
    now = {(one["Protocol"], one["Endpoint"]): one["SubscriptionArn"] for one in _subscriptions(client, topic)}
    then = {(one["Protocol"], one["Endpoint"]) for one in wanted}
    for key in now.keys() - then:
        client.unsubscribe(SubscriptionArn=now[key])
    for protocol, endpoint in sorted(then - now.keys()):
        client.subscribe(TopicArn=topic, Protocol=protocol, Endpoint=endpoint)


def _delete_topic(context: Context, handle: ResourceHandle) -> None:
    context.client("sns").delete_topic(TopicArn=handle.physical_id)


def _create_policy(context: Context, properties: Properties) -> ResourceHandle:
    topics = list(properties["Topics"])
    for arn in topics:
        _set_policy(context, arn, properties["PolicyDocument"])
    return ResourceHandle(context.generated_name, {"Id": context.generated_name}, {"Topics": topics})


def _set_policy(context: Context, topic: str, policy: Properties) -> None:
    context.client("sns").set_topic_attributes(
        TopicArn=topic, AttributeName="Policy", AttributeValue=document_text(policy)
    )


def _read_policy(context: Context, handle: ResourceHandle) -> Properties:
    client = context.client("sns")
    documents = {
        arn: json.loads(client.get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"])
        for arn in handle.locator["Topics"]
    }
    policies = {arn: policy for arn, policy in documents.items() if policy.get("Id") != _DEFAULT_POLICY_ID}
    if not policies:
        raise AbsentError(f"topic policy {handle.physical_id}: every topic has the default policy")
    return {"PolicyDocument": common_document(list(policies.values())), "Topics": list(policies)}


def _update_policy(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    for arn in set(handle.locator["Topics"]) - set(properties["Topics"]):
        with contextlib.suppress(context.client("sns").exceptions.NotFoundException):  # with it went its policy
            _set_policy(context, arn, _default_policy(context, arn))
    again = _create_policy(context, properties)
    return ResourceHandle(handle.physical_id, handle.attributes, again.locator)


def _delete_policy(context: Context, handle: ResourceHandle) -> None:
    for arn in handle.locator["Topics"]:
        _set_policy(context, arn, _default_policy(context, arn))


def _default_policy(context: Context, topic: str) -> Properties:
    """Return the policy that SNS gives a new topic: anybody, on behalf of the account that owns the topic."""
    return {
        "Version": "2008-10-17",
        "Id": _DEFAULT_POLICY_ID,
        "Statement": [
            {
                "Sid": "__default_statement_ID",
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": ["SNS:Publish", "SNS:Subscribe"],
                "Resource": topic,
                "Condition": {"StringEquals": {"AWS:SourceOwner": context.account_id}},
            }
        ],
    }


def _create_subscription(context: Context, properties: Properties) -> ResourceHandle:
    arn = context.client("sns").subscribe(
        Attributes=attributes(properties, *_SUBSCRIPTION),
        ReturnSubscriptionArn=True,
        **select(properties, "Endpoint", "Protocol", "TopicArn"),
    )["SubscriptionArn"]
    return ResourceHandle(arn, {"Arn": arn})


def _read_subscription(context: Context, handle: ResourceHandle) -> Properties:
    subscription = context.client("sns").get_subscription_attributes(SubscriptionArn=handle.physical_id)["Attributes"]
    return select(subscription, "Endpoint", "Protocol", "TopicArn", *_SUBSCRIPTION)


def _update_subscription(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    current = _read_subscription(context, handle)
    refuse_replacement("AWS::SNS::Subscription", current, properties, "Endpoint", "Protocol", "TopicArn")
    for name, value in attributes(properties, *_SUBSCRIPTION).items():
        context.client("sns").set_subscription_attributes(
            SubscriptionArn=handle.physical_id, AttributeName=name, AttributeValue=value
        )
    return handle


def _delete_subscription(context: Context, handle: ResourceHandle) -> None:
    context.client("sns").unsubscribe(SubscriptionArn=handle.physical_id)


_DROPPED = "moto's CreateTopic accepts it; GetTopicAttributes does not return it"

TYPES: tuple[ResourceType, ...] = (
    ResourceType(
        name=TOPIC_NAME,
        create=_create_topic,
        read=_read_topic,
        update=_update_topic,
        delete=_delete_topic,
        not_modelled={
            "ArchivePolicy": _DROPPED,
            "DataProtectionPolicy": "moto has no PutDataProtectionPolicy",
            "DeliveryStatusLogging": _DROPPED,
            "SignatureVersion": _DROPPED,
            "TracingConfig": _DROPPED,
        },
        defaults={"ContentBasedDeduplication": False, "DisplayName": "", "KmsMasterKeyId": ""},
    ),
    ResourceType(
        name="AWS::SNS::TopicPolicy",
        create=_create_policy,
        read=_read_policy,
        update=_update_policy,
        delete=_delete_policy,
    ),
    ResourceType(
        name="AWS::SNS::Subscription",
        create=_create_subscription,
        read=_read_subscription,
        update=_update_subscription,
        delete=_delete_subscription,
        defaults={"FilterPolicy": {}, "FilterPolicyScope": "MessageAttributes", "RawMessageDelivery": False},
    ),
)
