"""Correction of moto's conditions and filters: values are compared by their types, and what is no condition is refused.

moto 5.2.5 crashes where types differ or `size` has a number, knows neither `NOT NOT` nor parts of binary values, and
takes most of what is no condition for one.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Self

from moto.dynamodb import models, responses
from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.models import table
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords
from moto.dynamodb.responses import DynamoHandler

from tableguard.aws.dynamodb import condition
from tableguard.local.moto.dynamodb.requests import image
from tableguard.local.moto.patch import replace, wrap


def install() -> None:
    """Replace moto's two functions that read conditions, wherever they are used; wrap query and scan."""
    replace(responses, "create_condition_expression_parser", MotoCondition)
    replace(models, "create_condition_expression_parser", MotoCondition)
    replace(models, "get_filter_expression", MotoCondition)
    replace(table, "get_filter_expression", MotoCondition)
    for operation in ("query", "scan"):
        wrap(DynamoHandler, operation, _search)


@cache
def reserved() -> frozenset[str]:
    """Return the words that no attribute is called by without a placeholder."""
    return frozenset(ReservedKeywords.get_reserved_keywords())


def read(kind: str, parse: Callable[..., Any], text: str, names: Any, values: Any) -> Any:
    """Return what an expression states, or refuse it."""
    try:
        return parse(text, names or {}, values or {}, reserved())
    except ValueError as error:
        raise MockValidationException(f"Invalid {kind}: {error}") from error


class MotoCondition:
    """A condition in the place of moto's parser, and of what that returns; without a text it always holds."""

    def __init__(
        self,
        text: str | None,
        names: Mapping[str, str] | None,
        values: Mapping[str, Any] | None,
        kind: str = "ConditionExpression",
    ) -> None:
        """Read a condition, or refuse it."""
        self.expr_attr_names_found = re.findall(r"#\w+", text or "")
        self._holds = None if text is None else read(kind, condition.parse, text, names, values)

    def parse(self) -> Self:
        """Return itself."""
        return self

    def expr(self, item: Item | None) -> bool:
        """Return whether it holds for an item; None for one that is absent."""
        return self._holds is None or self._holds(image(item) or {})


def _search(original: Callable[[DynamoHandler], Any], handler: DynamoHandler) -> Any:
    names, values = (handler.body.get(f"ExpressionAttribute{kind}") for kind in ("Names", "Values"))
    MotoCondition(handler.body.get("FilterExpression"), names, values, kind="FilterExpression")
    return original(handler)
