"""Corrections of moto's SNS: the watch notes what subscribers receive, and functions are handed it as SNS does.

moto's event for a function names example topics and identifiers, and makes up the message's attributes. To a web
address moto sends the message indeed; here nothing leaves the machine.
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
from tableguard.local.alerts.notification import Notification
from tableguard.local.function import functions
from tableguard.local.moto.patch import wrap
from tableguard.local.watch import watch

_NOT_REACHED = ("email", "email-json", "http", "https", "sms")  # nothing leaves this machine


def install() -> None:
    """Wrap Subscription.publish."""
    wrap(Subscription, "publish", _publish)


def _publish(
    original: Callable[..., None], subscription: Subscription, message: str, message_id: str, **named: Any
) -> None:
    attributes = named.get("message_attributes")
    matcher = subscription._filter_policy_matcher
    if matcher is not None and not matcher.matches(attributes, message):
        return
    if named.get("message_structure") == "json":
        message = subscription._parse_message_structure(message, subscription.protocol)
        named["message_structure"] = None
    _note(subscription, message, named.get("subject") or "")
    if subscription.protocol in _NOT_REACHED:
        return
    if subscription.protocol != "lambda":
        original(subscription, message, message_id, **named)
        return
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


def _note(subscription: Subscription, message: str, subject: str) -> None:
    watching = watch.in_use()
    if watching is not None:
        topic, protocol, endpoint = subscription.topic.arn, subscription.protocol, subscription.endpoint
        now = watching.clock.now()
        watching.notifications.append(Notification(now, topic, protocol, endpoint, subject, message))


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
