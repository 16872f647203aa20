"""Corrections of moto's SNS: subscribers receive what their policies let them, as SNS hands it over, and it is noted.

moto asks no policy of a queue or function, and crashes where there is none. Its event for a function names example
topics and identifiers, and makes up the message's attributes. To a web address moto sends the message indeed; here
nothing leaves the machine. An e-mail address counts as confirmed.
https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from moto.sns.models import Subscription

from tableguard.aws.arn import require
from tableguard.local.alerts import targets
from tableguard.local.alerts.notification import Notification
from tableguard.local.alerts.service_permissions import Sender, UndeliverableError, on_behalf_of
from tableguard.local.function import functions
from tableguard.local.moto.patch import wrap
from tableguard.local.watch import watch

SERVICE = "sns.amazonaws.com"


def install() -> None:
    """Wrap Subscription.publish."""
    wrap(Subscription, "publish", _publish)


def _publish(
    original: Callable[..., None], subscription: Subscription, message: str, message_id: str, **named: Any
) -> None:
    matcher = subscription._filter_policy_matcher
    if matcher is not None and not matcher.matches(named.get("message_attributes"), message):
        return
    if named.get("message_structure") == "json":
        message = subscription._parse_message_structure(message, subscription.protocol)
        named["message_structure"] = None
    now, sender = _now(), on_behalf_of(SERVICE, subscription.topic.arn, subscription.topic.account_id)
    notification = _notification(subscription, message, message_id, named, now)
    try:
        if subscription.protocol == "sqs":
            _check_queue(sender, subscription)
            original(subscription, message, message_id, **named)
        elif subscription.protocol == "lambda":
            targets.invoke(
                sender, subscription.endpoint, json.dumps({"Records": [_record(subscription, notification)]})
            )
    except UndeliverableError as error:  # the publisher does not hear of it, on AWS neither
        _dead_letter(sender, subscription, notification, error)
    else:
        _note(subscription, now, named.get("subject") or "", message)


def _now() -> datetime:
    watching = watch.in_use()
    return datetime.now(UTC) if watching is None else watching.clock.now()


def _note(subscription: Subscription, now: datetime, subject: str, message: str) -> None:
    watching = watch.in_use()
    if watching is not None:
        topic, protocol, endpoint = subscription.topic.arn, subscription.protocol, subscription.endpoint
        watching.notifications.append(Notification(now, topic, protocol, endpoint, subject, message))


def _check_queue(sender: Sender, subscription: Subscription) -> None:
    """Return if the topic may send to the queue; moto reaches queues of the subscription's account alone."""
    if require(subscription.endpoint).account != subscription.account_id:
        raise UndeliverableError("NOT_MODELLED", f"not modelled: queue {subscription.endpoint} of another account")
    targets.require_queue(sender, subscription.endpoint)


def _notification(
    subscription: Subscription, message: str, message_id: str, named: dict[str, Any], now: datetime
) -> dict[str, Any]:
    """Return what a subscriber is handed. It has no signature to verify."""
    return {
        "Type": "Notification",
        "MessageId": message_id,
        "TopicArn": subscription.topic.arn,
        "Subject": named.get("subject"),
        "Message": message,
        "Timestamp": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "MessageAttributes": named.get("message_attributes") or {},
    }


def _record(subscription: Subscription, notification: dict[str, Any]) -> dict[str, Any]:
    return {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription.arn,
        "Sns": notification,
    }


def _dead_letter(
    sender: Sender, subscription: Subscription, notification: dict[str, Any], error: UndeliverableError
) -> None:
    """Send what could not be handed over to the subscription's dead-letter queue, and say so on the terminal."""
    running = functions.in_use()
    if running is not None:
        running.notices.note(f"topic {subscription.topic.name}: {error.message}")
    queue = json.loads(subscription.attributes.get("RedrivePolicy") or "{}").get("deadLetterTargetArn")
    if queue:
        try:
            targets.send(sender, queue, json.dumps(notification))
        except UndeliverableError as again:
            if running is not None:
                running.notices.note(f"topic {subscription.topic.name}: {again.message}")
