"""Corrections of moto's SQS: a queue is sought in the account that its URL names, and has attributes as AWS allows.

moto looks for it in the caller's account, so no queue is ever reached from another one. AWS reaches it, if its policy
and the caller's let it:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-basic-examples-of-sqs-policies.html

moto takes any number of seconds, AWS those between two limits:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from moto.sqs.exceptions import InvalidAttributeValue
from moto.sqs.models import Queue, SQSBackend, sqs_backends
from moto.sqs.responses import SQSResponse

from tableguard.local.moto.patch import replace, wrap

_URL = re.compile(r"https?://[^/]+/([0-9]{12})/[^/]+")


def owner_of(url: object) -> str | None:
    """Return the account that a queue's URL names; None if it is no URL, or names none."""
    match = _URL.fullmatch(url) if isinstance(url, str) else None
    return match and match[1]


def _backend(handler: SQSResponse) -> SQSBackend:
    """Return the queues of the account that the URL names, or of the caller's where it names none."""
    account = owner_of(handler._get_param("QueueUrl")) or handler.current_account
    return sqs_backends[account][handler.region]


_LIMITS = {
    "DelaySeconds": (0, 900),
    "MessageRetentionPeriod": (60, 1_209_600),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, 43_200),
}


def install() -> None:
    """Replace SQSResponse.sqs_backend and Queue._set_attributes."""
    replace(SQSResponse, "sqs_backend", property(_backend))
    wrap(Queue, "_set_attributes", _set_attributes)


def _set_attributes(
    set_attributes: Callable[..., None], queue: Queue, attributes: Mapping[str, Any], now: float | None = None
) -> None:
    for name, (least, most) in _LIMITS.items():
        value = str(attributes.get(name, least))
        if not value.isdecimal() or not least <= int(value) <= most:
            raise InvalidAttributeValue(name)
    set_attributes(queue, attributes, now)
