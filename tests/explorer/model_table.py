"""What one call does to a table: the model that every exploration and every mutant of the function runs against."""

import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from stream_lambda.batch_get import KEYS_PER_CALL
from stream_lambda.items import Item
from tests.explorer.expressions import NotModelled, holds, updated
from tests.explorer.pool import Frozen, freeze
from tests.worlds.watched_client import refused

Key = tuple[str, str]
Items = Mapping[Key, Item]
WRITES = ("update_item", "put_item", "delete_item")
TIMEOUT = "ReadTimeout"  # no answer: nobody knows whether it was done


@dataclass(frozen=True)
class Failure:
    """An answer that is an error: DynamoDB's code, or TIMEOUT."""

    code: str


@dataclass(frozen=True)
class Effect:
    """What a write answers, and what the item is after it; None: there is none."""

    answer: Frozen
    item: Frozen | None


def key_of(item: Mapping[str, Any]) -> Key:
    """The key of an item."""
    return item["pk"]["S"], item["sk"]["S"]


def failed(code: str) -> Frozen:
    """The answer of a call that failed."""
    return Frozen(code, Failure(code))


def written_key(operation: str, request: Mapping[str, Any]) -> Key:
    """Which item a write is about."""
    return key_of(request["Item"] if operation == "put_item" else request["Key"])


def write(operation: str, request: Mapping[str, Any], before: Frozen | None) -> Effect:
    """What a write does to its item."""
    if operation != "update_item":
        _only(request, "TableName", "Key" if operation == "delete_item" else "Item")
        return Effect(_DONE, None if operation == "delete_item" else freeze(request["Item"]))
    _only(request, "TableName", "Key", "UpdateExpression", "ConditionExpression", "ExpressionAttributeValues")
    item = {} if before is None else before.value
    values = request["ExpressionAttributeValues"]
    if "ConditionExpression" in request and not holds(request["ConditionExpression"], item, values):
        return Effect(failed("ConditionalCheckFailedException"), before)
    return Effect(_DONE, freeze(updated(request["UpdateExpression"], item, values) | request["Key"]))


def batch_get(request: Mapping[str, Any], items: Items, answered: int = KEYS_PER_CALL) -> Frozen:
    """The items of the first keys; the other keys are left unprocessed."""
    ((name, asked),) = request["RequestItems"].items()
    _only(asked, "Keys", "ConsistentRead")
    keys, left = asked["Keys"][:answered], asked["Keys"][answered:]
    found = [items[key_of(key)] for key in keys if key_of(key) in items]
    return freeze({"Responses": {name: found}, "UnprocessedKeys": {name: {"Keys": left}} if left else {}})


def query(request: Mapping[str, Any], entries: Items) -> Frozen:
    """The entries of an index under one value of its partition key, by their range key `sk`."""
    _only(request, "TableName", "IndexName", "KeyConditionExpression", "ExpressionAttributeValues")
    condition = re.fullmatch(r"(\w+) = (:\w+)", request["KeyConditionExpression"])
    if condition is None:
        raise NotModelled(request["KeyConditionExpression"])
    name, wanted = condition[1], request["ExpressionAttributeValues"][condition[2]]
    found = [item for item in entries.values() if item.get(name) == wanted]
    return freeze({"Items": sorted(found, key=lambda item: item["sk"]["S"])})


_DONE = freeze({})


def _only(request: Mapping[str, Any], *known: str) -> None:
    if unknown := set(request) - set(known):
        raise NotModelled(f"{sorted(unknown)} of a request")


@dataclass
class ModelTable:
    """The model as a client for one table, for a function that is run from beginning to end."""

    items: dict[Key, Item] = field(default_factory=dict)

    def batch_get_item(self, **request: Any) -> Any:
        return deepcopy(batch_get(request, self.items).value)

    def put_item(self, **request: Any) -> Any:
        return self._write("put_item", request)

    def update_item(self, **request: Any) -> Any:
        return self._write("update_item", request)

    def _write(self, operation: str, request: dict[str, Any]) -> Any:
        key = written_key(operation, request)
        effect = write(operation, deepcopy(request), freeze(self.items[key]) if key in self.items else None)
        if isinstance(effect.answer.value, Failure):
            raise refused(effect.answer.value.code)
        self.items[key] = effect.item.value if effect.item else {}
        return {}
