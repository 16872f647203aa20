"""Corrections of moto's DynamoDB: requests run one at a time, whole or not at all, within DynamoDB's limits.

moto 5.2.5 loses updates under threads, leaves half-done updates behind, copies every touched table (streams included)
for a transaction, forgets client tokens, and accepts requests that DynamoDB refuses.
"""

import copy
import decimal
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import wraps
from threading import RLock
from typing import Any

from moto.core.responses import ActionResult
from moto.dynamodb.exceptions import (
    ItemSizeTooLarge,
    ItemSizeToUpdateTooLarge,
    KeyIsEmptyStringException,
    MockValidationException,
)
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler
from moto.dynamodbstreams.responses import DynamoDBStreamsHandler

from tableguard.aws.item_size import AttributeValue, Image, item_size, significant_digits
from tableguard.local.moto.dynamodb import capacity, expressions, forwarding, query, requests, streams, transactions
from tableguard.local.moto.dynamodb.requests import Write
from tableguard.local.moto.patch import replace

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
ITEM_BYTES = 409_600
NUMBER_DIGITS = 38
BATCH_ITEMS = 25

_PARTIQL = ("execute_statement", "batch_execute_statement", "execute_transaction")
_one_at_a_time = RLock()


def install() -> None:
    """Put this and the folder's other corrections into moto; each names the function that it replaces."""
    for handler in (DynamoHandler, DynamoDBStreamsHandler):
        replace(handler, "call_action", _one_request_at_a_time(handler.call_action))
    replace(DynamoHandler, "batch_write_item", _within_batch_limits(DynamoHandler.batch_write_item))
    replace(DynamoHandler, "update_item", _with_exact_updated_new(DynamoHandler.update_item))
    expressions.install()
    streams.install()
    transactions.install()
    query.install()
    for action in (*capacity.READS, *capacity.WRITES, *_PARTIQL):
        replace(DynamoHandler, action, _atomic(action, getattr(DynamoHandler, action)))
    # moto's sums up all attributes on each assignment, against a wrong limit
    replace(LimitedSizeDict, "__setitem__", dict.__setitem__)
    replace(Table, "put_item", _recording_put(Table.put_item))
    replace(Table, "delete_item", _recording_delete(Table.delete_item))
    replace(DynamoDBBackend, "update_item", _refusing_empty_keys(_recording_update(DynamoDBBackend.update_item)))
    replace(DynamoDBBackend, "delete_item", _refusing_empty_keys(DynamoDBBackend.delete_item))
    forwarding.install()


