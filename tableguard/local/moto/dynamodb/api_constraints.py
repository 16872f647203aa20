"""Correction of moto's DynamoDB: a request follows the API's model, and its expressions AWS's rules for them.

moto 5.2.5 looks at unused names in some operations, never at unused values, and mixes expressions with what they
replaced.
"""

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from moto.core.parse import JSONParser
from moto.dynamodb.responses import DynamoHandler
from moto.dynamodbstreams.responses import DynamoDBStreamsHandler

from tableguard.aws.dynamodb import expression_parameters, table_definition
from tableguard.local.moto import api_model
from tableguard.local.moto.dynamodb import forwarding
from tableguard.local.moto.patch import wrap


def install() -> None:
    """Check what moto itself answers, of DynamoHandler and DynamoDBStreamsHandler."""
    for handler in (DynamoHandler, DynamoDBStreamsHandler):
        api_model.install(handler, lambda request: not forwarding.is_forwarded(request), _faults)
    wrap(JSONParser, "_parse_structure", _parse_structure)


def _parse_structure(original: Callable[..., Any], parser: JSONParser, shape: Any, value: Any) -> Any:
    """Take a string or a number as it is, in which moto looks for ten kinds of values."""
    is_text = shape.name == "AttributeValue" and api_model.is_text(value)
    return dict(value) if is_text else original(parser, shape, value)


def _faults(body: dict[str, Any]) -> Iterator[str]:
    return chain(
        chain.from_iterable(map(expression_parameters.faults, _with_expressions(body))),
        table_definition.faults(body),
    )


def _with_expressions(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what may have expressions of its own: a request, each part of a transaction, each table of a batch."""
    yield body
    for item in body.get("TransactItems", []):
        yield from item.values()
    yield from (of_table for of_table in body.get("RequestItems", {}).values() if isinstance(of_table, dict))
