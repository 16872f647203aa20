"""Correction of moto's UpdateItem: changes take effect together on the item as it was, and are returned exactly.

moto 5.2.5 makes an item before it changes it, and changes one attribute after the other, so that list indexes shift and
a failure leaves half of them. It takes most of what is no expression for one, and returns the key as updated.
"""

from collections.abc import Sequence
from typing import Any

from botocore import xform_name
from moto.core.responses import ActionResult
from moto.dynamodb.exceptions import (
    ConditionalCheckFailed,
    ItemSizeTooLarge,
    ItemSizeToUpdateTooLarge,
    MockValidationException,
)
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

from tableguard.aws.dynamodb import update
from tableguard.aws.dynamodb.update import AttributeChange
from tableguard.aws.item_size import Image
from tableguard.local.moto.dynamodb import requests
from tableguard.local.moto.dynamodb.conditions import MotoCondition, read
from tableguard.local.moto.dynamodb.requests import Write, image
from tableguard.local.moto.patch import replace

OPTIONS = (
    "UpdateExpression",
    "ConditionExpression",
    "ReturnValuesOnConditionCheckFailure",
    "ExpressionAttributeNames",
    "ExpressionAttributeValues",
)


def install() -> None:
    """Replace update_item of DynamoHandler and of DynamoDBBackend."""
    replace(DynamoHandler, "update_item", update_item)
    replace(DynamoDBBackend, "update_item", _update_item)


def update_item(handler: DynamoHandler) -> ActionResult:
    """Change an item, and return what ReturnValues asks for."""
    body, backend = handler.body, handler.dynamodb_backend
    options = {xform_name(name): body[name] for name in OPTIONS if name in body}
    before = image(backend.get_item(body["TableName"], body["Key"]))
    after = image(backend.update_item(body["TableName"], body["Key"], **options))
    returned = _returned(body.get("ReturnValues", "NONE"), options, before, after)
    return ActionResult({"Attributes": returned} if returned else {})


def _returned(which: str, options: dict[str, Any], before: Image | None, after: Image | None) -> Image | None:
    side = before if which.endswith("OLD") else after
    if which.startswith("UPDATED"):
        return update.parts([change.path for change in changes_of(options)], side or {})
    return None if which == "NONE" else side


def changes_of(options: dict[str, Any]) -> list[AttributeChange]:
    """Return the changes that an update's expression states, or refuse it."""
    changes: list[AttributeChange] = []
    if (text := options.get("update_expression")) is not None:
        changes += read("UpdateExpression", update.parse, text, *_placeholders(options))
    return changes


def _placeholders(options: dict[str, Any]) -> tuple[Any, Any]:
    return options.get("expression_attribute_names"), options.get("expression_attribute_values")


def _update_item(backend: DynamoDBBackend, table_name: str, key: dict[str, Any], **options: Any) -> Item | None:
    table, before, changes = backend.get_table(table_name), backend.get_item(table_name, key), changes_of(options)
    for change in changes:
        if change.path[0] in table.table_key_attrs:
            raise MockValidationException(
                f"One or more parameter values were invalid: Cannot update attribute {change.path[0]}. "
                "This attribute is part of the key"
            )
    if not MotoCondition(options.get("condition_expression"), *_placeholders(options)).expr(before):
        is_returned = options.get("return_values_on_condition_check_failure") == "ALL_OLD"
        raise ConditionalCheckFailed(item=before.to_json()["Attributes"] if before and is_returned else None)
    if before is None and changes and all(change.verb == "REMOVE" for change in changes):
        requests.record(Write(table, None, None))  # it costs as a write, and makes no item
        return None
    return _put(table, changes, image(before) or key)


def _put(table: Table, changes: Sequence[AttributeChange], before: Image) -> Item:
    try:
        return table.put_item(dict(update.apply(changes, before)))
    except ValueError as error:
        raise MockValidationException(str(error)) from error
    except ItemSizeTooLarge as error:
        raise ItemSizeToUpdateTooLarge from error
