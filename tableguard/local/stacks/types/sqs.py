"""AWS::SQS::Queue and AWS::SQS::QueuePolicy through the SQS API."""

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
from tableguard.local.stacks.types.calls import attributes, common_document, refuse_replacement, select
from tableguard.local.stacks.types.translate import document_text

QUEUE_NAME = "AWS::SQS::Queue"

# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sqs-queue.html
_ATTRIBUTES = (
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "DelaySeconds",
    "FifoQueue",
    "FifoThroughputLimit",
    "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "RedrivePolicy",
    "SqsManagedSseEnabled",
    "VisibilityTimeout",
)


def _create_queue(context: Context, properties: Properties) -> ResourceHandle:
    client = context.client("sqs")
    name = properties.get("QueueName", context.generated_name)
    url = client.create_queue(
        QueueName=name,
        Attributes=attributes(properties, *_ATTRIBUTES),
        tags=tags.as_map(properties.get("Tags", [])),
    )["QueueUrl"]
    arn = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return ResourceHandle(url, {"Arn": arn, "QueueName": name, "QueueUrl": url})


def _all_attributes(client: Client, url: str) -> dict[str, str]:
    attributes: dict[str, str] = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return attributes


def _read_queue(context: Context, handle: ResourceHandle) -> Properties:
    client = context.client("sqs")
    queue = _all_attributes(client, handle.physical_id)
    return {
        **select(queue, *_ATTRIBUTES),
        "QueueName": queue["QueueArn"].rpartition(":")[2],
        "Tags": tags.as_list(client.list_queue_tags(QueueUrl=handle.physical_id).get("Tags", {})),
    }


def _update_queue(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    client, url, current = context.client("sqs"), handle.physical_id, _read_queue(context, handle)
    refuse_replacement(QUEUE_NAME, current, properties, "FifoQueue", "QueueName")
    # moto's SetQueueAttributes forgets the policy unless it is sent along
    policy = select(_all_attributes(client, url), "Policy")
    client.set_queue_attributes(QueueUrl=url, Attributes={**attributes(properties, *_ATTRIBUTES), **policy})
    tags.update(
        tags.declared(current),
        tags.declared(properties),
        put=lambda changed: client.tag_queue(QueueUrl=url, Tags=changed),
        remove=lambda gone: client.untag_queue(QueueUrl=url, TagKeys=gone),
    )
    return handle


def _delete_queue(context: Context, handle: ResourceHandle) -> None:
    context.client("sqs").delete_queue(QueueUrl=handle.physical_id)


def _create_policy(context: Context, properties: Properties) -> ResourceHandle:
    queues = list(properties["Queues"])
    for url in queues:
        _set_policy(context, url, document_text(properties["PolicyDocument"]))
    return ResourceHandle(context.generated_name, {"Id": context.generated_name}, {"Queues": queues})


def _set_policy(context: Context, url: str, policy: str) -> None:
    context.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})


def _read_policy(context: Context, handle: ResourceHandle) -> Properties:
    client = context.client("sqs")
    documents = {url: _all_attributes(client, url).get("Policy") for url in handle.locator["Queues"]}
    policies = {url: json.loads(policy) for url, policy in documents.items() if policy}
    if not policies:
        raise AbsentError(f"queue policy {handle.physical_id}: no queue has a policy")
    return {"PolicyDocument": common_document(list(policies.values())), "Queues": list(policies)}


def _update_policy(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    for url in set(handle.locator["Queues"]) - set(properties["Queues"]):
        _set_policy(context, url, "")
    again = _create_policy(context, properties)
    return ResourceHandle(handle.physical_id, handle.attributes, again.locator)


def _delete_policy(context: Context, handle: ResourceHandle) -> None:
    for url in handle.locator["Queues"]:
        _set_policy(context, url, "")


TYPES: tuple[ResourceType, ...] = (
    ResourceType(
        name=QUEUE_NAME,
        create=_create_queue,
        read=_read_queue,
        update=_update_queue,
        delete=_delete_queue,
        not_modelled={
            "RedriveAllowPolicy": "moto's CreateQueue accepts RedriveAllowPolicy; GetQueueAttributes does not return it"
        },
        defaults={
            "ContentBasedDeduplication": False,
            "DelaySeconds": 0,
            "KmsDataKeyReusePeriodSeconds": 300,
            "KmsMasterKeyId": "",
            "MaximumMessageSize": 1_048_576,
            "MessageRetentionPeriod": 345_600,
            "ReceiveMessageWaitTimeSeconds": 0,
            "RedrivePolicy": "",
            "VisibilityTimeout": 30,
        },
    ),
    ResourceType(
        name="AWS::SQS::QueuePolicy",
        create=_create_policy,
        read=_read_policy,
        update=_update_policy,
        delete=_delete_policy,
    ),
)
