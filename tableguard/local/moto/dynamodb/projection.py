"""Correction of moto's projections: AttributesToGet, and a ProjectionExpression of any path, in every read.

moto 5.2.5 ignores AttributesToGet in GetItem, Query and Scan, and both in TransactGetItems. It knows no elements of
lists, takes paths that overlap, and takes any text for a name.
"""

from collections.abc import Callable
from typing import Any

from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords
from moto.dynamodb.responses import DynamoHandler, ProjectionExpressionParser

from tableguard.aws.dynamodb import document_path
from tableguard.local.moto.dynamodb.requests import image
from tableguard.local.moto.patch import replace, wrap


def install() -> None:
    """Replace ProjectionExpressionParser.parse and Item.project; wrap the operations of DynamoHandler."""
    replace(ProjectionExpressionParser, "parse", _parse)
    replace(Item, "project", _project)
    for operation in ("get_item", "query", "scan", "transact_get_items"):
        wrap(DynamoHandler, operation, _projecting)


def _parse(parser: Any) -> list[document_path.Path]:
    text, names = parser.projection_expression, parser.expression_attribute_names
    parser.expr_attr_names_found += names  # which of them are unused is asked of all expressions together
    try:
        return document_path.paths(text, names, ReservedKeywords.get_reserved_keywords()) if text else []
    except ValueError as error:
        raise MockValidationException(f"Invalid ProjectionExpression: {error}") from error


def _project(item: Item, paths: list[document_path.Path]) -> Item:
    return Item(item.hash_key, item.range_key, document_path.selected(image(item) or {}, paths))


def _projecting(original: Callable[..., Any], handler: DynamoHandler) -> Any:
    """Project what moto leaves whole; AttributesToGet names top-level attributes, whatever characters they have."""
    gets = [item["Get"] for item in handler.body.get("TransactItems", [])]
    texts = [(get.get("ProjectionExpression"), get.get("ExpressionAttributeNames")) for get in gets]
    projections: list[Any] = [ProjectionExpressionParser(*text).parse() for text in texts]
    if "AttributesToGet" in handler.body:
        projections = [[[name] for name in handler.body["AttributesToGet"]]]
    answer = original(handler)
    responses = answer.result.get("Responses", [answer.result])
    for paths, response in zip(projections, responses, strict=False):
        if paths and "Item" in response:
            response["Item"] = document_path.selected(response["Item"], paths)
        if paths and "Items" in response:
            response["Items"] = [document_path.selected(item, paths) for item in response["Items"]]
    return answer
