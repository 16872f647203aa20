"""The client that an act is stopped at: with boto3's paginator and its classes of errors."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

from tests.explorer.pool import Frozen
from tests.explorer.program import StoppedClient


class ConditionalCheckFailed(ClientError):
    """A condition did not hold."""


class TransactionCanceled(ClientError):
    """A condition of a transaction did not hold."""


_CLASSES = {
    "ConditionalCheckFailedException": ConditionalCheckFailed,
    "TransactionCanceledException": TransactionCanceled,
}


@dataclass(frozen=True)
class Refusal:
    """An answer that is an error: DynamoDB's code, and the reasons for which a transaction is cancelled."""

    code: str
    reasons: tuple[str, ...] = ()

    @property
    def error(self) -> ClientError:
        """Return it as boto3 raises it."""
        response: Any = {
            "Error": {"Code": self.code, "Message": ""},
            "CancellationReasons": [{"Code": reason} for reason in self.reasons],
        }
        return _CLASSES[self.code](response, "any")


@dataclass
class TableClient(StoppedClient):
    """As much of boto3's client as the product's own code uses."""

    exceptions = SimpleNamespace(**_CLASSES)

    def get_paginator(self, operation: str) -> "_Paginator":
        """Return what asks for page after page of a query."""
        return _Paginator(self, operation)

    def answer(self, frozen: Frozen) -> Any:
        """Return an answer, or raise it."""
        if isinstance(frozen.value, Refusal):
            raise frozen.value.error
        return copy.deepcopy(frozen.value)


@dataclass(frozen=True)
class _Paginator:
    client: TableClient
    operation: str

    def paginate(self, **request: Any) -> Iterator[Any]:
        while True:
            answer = getattr(self.client, self.operation)(**request)
            yield answer
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
