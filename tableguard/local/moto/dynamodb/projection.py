"""Correction of moto's projections: AttributesToGet, and a ProjectionExpression of any path, in every read.

moto 5.2.5 ignores AttributesToGet in GetItem, Query and Scan, and both in TransactGetItems. It knows no elements of
lists, takes paths that overlap, takes any text for a name, and answers without what an index does not project.
"""

from collections.abc import Callable
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import SecondaryIndex, Table
from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords
from moto.dynamodb.responses import DynamoHandler, ProjectionExpressionParser

from tableguard.aws.dynamodb import projection
from tableguard.aws.dynamodb.expression import Path
from tableguard.local.moto.dynamodb.requests import image
from tableguard.local.moto.patch import replace, wrap


def install() -> None:
    """Replace ProjectionExpressionParser.parse and Item.project; wrap the operations of DynamoHandler."""
    replace(ProjectionExpressionParser, "parse", _parse)
    replace(Item, "project", _project)
    for operation in ("get_item", "query", "scan", "transact_get_items"):
        wrap(DynamoHandler, operation, _projecting)


def _parse(parser: Any) -> list[Path]:
    text, names = parser.projection_expression, parser.expression_attribute_names
    parser.expr_attr_names_found += names  # which of them are unused is asked of all expressions together
    try:
        return projection.parse(text, names, ReservedKeywords.get_reserved_keywords()) if text else []
    except ValueError as error:
        raise MockValidationException(f"Invalid ProjectionExpression: {error}") from error


def _project(item: Item, paths: list[Path]) -> Item:
    return Item(item.hash_key, item.range_key, projection.selected(image(item) or {}, paths))


def _projecting(original: Callable[..., Any], handler: DynamoHandler) -> Any:
    """Project what moto leaves whole; AttributesToGet names top-level attributes, whatever characters they have."""
    body = handler.body
    projections: list[Any] = [_paths(item["Get"]) for item in body.get("TransactItems", [])]
    if "AttributesToGet" in body:
        projections = [[(name,) for name in body["AttributesToGet"]]]
    if "IndexName" in body:
        _check_projected(handler, projections[0] if projections else _paths(body))
    answer = original(handler)
    responses = answer.result.get("Responses", [answer.result])
    for paths, response in zip(projections, responses, strict=False):
        if paths and "Item" in response:
            response["Item"] = projection.selected(response["Item"], paths)
        if paths and "Items" in response:
            response["Items"] = [projection.selected(item, paths) for item in response["Items"]]
    return answer


def _paths(request: dict[str, Any]) -> Any:
    names = request.get("ExpressionAttributeNames")
    return ProjectionExpressionParser(request.get("ProjectionExpression"), names).parse()


def _check_projected(handler: DynamoHandler, paths: list[Any]) -> None:
    """Refuse attributes that an index does not have; AWS would fetch those of a local one from its table."""
    body, table = handler.body, handler.dynamodb_backend.get_table(handler.body["TableName"])
    index = table.get_index(body["IndexName"], error_if_not=True)
    lacking = not_projected(table, index, {path[0] for path in paths})
    if index in table.indexes and (lacking or body.get("Select") == "ALL_ATTRIBUTES"):
        raise JsonRESTError("NotModelled", "not modelled: attributes that a local index has to fetch from its table")
    if lacking:
        raise MockValidationException(
            f"One or more parameter values were invalid: Global secondary index {index.name} does not project {lacking}"
        )


def not_projected(table: Table, index: SecondaryIndex, names: set[Any]) -> list[Any]:
    """Return those of the attributes that an index does not have."""
    own = {*index.schema_key_attrs, *table.table_key_attrs, *index.projection.get("NonKeyAttributes", [])}
    return [] if index.projection["ProjectionType"] == "ALL" else sorted(names - own)
