"""Correction of moto's UPDATED_NEW, which holds the key too: AWS's leaves it out, and is absent where it is empty."""

from collections.abc import Callable

from moto.core.responses import ActionResult
from moto.dynamodb.responses import DynamoHandler

from tableguard.local.moto.patch import wrap


def install() -> None:
    """Wrap DynamoHandler.update_item."""
    wrap(DynamoHandler, "update_item", _with_exact_updated_new)


def _with_exact_updated_new(
    update_item: Callable[[DynamoHandler], ActionResult], handler: DynamoHandler
) -> ActionResult:
    answer = update_item(handler)
    if handler.body.get("ReturnValues") == "UPDATED_NEW" and isinstance(answer.result, dict):
        attributes = answer.result.pop("Attributes")
        changed = {name: value for name, value in attributes.items() if name not in handler.body["Key"]}
        answer.result.update({"Attributes": changed} if changed else {})
    return answer
