"""Correction of moto's half-done requests: the writes of one take effect together, or none does.

moto writes item by item and straight into the stream. Here an answer tells of AWS's capacity too.
"""

from collections.abc import Callable

from moto.core.responses import ActionResult
from moto.dynamodb.responses import DynamoHandler

from tableguard.local.moto.dynamodb import capacity, requests, streams
from tableguard.local.moto.patch import wrap

_PARTIQL = ("execute_statement", "batch_execute_statement", "execute_transaction")


def install() -> None:
    """Wrap the operations of DynamoHandler that read or write items."""
    for action in (*capacity.READS, *capacity.WRITES, *_PARTIQL):
        wrap(DynamoHandler, action, _atomic)


def _atomic(action: Callable[[DynamoHandler], ActionResult], handler: DynamoHandler) -> ActionResult:
    with requests.request() as request:
        result = action(handler)
    for write in request.writes:
        streams.publish(write)
    name = action.__name__
    if name not in _PARTIQL and isinstance(result.result, dict):
        capacity.report(handler, name, request, result.result)
    return result
