"""Correction of moto's threads, which lose updates to one another: here requests run one at a time."""

from collections.abc import Callable
from contextlib import nullcontext
from threading import RLock
from typing import Any

from moto.dynamodb.responses import DynamoHandler
from moto.dynamodbstreams.responses import DynamoDBStreamsHandler

from tableguard.local.moto.dynamodb import forwarding
from tableguard.local.moto.patch import wrap

_one_at_a_time = RLock()


def install() -> None:
    """Wrap call_action of the handlers of DynamoDB and its streams with a lock."""
    wrap(DynamoHandler, "call_action", _call_alone)
    wrap(DynamoDBStreamsHandler, "call_action", _call_alone)


def _call_alone(call_action: Callable[[Any], Any], handler: Any) -> Any:
    with nullcontext() if forwarding.is_forwarded(handler) else _one_at_a_time:
        return call_action(handler)
