"""What a request does to the table and is answered: whatever the product's own code asks of it.

What is read eventually consistent, from the table or its index, comes from a replica, which lags.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from stream_lambda.items import FURTHER_AT, INDEX, Item
from tests.explorer.expressions import NotModelled, holds, updated
from tests.explorer.model_table import Items, Key, key_of
from tests.explorer.people.client import Refusal
from tests.explorer.pool import Frozen, freeze

Request = Mapping[str, Any]
WRITES = frozenset(("put_item", "update_item", "transact_write_items"))
_FAILED = "ConditionalCheckFailed"
_TOLD = {"TableName", "ReturnConsumedCapacity", "ReturnValuesOnConditionCheckFailure"}  # change nothing in the model
_WRITE = {"Item", "Key", "UpdateExpression", "ConditionExpression", "ExpressionAttributeValues"}
_QUERY = {
    "IndexName",
    "KeyConditionExpression",
    "FilterExpression",
    "ProjectionExpression",
    "ExpressionAttributeValues",
    "ScanIndexForward",
    "Limit",
    "ExclusiveStartKey",
    "ConsistentRead",
}


@dataclass(frozen=True)
class Answer:
    """What is answered, and the items that are written with it."""

    value: Frozen
    written: dict[Key, Item] = field(default_factory=dict)


def carry_out(operation: str, request: Request, rows: Items, replica: Items) -> Answer:
    """Return the answer to a request, and what it writes."""
    return _OPERATIONS[operation](request, rows, replica)


def touched(operation: str, request: Request) -> list[Key]:
    """Return the keys of the items that a request is about; none for one about whole partitions, or the replica."""
    if operation == "transact_write_items":
        return [_key(write) for transaction in request["TransactItems"] for write in transaction.values()]
    return [_key(request)] if operation in WRITES else []


def query(request: Request, rows: Items, replica: Items) -> Answer:
    """Items of a partition, in the order of their range key; those of the index with equal keys in an order of its own.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LSI.html: "not returned in any particular order"
    """
    _only(request, _QUERY)
    of_index = request.get("IndexName") == INDEX
    source = rows if request.get("ConsistentRead") else replica
    values = request["ExpressionAttributeValues"]
    keys = request["KeyConditionExpression"]
    inside = [item for item in source.values() if holds(keys, item, values) and (FURTHER_AT in item or not of_index)]
    place = _place_in_index if of_index else _place_in_table
    ordered = sorted(inside, key=place, reverse=not request.get("ScanIndexForward", True))
    if start := request.get("ExclusiveStartKey"):
        ordered = [item for item in ordered if (place(item) > place(start)) is request.get("ScanIndexForward", True)]
        ordered = [item for item in ordered if place(item) != place(start)]
    page = ordered[: request.get("Limit", len(ordered))]
    shown = [item for item in page if holds(request.get("FilterExpression", "pk = pk"), item, values)]
    names = re.findall(r"\w+", request.get("ProjectionExpression", ""))
    answer: dict[str, Any] = {"Items": [{name: item[name] for name in names or item if name in item} for item in shown]}
    if "Limit" in request and len(page) == request["Limit"]:
        wanted = ("pk", "sk", FURTHER_AT) if of_index else ("pk", "sk")
        answer["LastEvaluatedKey"] = {name: page[-1][name] for name in wanted}
    return Answer(freeze(answer))


def _place_in_table(item: Item) -> tuple[str, ...]:
    return (item["sk"]["S"],)


def _place_in_index(item: Item) -> tuple[str, ...]:
    return item[FURTHER_AT]["S"], item["sk"]["S"][::-1]


def _get_item(request: Request, rows: Items, replica: Items) -> Answer:
    _only(request, {"Key", "ConsistentRead"})
    source = rows if request.get("ConsistentRead") else replica
    key = key_of(request["Key"])
    return Answer(freeze({"Item": source[key]} if key in source else {}))


def _batch_get_item(request: Request, rows: Items, replica: Items) -> Answer:
    _only(request, {"RequestItems"})
    ((name, wanted),) = request["RequestItems"].items()
    source = rows if wanted.get("ConsistentRead") else replica
    items = [source[key] for key in map(key_of, wanted["Keys"]) if key in source]
    return Answer(freeze({"Responses": {name: items}}))


def _write(request: Request, rows: Items, replica: Items) -> Answer:
    written = _written(request, rows)
    if written is None:
        return Answer(freeze_refusal(Refusal("ConditionalCheckFailedException")))
    return Answer(_DONE, written)


def _transact_write_items(request: Request, rows: Items, replica: Items) -> Answer:
    _only(request, {"TransactItems"})
    writes = [(verb, write) for transaction in request["TransactItems"] for verb, write in transaction.items()]
    results = [_written(write, rows) for _, write in writes]
    if None in results:
        reasons = tuple(_FAILED if result is None else "None" for result in results)
        return Answer(freeze_refusal(Refusal("TransactionCanceledException", reasons)))
    changes = [result for (verb, _), result in zip(writes, results, strict=True) if result and verb != "ConditionCheck"]
    return Answer(_DONE, {key: item for change in changes for key, item in change.items()})


def _written(request: Request, rows: Items) -> dict[Key, Item] | None:
    """Return the item as it is after a write; None if the condition does not hold."""
    _only(request, _WRITE)
    key = _key(request)
    before = rows.get(key, {})
    values = request.get("ExpressionAttributeValues", {})
    if "ConditionExpression" in request and not holds(request["ConditionExpression"], before, values):
        return None
    if "Item" in request:
        return {key: request["Item"]}
    if "UpdateExpression" not in request:  # a check of a transaction
        return {key: before}
    if not before and request["UpdateExpression"].startswith("REMOVE"):  # which makes no item
        return {}
    return {key: updated(request["UpdateExpression"], before, values) | request["Key"]}


def _key(write: Request) -> Key:
    return key_of(write.get("Item", write.get("Key", {})))


def freeze_refusal(refusal: Refusal) -> Frozen:
    """Return a refusal as it may be compared."""
    return Frozen(repr(refusal), refusal)


_DONE = freeze({})
_OPERATIONS: dict[str, Callable[[Request, Items, Items], Answer]] = {
    "query": query,
    "get_item": _get_item,
    "batch_get_item": _batch_get_item,
    "put_item": _write,
    "update_item": _write,
    "transact_write_items": _transact_write_items,
}


def _only(request: Request, modelled: set[str]) -> None:
    if unknown := set(request) - modelled - _TOLD:
        raise NotModelled(f"{sorted(unknown)} of a request")
