"""Correction of moto's keys: those of a request have the names and types of the schema, and so have page tokens.

moto 5.2.5 reads a KeyConditionExpression letter by letter, and takes two conditions on a key, any type and, in updates
and deletions, the empty string. Any page token will do: one that was tampered with crashes, or begins a page anywhere.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
"""

import re
from collections.abc import Callable, Collection
from inspect import signature
from typing import Any

from moto.dynamodb import responses
from moto.dynamodb.exceptions import KeyIsEmptyStringException, MockValidationException
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table
from moto.dynamodb.parsing.key_condition_expression import validate_schema
from moto.dynamodb.responses import DynamoHandler

from tableguard.aws.dynamodb import key_condition
from tableguard.aws.dynamodb.condition import comparable
from tableguard.local.moto.dynamodb import capacity
from tableguard.local.moto.dynamodb.conditions import reserved
from tableguard.local.moto.dynamodb.projection import not_projected
from tableguard.local.moto.patch import replace, wrap

_NAME = re.compile(r"(?<![\w:.#\[])#?\w+(?!\s*\(|\w)")
_INVALID = "One or more parameter values were invalid"


def install() -> None:
    """Replace responses.parse_expression; wrap the functions of DynamoDBBackend and DynamoHandler that take keys."""
    replace(responses, "parse_expression", _parse)
    wrap(DynamoDBBackend, "get_schema", _get_schema)
    for operation in ("update_item", "delete_item"):
        wrap(DynamoDBBackend, operation, _with_key)
    for operation in ("get_item", "batch_get_item", "transact_get_items"):
        wrap(DynamoHandler, operation, _with_keys)
    for operation in ("query", "scan"):
        wrap(DynamoDBBackend, operation, _search)


def _parse(
    key_condition_expression: str,
    expression_attribute_values: dict[str, Any],
    expression_attribute_names: dict[str, str],
    schema: list[dict[str, str]],
) -> Any:
    try:
        read = key_condition.conditions(key_condition_expression, expression_attribute_names)
    except ValueError as error:
        raise MockValidationException(str(error)) from error
    results = [(key, how, [expression_attribute_values[value] for value in values]) for key, how, values in read]
    return *validate_schema(results, schema), list(expression_attribute_names)


def _get_schema(_: Callable[..., Any], backend: DynamoDBBackend, table_name: str, index_name: str | None) -> Any:
    table = backend.get_table(table_name)
    return table.get_index(index_name, error_if_not=True).schema if index_name else table.schema


def _with_key(
    original: Callable[..., Any], backend: DynamoDBBackend, name: str, key: Any, *args: Any, **more: Any
) -> Any:
    _check_key(backend.get_table(name), key)
    return original(backend, name, key, *args, **more)


def _with_keys(original: Callable[..., Any], handler: DynamoHandler) -> Any:
    for name, key, _ in capacity.keys(handler, original.__name__):
        _check_key(handler.dynamodb_backend.get_table(name), key)
    return original(handler)


def _check_key(table: Table, key: dict[str, Any]) -> None:
    _require(_fits(table, table.table_key_attrs, key), "The provided key element does not match the schema")
    if empty := [part for part, value in key.items() if "" in value.values() or b"" in value.values()]:
        raise KeyIsEmptyStringException(empty[0])


def _search(original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Look at the conditions, the filter and the page token of a query or scan."""
    search = signature(original).bind(*args, **kwargs).arguments
    table: Table = search["self"].get_table(search["table_name"])
    index = table.get_index(search["index_name"], error_if_not=True) if search.get("index_name") else None
    schema = index.schema_key_attrs if index else table.table_key_attrs
    hashes, ranges = search.get("hash_key_conditions") or [], search.get("range_key_conditions") or []
    values = [*hashes, *((key, value) for key, _, values in ranges for value in values)]
    fit = all(_fits(table, [key], {key: value}) for key, value in values)
    prefixed = any(how.upper() == "BEGINS_WITH" and "N" in value for _, how, (value, *_) in ranges)
    _require(fit and not prefixed, "Condition parameter type does not match schema type, or begins_with is of no text")
    for bounds in (values for _, how, values in ranges if how.upper() == "BETWEEN"):
        is_interval = comparable(bounds[0]) <= comparable(bounds[1])
        _require(is_interval, "The BETWEEN operator requires upper bound to be greater than or equal to lower bound")
    names = search.get("expr_names") or {}
    words = _NAME.findall(search.get("filter_expression") or "")
    filtered = {names.get(word, word) for word in words if word.upper() not in reserved()}
    _require(not hashes or not filtered & {*schema}, "Filter Expression can only contain non-primary key attributes")
    lacking = not_projected(table, index, filtered) if index and hashes else []
    _require(not lacking, f"{_INVALID}: Secondary index does not project one or more filter attributes: {lacking}")
    start, key = search["exclusive_start_key"], {*schema, *table.table_key_attrs}
    if start is not None:
        within = _fits(table, key, start) and not (hashes and len(key) == 1)
        _require(within, "The provided starting key is invalid: ExclusiveStartKey does not match the schema")
        at = all(DynamoType(start[name]) == DynamoType(value) for name, value in hashes)
        _require(at, "The provided starting key is outside query boundaries based on provided conditions")
        at = all(DynamoType(start[name]).compare(how, [*map(DynamoType, values)]) for name, how, values in ranges)
        _require(at, "The provided starting key does not match the range key predicate")
    return original(*args, **kwargs)


def _fits(table: Table, names: Collection[str], values: dict[str, Any]) -> bool:
    types = {definition["AttributeName"]: definition["AttributeType"] for definition in table.attr}
    return {name: next(iter(value)) for name, value in values.items()} == {name: types[name] for name in names}


def _require(is_so: bool, what: str) -> None:
    if not is_so:
        raise MockValidationException(what)
