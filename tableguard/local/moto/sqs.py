"""Correction of moto's SQS: a queue is sought in the account that its URL names.

moto looks for it in the caller's account, so no queue is ever reached from another one. AWS reaches it, if its policy
and the caller's let it:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-basic-examples-of-sqs-policies.html
"""

import re

from moto.sqs.models import SQSBackend, sqs_backends
from moto.sqs.responses import SQSResponse

from tableguard.local.moto.patch import replace

_URL = re.compile(r"https?://[^/]+/([0-9]{12})/[^/]+")


def owner_of(url: object) -> str | None:
    """Return the account that a queue's URL names; None if it is no URL, or names none."""
    match = _URL.fullmatch(url) if isinstance(url, str) else None
    return match and match[1]


def _backend(handler: SQSResponse) -> SQSBackend:
    """Return the queues of the account that the URL names, or of the caller's where it names none."""
    account = owner_of(handler._get_param("QueueUrl")) or handler.current_account
    return sqs_backends[account][handler.region]


def install() -> None:
    """Replace SQSResponse.sqs_backend."""
    replace(SQSResponse, "sqs_backend", property(_backend))
