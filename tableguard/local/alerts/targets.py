"""Hands text to the targets of rules and alarms: topics, queues, log groups and functions, as their policies allow."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from moto.awslambda.exceptions import LambdaClientError
from moto.awslambda.models import lambda_backends
from moto.core.exceptions import ServiceException
from moto.logs.models import logs_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from tableguard.aws.arn import Arn, require
from tableguard.local.alerts.service_permissions import Sender, UndeliverableError, require_key, require_permission

_NO_RESOURCE = "NO_RESOURCE"


def publish(sender: Sender, topic_arn: str, message: str, subject: str | None = None) -> None:
    """Publish to a topic as a service; UndeliverableError if the topic is not there, or its policy or key refuses."""
    arn = require(topic_arn)
    topic = sns_backends[arn.account][arn.region].topics.get(topic_arn)
    if topic is None:
        raise UndeliverableError(_NO_RESOURCE, f"topic {topic_arn} does not exist")
    require_permission(sender, "sns:Publish", topic_arn)
    require_key(sender, topic.kms_master_key_id or "", arn)
    topic.publish(message, subject=subject)


def send(
    sender: Sender,
    queue_arn: str,
    body: str,
    *,
    group: str | None = None,
    attributes: Mapping[str, str] | None = None,
) -> None:
    """Send to a queue as a service; UndeliverableError if the queue is not there, or its policy or key refuses."""
    arn = require_queue(sender, queue_arn)
    backend = sqs_backends[arn.account][arn.region]
    texts = {name: {"DataType": "String", "StringValue": value} for name, value in (attributes or {}).items()}
    try:
        backend.send_message(arn.resource, body, message_attributes=texts, group_id=group)
    except ServiceException as error:
        raise UndeliverableError("INVALID_PARAMETER", str(error)) from error


def require_queue(sender: Sender, queue_arn: str) -> Arn:
    """Return the ARN of a queue to which a service may send; UndeliverableError otherwise."""
    arn = require(queue_arn)
    queue: Any = sqs_backends[arn.account][arn.region].queues.get(arn.resource)
    if queue is None:
        raise UndeliverableError(_NO_RESOURCE, f"queue {queue_arn} does not exist")
    require_permission(sender, "sqs:SendMessage", queue_arn)
    require_key(sender, queue.kms_master_key_id or "", arn)
    return arn


def write(sender: Sender, group_arn: str, line: str, now: datetime) -> None:
    """Write a line into a stream of its own in a log group, as EventBridge does."""
    arn = require(group_arn)
    group = arn.resource.removeprefix("log-group:").removesuffix(":*")
    backend = logs_backends[arn.account][arn.region]
    if group not in backend.groups:
        raise UndeliverableError(_NO_RESOURCE, f"log group {group} does not exist")
    for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
        require_permission(sender, action, f"{str(arn).removesuffix(':*')}:*")
    stream = str(uuid.uuid4())
    backend.create_log_stream(group, stream)
    backend.put_log_events(group, stream, [{"timestamp": int(now.timestamp() * 1000), "message": line}])


def invoke(sender: Sender, function_arn: str, payload: str) -> None:
    """Invoke a function in the background; UndeliverableError if it is not there, or its policy refuses."""
    arn = require(function_arn)
    try:
        function: Any = lambda_backends[arn.account][arn.region].get_function(function_arn)
    except LambdaClientError as error:
        raise UndeliverableError(_NO_RESOURCE, error.message) from error
    require_permission(sender, "lambda:InvokeFunction", function_arn)
    function.invoke(payload, {}, {})
