"""Correction of moto's TransactWriteItems: it copies no table, and is cancelled with a reason for each item.

moto 5.2.5 copies every table that a transaction touches, 30 s at 100,000 items. When the transaction is cancelled, the
copies replace the tables, and iterators over their streams go on reading tables that no longer exist. It takes more
than 4 MB, and refuses as a whole what AWS cancels for the sake of one item.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""

from collections.abc import Callable
from typing import Any

from botocore import xform_name
from moto.core.responses import ActionResult
from moto.dynamodb.exceptions import (
    ConditionalCheckFailed,
    KeyIsEmptyStringException,
    MockValidationException,
    MultipleTransactionsException,
    TooManyTransactionsException,
    TransactionCanceledException,
    TransactWriteSingleOpException,
)
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.responses import DynamoHandler, validate_put_has_empty_keys

from tableguard.aws.item_size import item_size
from tableguard.local.moto.dynamodb import requests
from tableguard.local.moto.dynamodb.conditions import MotoCondition
from tableguard.local.moto.dynamodb.updates import OPTIONS, changes_of
from tableguard.local.moto.patch import replace

BYTES, ITEMS = 4 * 1024 * 1024, 100
Options = dict[str, Any]


def install() -> None:
    """Replace transact_write_items of DynamoHandler and of DynamoDBBackend."""
    replace(DynamoHandler, "transact_write_items", transact_write_items)
    replace(DynamoDBBackend, "transact_write_items", _carry_out)


def transact_write_items(handler: DynamoHandler) -> ActionResult:
    """Carry out a transaction whose expressions can be read."""
    items = handler.body["TransactItems"]
    for write in (write for item in items for write in item.values()):
        MotoCondition(write.get("ConditionExpression"), *(write.get(name) for name in OPTIONS[-2:]))
        changes_of(_options(write))
    handler.dynamodb_backend.transact_write_items(items)
    request = requests.current()
    if request and sum(item_size(write.new or {}) for write in request.writes) > BYTES:
        raise MockValidationException("Collection size cannot exceed 4 MB")
    return ActionResult({})


def _options(write: dict[str, Any]) -> Options:
    return {xform_name(name): write[name] for name in OPTIONS if name in write}


def _carry_out(backend: DynamoDBBackend, items: list[dict[str, Any]]) -> None:
    """Write item after item, or raise why each one is not written; the request undoes its own writes."""
    if len(items) > ITEMS:
        raise TooManyTransactionsException
    if any(len(item) > 1 for item in items):
        raise TransactWriteSingleOpException
    targets = [(write["TableName"], repr(_key(backend, write))) for item in items for write in item.values()]
    if len(set(targets)) < len(targets):
        raise MultipleTransactionsException
    reasons = [_failure(backend, *entry) for item in items for entry in item.items()]
    if any(code for code, *_ in reasons):
        raise TransactionCanceledException(reasons)


def _key(backend: DynamoDBBackend, write: dict[str, Any]) -> dict[str, Any]:
    attributes = write.get("Key") or write.get("Item") or {}
    names = backend.get_table(write["TableName"]).table_key_attrs
    return {name: attributes[name] for name in names if name in attributes}


def _failure(backend: DynamoDBBackend, kind: str, write: dict[str, Any]) -> tuple[str | None, str | None, Any]:
    """Write an item, or return the code and message of why it cannot be, and the item where it is asked for."""
    old = None
    try:
        old = backend.get_item(write["TableName"], _key(backend, write))
        _WRITES[kind](backend, write, _options(write))
    except KeyIsEmptyStringException:
        raise
    except ConditionalCheckFailed as failure:
        is_returned = old is not None and write.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
        return "ConditionalCheckFailed", failure.message, old.to_json()["Attributes"] if old and is_returned else None
    except MockValidationException as error:
        return "ValidationError", error.message, None
    return None, None, None


def _put(backend: DynamoDBBackend, write: dict[str, Any], options: Options) -> None:
    validate_put_has_empty_keys(write["Item"], backend.get_table(write["TableName"]))
    backend.put_item(write["TableName"], write["Item"], **options)


def _check(backend: DynamoDBBackend, write: dict[str, Any], options: Options) -> None:
    names, values = options.get("expression_attribute_names"), options.get("expression_attribute_values")
    condition = MotoCondition(options.get("condition_expression"), names, values)
    if not condition.expr(backend.get_item(write["TableName"], write["Key"])):
        raise ConditionalCheckFailed


_WRITES: dict[str, Callable[[DynamoDBBackend, dict[str, Any], Options], Any]] = {
    "Put": _put,
    "Update": lambda backend, write, options: backend.update_item(write["TableName"], write["Key"], **options),
    "Delete": lambda backend, write, options: backend.delete_item(write["TableName"], write["Key"], **options),
    "ConditionCheck": _check,
}
