"""Correction of moto's TransactWriteItems, which ignores ClientRequestToken: it makes a request idempotent."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult
from moto.dynamodb.exceptions import ERROR_TYPE_PREFIX
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.responses import DynamoHandler

from tableguard.local.moto.dynamodb import capacity, requests
from tableguard.local.moto.patch import wrap

# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
TOKEN_SECONDS = 600


def install(clock: Callable[[], float] = time.monotonic) -> None:
    """Wrap DynamoHandler.transact_write_items."""
    wrap(DynamoHandler, "transact_write_items", partial(idempotent, clock))


@dataclass(frozen=True)
class _CompletedTransaction:
    """A transaction completed under a token: its items as text, the sizes it wrote, and its time in seconds."""

    items: str
    sizes: tuple[tuple[str, int], ...]
    at: float


def idempotent(
    clock: Callable[[], float], original: Callable[[DynamoHandler], ActionResult], handler: DynamoHandler
) -> ActionResult:
    """Carry out TransactWriteItems; a token that comes again within ten minutes writes nothing anew."""
    request, token = requests.current(), handler.body.get("ClientRequestToken")
    if request is None or token is None:
        return original(handler)
    done, items = _recent(handler.dynamodb_backend, clock()), _canonical_text(handler.body["TransactItems"])
    if token in done:
        return _answer_again(done[token], items, request)
    result = original(handler)
    done[token] = _CompletedTransaction(items, tuple(capacity.sizes(handler, request)), clock())
    return result


def _recent(backend: DynamoDBBackend, now: float) -> dict[str, _CompletedTransaction]:
    """Return the transactions of the last ten minutes, kept on moto's backend so that a reset forgets them too."""
    done: dict[str, _CompletedTransaction] = vars(backend).setdefault("transactions_by_token", {})
    for token in [token for token, transaction in done.items() if now - transaction.at >= TOKEN_SECONDS]:
        del done[token]
    return done


def _canonical_text(items: list[dict[str, Any]]) -> str:
    return json.dumps(items, sort_keys=True, default=repr)  # binary values are bytes here


def _answer_again(done: _CompletedTransaction, items: str, request: requests.DynamoDbRequest) -> ActionResult:
    if items != done.items:
        raise JsonRESTError(
            f"{ERROR_TYPE_PREFIX}IdempotentParameterMismatchException",
            "A request with this ClientRequestToken was made within ten minutes, and its TransactItems were others",
        )
    request.repeats = done.sizes
    return ActionResult({})