def _one_request_at_a_time(call_action: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Wrap a handler's call_action with a lock: moto loses updates of concurrent threads, AWS does not."""

    @wraps(call_action)
    def call_alone(handler: Any) -> Any:
        with nullcontext() if forwarding.is_forwarded(handler) else _one_at_a_time:
            return call_action(handler)

    return call_alone


def _atomic(name: str, action: Callable[[DynamoHandler], ActionResult]) -> Callable[[DynamoHandler], ActionResult]:
    """Wrap an operation so that its writes take effect together, and its answer reports AWS's capacity."""

    @wraps(action)
    def perform(handler: DynamoHandler) -> ActionResult:
        # decimal's own default of 28 digits would round sums that DynamoDB keeps
        with requests.request() as request, decimal.localcontext(prec=NUMBER_DIGITS):
            result = action(handler)
        for write in request.writes:
            streams.publish(write)
        if name not in _PARTIQL and isinstance(result.result, dict):
            capacity.report(handler, name, request, result.result)
        return result

    return perform


def _recording_put(original: Callable[..., Item]) -> Callable[..., Item]:
    """Wrap Table.put_item: refuse items that DynamoDB refuses, and record the write."""

    @wraps(original)
    def put_item(table: Table, item_attrs: dict[str, Any], *args: Any, **kwargs: Any) -> Item:
        _refuse(table, item_attrs, ItemSizeTooLarge, _INDEX_KEY_PUT)
        before = _stored_item(table, item_attrs)
        after = original(table, item_attrs, *args, **kwargs)
        _record(Write(table, before, after))
        return after

    return put_item


def _recording_delete(original: Callable[..., Item | None]) -> Callable[..., Item | None]:
    """Wrap Table.delete_item: record the write."""

    @wraps(original)
    def delete_item(table: Table, *key: Any, **kwargs: Any) -> Item | None:
        before = original(table, *key, **kwargs)
        _record(Write(table, before, None))
        return before

    return delete_item


def _recording_update(original: Callable[..., Item]) -> Callable[..., Item]:
    """Wrap DynamoDBBackend.update_item so that it is one write.

    moto creates a missing item first, and changes attributes before it has checked them all.
    """

    @wraps(original)
    def update_item(backend: DynamoDBBackend, table_name: str, key: dict[str, Any], *args: Any, **kwargs: Any) -> Item:
        table = backend.get_table(table_name)
        before = copy.deepcopy(_stored_item(table, key))
        # moto iterates over the changes of an update that has none
        kwargs["attribute_updates"] = kwargs.get("attribute_updates") or {}
        try:
            with requests.unrecorded():
                after = original(backend, table_name, key, *args, **kwargs)
            write = Write(table, before, after)
            _refuse(table, write.new or {}, ItemSizeToUpdateTooLarge, _INDEX_KEY_UPDATE)
        except BaseException:  # whatever it was, the item is as before, and the exception goes on
            _restore(table, key, before)
            raise
        _record(write)
        return after

    return update_item


def _with_exact_updated_new(
    original: Callable[[DynamoHandler], ActionResult],
) -> Callable[[DynamoHandler], ActionResult]:
    """Wrap DynamoHandler.update_item: AWS's UPDATED_NEW leaves out the key, and is absent where it is empty."""

    @wraps(original)
    def update_item(handler: DynamoHandler) -> ActionResult:
        answer = original(handler)
        if handler.body.get("ReturnValues") == "UPDATED_NEW" and isinstance(answer.result, dict):
            attributes = answer.result.pop("Attributes")
            changed = {name: value for name, value in attributes.items() if name not in handler.body["Key"]}
            answer.result.update({"Attributes": changed} if changed else {})
        return answer

    return update_item


def _refusing_empty_keys(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap an update or deletion to refuse an empty string in its key, as AWS does, and moto elsewhere.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
    """

    @wraps(original)
    def write(backend: DynamoDBBackend, table_name: str, key: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        for name, value in key.items():
            if "" in value.values():
                raise KeyIsEmptyStringException(name)
        return original(backend, table_name, key, *args, **kwargs)

    return write


def _record(write: Write) -> None:
    if not requests.record(write):
        streams.publish(write)  # an import, which is no request


def _stored_item(table: Table, attributes: dict[str, Any]) -> Item | None:
    """Return the item under the key among these attributes; None for a key that moto will refuse."""
    if not all(name in attributes for name in table.table_key_attrs):
        return None
    key = [DynamoType(attributes[name]) for name in table.table_key_attrs]
    return table.get_item(key[0], key[1] if table.has_range_key else None)


def _restore(table: Table, key: dict[str, Any], before: Item | None) -> None:
    now = _stored_item(table, key)
    if now is not None:
        requests.restore(table, now, before)


_INDEX_KEY_PUT = (
    "One or more parameter values were invalid: Type mismatch for Index Key {name} Expected: {expected} "
    "Actual: {actual} IndexName: {index}"
)
_INDEX_KEY_UPDATE = "The update expression attempted to update the secondary index key to unsupported type"


def _refuse(table: Table, item: Image, too_large: Callable[[], MockValidationException], index_key: str) -> None:
    """Refuse index keys of another type, over-precise numbers and over-large items, as DynamoDB does."""
    types = {definition["AttributeName"]: definition["AttributeType"] for definition in table.attr}
    for index in table.all_indexes():
        for name in types.keys() & item.keys() & set(index.schema_key_attrs):
            actual = next(iter(item[name]))
            if actual != types[name]:
                raise MockValidationException(
                    index_key.format(name=name, expected=types[name], actual=actual, index=index.name)
                )
    try:
        precise = max(map(significant_digits, _numbers(item.values())), default=0)
        size = item_size(item)
    except decimal.InvalidOperation:
        return  # not a number: moto refuses it itself, in AWS's words
    if precise > NUMBER_DIGITS:
        raise MockValidationException(f"Attempting to store more than {NUMBER_DIGITS} significant digits in a Number")
    if size > ITEM_BYTES:
        raise too_large()


def _numbers(values: Any) -> Iterator[str]:
    value: AttributeValue
    for value in values:
        ((kind, content),) = value.items()
        if kind == "N":
            yield content
        elif kind == "NS":
            yield from content
        elif kind == "M":
            yield from _numbers(content.values())
        elif kind == "L":
            yield from _numbers(content)


def _within_batch_limits(original: Callable[[DynamoHandler], ActionResult]) -> Callable[[DynamoHandler], ActionResult]:
    """Wrap DynamoHandler.batch_write_item with AWS's limits: 25 items in all tables together, each key once."""

    @wraps(original)
    def batch_write_item(handler: DynamoHandler) -> ActionResult:
        by_table = handler.body.get("RequestItems", {})
        if sum(map(len, by_table.values())) > BATCH_ITEMS:
            raise MockValidationException("Too many items requested for the BatchWriteItem call")
        for table_name, items in by_table.items():
            _refuse_repetition(handler.dynamodb_backend.get_table(table_name), items)
        return original(handler)

    return batch_write_item


def _refuse_repetition(table: Table, items: list[dict[str, Any]]) -> None:
    """Refuse two items of one key, as AWS does: moto compares whole items."""
    puts, deletes = ([item.get(verb, {}) for item in items] for verb in ("PutRequest", "DeleteRequest"))
    keyed = [put.get("Item") or delete.get("Key") or {} for put, delete in zip(puts, deletes, strict=True)]
    keys = [tuple(str(attributes.get(name)) for name in table.table_key_attrs) for attributes in keyed]
    if len(set(keys)) < len(keys):
        raise MockValidationException("Provided list of item keys contains duplicates")
