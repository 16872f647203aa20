"""Correction of moto's values: numbers are as DynamoDB keeps them, and sets have no element twice.

moto 5.2.5 takes any text for a number and returns it so, and finds no item under a key that is written otherwise.
"""

from collections.abc import Callable
from typing import Any

from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.responses import DynamoHandler

from tableguard.aws.dynamodb import number
from tableguard.local.moto.dynamodb import capacity
from tableguard.local.moto.patch import wrap

_ELEMENTS = {"SS": "string", "NS": "number", "BS": "binary"}


def install() -> None:
    """Wrap the operations of DynamoHandler that read or write items."""
    for operation in (*capacity.READS, *capacity.WRITES):
        wrap(DynamoHandler, operation, _with_canonical_values)


def _with_canonical_values(original: Callable[[DynamoHandler], Any], handler: DynamoHandler) -> Any:
    try:
        handler.body = _canonical(handler.body)
    except ValueError as error:
        raise MockValidationException(str(error)) from error
    return original(handler)


def _canonical(part: Any) -> Any:
    """Return a part of a request with its numbers and sets as DynamoDB keeps them; ValueError says why it would not."""
    if isinstance(part, list):
        return [_canonical(element) for element in part]
    if not isinstance(part, dict):
        return part
    match list(part.items()):
        case [("N", str(text))]:
            return {"N": number.canonical(text)}
        case [(("SS" | "NS" | "BS") as kind, list(elements))]:
            return {kind: _distinct(kind, [number.canonical(each) for each in elements] if kind == "NS" else elements)}
    return {name: _canonical(element) for name, element in part.items()}


def _distinct(kind: str, elements: list[Any]) -> list[Any]:
    invalid = "One or more parameter values were invalid"
    if not elements:
        raise ValueError(f"{invalid}: An {_ELEMENTS[kind]} set  may not be empty")
    if len(set(elements)) < len(elements):
        raise ValueError(f"{invalid}: Input collection {elements} contains duplicates.")
    return elements
