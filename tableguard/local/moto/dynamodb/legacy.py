"""Correction of moto's parameters of before there were expressions: they mean what the expressions mean that AWS names.

moto 5.2.5 takes every binary, set or Boolean value of AttributeUpdates for a string, ignores Expected where it deletes
and ConditionalOperator everywhere, and compares in ways of its own.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LegacyConditionalParameters.html
"""

from collections.abc import Callable, Mapping
from typing import Any

from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.responses import DynamoHandler

from tableguard.aws.dynamodb.expression import RewrittenExpression
from tableguard.local.moto.patch import wrap

_CONDITIONS = {"Expected": "ConditionExpression", "QueryFilter": "FilterExpression", "ScanFilter": "FilterExpression"}
_INVALID = "One or more parameter values were invalid"
# the fewest and the most values of a comparison, and its expression: {0} the attribute, {1} the first value
_COMPARISONS = {
    "EQ": (1, 1, "{0} = {1}"),
    "NE": (1, 1, "{0} <> {1}"),
    "LE": (1, 1, "{0} <= {1}"),
    "LT": (1, 1, "{0} < {1}"),
    "GE": (1, 1, "{0} >= {1}"),
    "GT": (1, 1, "{0} > {1}"),
    "NOT_NULL": (0, 0, "attribute_exists({0})"),
    "NULL": (0, 0, "attribute_not_exists({0})"),
    "CONTAINS": (1, 1, "contains({0}, {1})"),
    "NOT_CONTAINS": (1, 1, "attribute_exists({0}) AND NOT contains({0}, {1})"),
    "BEGINS_WITH": (1, 1, "begins_with({0}, {1})"),
    "IN": (1, 100, "{0} IN ({all})"),
    "BETWEEN": (2, 2, "{0} BETWEEN {1} AND {2}"),
}
_SCALARS_ONLY = ("IN", "CONTAINS", "NOT_CONTAINS")


def install() -> None:
    """Wrap the operations of DynamoHandler that have such parameters."""
    for operation in ("put_item", "update_item", "delete_item", "query", "scan"):
        wrap(DynamoHandler, operation, _with_expressions)


def _with_expressions(original: Callable[[DynamoHandler], Any], handler: DynamoHandler) -> Any:
    body = handler.body
    if "ConditionalOperator" in body and not any(len(body.get(name) or ()) > 1 for name in _CONDITIONS):
        raise MockValidationException(
            "ConditionalOperator can only be used when Filter or Expected has two or more elements"
        )
    joint = body.pop("ConditionalOperator", "AND")
    for legacy, parameter in _CONDITIONS.items():
        if conditions := body.pop(legacy, None):
            texts = [_condition(body, legacy, *entry) for entry in conditions.items()]
            body[parameter] = RewrittenExpression(f" {joint} ".join(f"({text})" for text in texts))
    if updates := body.pop("AttributeUpdates", None):
        body["UpdateExpression"] = RewrittenExpression(_update(body, updates))
    return original(handler)


def _placeholder(body: dict[str, Any], kind: str, meaning: Any) -> str:
    entries = body.setdefault(f"ExpressionAttribute{kind}", {})
    placeholder = f"{'#' if kind == 'Names' else ':'}legacy{len(entries)}"
    entries[placeholder] = meaning
    return placeholder


def _condition(body: dict[str, Any], legacy: str, name: str, entry: Mapping[str, Any]) -> str:
    compared = entry.get("ComparisonOperator")
    values = entry.get("AttributeValueList", [])
    if legacy == "Expected" and ("Value" in entry or "Exists" in entry):
        if compared or "AttributeValueList" in entry:
            raise MockValidationException(f"{_INVALID}: Value or Exists cannot be used with ComparisonOperator: {name}")
        exists, values = entry.get("Exists", True), [entry["Value"]] if "Value" in entry else []
        if exists != bool(values):
            raise MockValidationException(f"{_INVALID}: Value must be used exactly where Exists is true: {name}")
        compared = "EQ" if exists else "NULL"
    if compared not in _COMPARISONS:
        raise MockValidationException(f"{_INVALID}: ComparisonOperator must be used with AttributeValueList: {name}")
    least, most, text = _COMPARISONS[compared]
    if not least <= len(values) <= most:
        raise MockValidationException(
            f"{_INVALID}: Invalid number of argument(s) for the {compared} ComparisonOperator"
        )
    kinds = [next(iter(value)) for value in values]
    if compared == "IN" and len(set(kinds)) > 1:
        raise MockValidationException(f"{_INVALID}: AttributeValues inside AttributeValueList must be of same type")
    for kind in kinds:
        if compared in _SCALARS_ONLY and kind not in ("S", "N", "B", "BOOL", "NULL"):
            raise MockValidationException(
                f"{_INVALID}: ComparisonOperator {compared} is not valid for {kind} AttributeValue type"
            )
    placeholders = [_placeholder(body, "Values", value) for value in values]
    return text.format(_placeholder(body, "Names", name), *placeholders, all=", ".join(placeholders))


def _update(body: dict[str, Any], updates: Mapping[str, Mapping[str, Any]]) -> str:
    sections: dict[str, list[str]] = {}
    for name, change in updates.items():
        action, is_valued = change.get("Action", "PUT"), "Value" in change
        if not is_valued and action != "DELETE":
            raise MockValidationException(
                f"{_INVALID}: Only DELETE action is allowed when no attribute value is specified"
            )
        verb = "SET" if action == "PUT" else action if is_valued else "REMOVE"
        text = _placeholder(body, "Names", name)
        if action == "ADD" and "L" in change.get("Value", {}):
            verb, empty = "SET", _placeholder(body, "Values", {"L": []})
            added = _placeholder(body, "Values", change["Value"])
            text += f" = list_append(if_not_exists({text}, {empty}), {added})"
        elif is_valued:
            text += f"{' = ' if verb == 'SET' else ' '}{_placeholder(body, 'Values', change['Value'])}"
        sections.setdefault(verb, []).append(text)
    return " ".join(f"{verb} {', '.join(texts)}" for verb, texts in sections.items())
