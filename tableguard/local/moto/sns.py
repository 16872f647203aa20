"""Correction of moto's SNS: a function that is subscribed to a topic is handed the message as SNS delivers it.

moto's event names example topics and identifiers, and makes up the message's attributes.
https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from moto.awslambda.exceptions import LambdaClientError
from moto.awslambda.models import lambda_backends
from moto.sns.models import Subscription

from tableguard.aws.arn import require
from tableguard.local.function import functions
from tableguard.local.moto.patch import wrap


def install() -> None:
    """Wrap Subscription.publish."""
    wrap(Subscription, "publish", _publish)


def _publish(
    original: Callable[..., None], subscription: Subscription, message: str, message_id: str, **named: Any
) -> None:
    if subscription.protocol != "lambda":
        original(subscription, message, message_id, **named)
        return
    attributes = named.get("message_attributes")
    matcher = subscription._filter_policy_matcher
    if matcher is not None and not matcher.matches(attributes, message):
        return
    if named.get("message_structure") == "json":
        message = subscription._parse_message_structure(message, "lambda")
    notification = {
        "Type": "Notification",
        "MessageId": message_id,
        "TopicArn": subscription.topic.arn,
        "Subject": named.get("subject"),
        "Message": message,
        "Timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "MessageAttributes": attributes or {},
    }
    _invoke(subscription, notification)


def _invoke(subscription: Subscription, notification: dict[str, Any]) -> None:
    """Invoke the function in the background, if it is there. The notification has no signature to verify."""
    arn = require(subscription.endpoint)
    record = {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription.arn,
        "Sns": notification,
    }
    try:
        function = lambda_backends[arn.account][arn.region].get_function(subscription.endpoint)
    except LambdaClientError as error:  # the publisher does not hear of it, on AWS neither
        running = functions.in_use()
        if running is not None:
            running.notices.note(f"topic {subscription.topic.name}: {error.message}")
        return
    function.invoke(json.dumps({"Records": [record]}), {}, {})
