"""The permissions that DynamoDB's item operations require: actions, tables and indexes, and condition keys.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from moto.core.exceptions import JsonRESTError, ServiceException
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.parsing.key_condition_expression import parse_expression

from tableguard.aws.arn import parse
from tableguard.errors import EmbeddedError
from tableguard.local.authorization.call import ApiCall, RequiredPermission

SINGLE = frozenset({"GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan"})
_BATCHES = frozenset({"BatchGetItem", "BatchWriteItem"})
_TRANSACTIONS = {
    "ConditionCheck": "ConditionCheckItem",
    "Delete": "DeleteItem",
    "Get": "GetItem",
    "Put": "PutItem",
    "Update": "UpdateItem",
}
_PARTIQL = {"DELETE": "PartiQLDelete", "INSERT": "PartiQLInsert", "SELECT": "PartiQLSelect", "UPDATE": "PartiQLUpdate"}
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-iam.html
_STATEMENT = re.compile(
    r"""\s*(?P<verb>SELECT|INSERT|UPDATE|DELETE)\b(?:.*?\bFROM\s|\s+INTO\s|\s)\s*"?(?P<table>[\w.-]+?)"?"""
    r"""(?:\."(?P<index>[\w.-]+)")?(?=\s|$)""",
    re.IGNORECASE | re.DOTALL,
)
_EXPRESSIONS = (
    "ProjectionExpression",
    "UpdateExpression",
    "ConditionExpression",
    "FilterExpression",
    "KeyConditionExpression",
)
# the parameters that preceded expressions; their keys are names of attributes
_LEGACY = ("Item", "AttributeUpdates", "Expected", "KeyConditions", "QueryFilter", "ScanFilter")
# a name that begins a path: not what follows a dot, not a :value, not a function
_WORD = re.compile(r"(?<![\w.:#])(#?\w+)(?!\w*\s*\()")
_KEYWORDS = frozenset(["SET", "REMOVE", "ADD", "DELETE", "AND", "OR", "NOT", "BETWEEN", "IN"])
_ENCLOSED = {"TransactWriteItems": "TransactItems", "TransactGetItems": "TransactItems"}
_STATEMENTS = {"ExecuteTransaction": "TransactStatements", "BatchExecuteStatement": "Statements"}

Item = Mapping[str, Any]


def required_permissions(call: ApiCall) -> Iterator[RequiredPermission]:
    """Yield the permissions that an item operation requires; nothing for any other operation."""
    if call.operation in SINGLE:
        yield _permission(call, call.operation, call.parameters)
    elif call.operation in _BATCHES:
        yield from _of_batch(call)
    elif call.operation in _ENCLOSED:
        yield from _of_transaction(call)
    elif call.operation == "ExecuteStatement":
        yield _of_statement(call, call.parameters)
    elif call.operation in _STATEMENTS:
        yield from (_of_statement(call, statement) for statement in call.value(_STATEMENTS[call.operation]) or [])


def _permission(call: ApiCall, operation: str, request: Item, **more: Any) -> RequiredPermission:
    if "TableName" not in request:
        raise EmbeddedError(f"{call.action}: its parameters name no table")
    table, index = str(request["TableName"]), request.get("IndexName")
    keys = _leading_keys(call, table, index, operation, request)
    context: dict[str, Any] = {**_select_context(operation, request), **more}
    if keys:
        context["dynamodb:LeadingKeys"] = keys
    names = _named_attributes(request)
    if names:
        context["dynamodb:Attributes"] = names
    return RequiredPermission(f"dynamodb:{operation}", _arn(call, table, index), context)


def _arn(call: ApiCall, table: str, index: str | None) -> str:
    arn = table if table.startswith("arn:") else call.arn(f"table/{table}")
    return f"{arn}/index/{index}" if index else arn


def _select_context(operation: str, request: Item) -> dict[str, str]:
    """Return dynamodb:ReturnValues and dynamodb:Select, the latter with DynamoDB's default."""
    values = {"dynamodb:ReturnValues": request["ReturnValues"]} if request.get("ReturnValues") else {}
    if operation in ("Query", "Scan"):
        projects = bool(request.get("ProjectionExpression") or request.get("AttributesToGet"))
        default = "ALL_PROJECTED_ATTRIBUTES" if request.get("IndexName") else "ALL_ATTRIBUTES"
        values["dynamodb:Select"] = request.get("Select") or ("SPECIFIC_ATTRIBUTES" if projects else default)
    return values


def _leading_keys(call: ApiCall, table: str, index: str | None, operation: str, request: Item) -> tuple[str, ...]:
    """Return the partition keys that a request names; none for one that names none, such as a scan."""
    schema = _schema(call, table, index)
    if schema is None:
        return ()
    name = next(element["AttributeName"] for element in schema if element["KeyType"] == "HASH")
    if operation == "Query":
        return _queried_keys(schema, name, request)
    item = request.get("Item") if operation == "PutItem" else request.get("Key")
    return (_text(item[name]),) if isinstance(item, Mapping) and name in item else ()


def _schema(call: ApiCall, table: str, index: str | None) -> list[dict[str, str]] | None:
    """Return the key schema of a table or index; None if there is none, which DynamoDB refuses itself."""
    arn = parse(table)
    account, region = (arn.account, arn.region) if arn else (call.account, call.region)
    source: Any = dynamodb_backends[account][region].tables.get(table.rpartition("/")[2])
    if source is not None and index:
        source = next((candidate for candidate in source.all_indexes() if candidate.name == index), None)
    return None if source is None else list(source.schema)


def _queried_keys(schema: list[dict[str, str]], name: str, request: Item) -> tuple[str, ...]:
    if "KeyConditions" in request:
        condition = request["KeyConditions"].get(name, {})
        return tuple(_text(value) for value in condition.get("AttributeValueList", []))
    try:
        keys, *_ = parse_expression(
            request.get("KeyConditionExpression") or "",
            request.get("ExpressionAttributeValues") or {},
            request.get("ExpressionAttributeNames") or {},
            schema,
        )
    except (JsonRESTError, ServiceException):
        return ()  # no condition that DynamoDB understands: without a key no policy that asks for one allows it
    return tuple(_text(value) for _, value in keys)


def _text(value: Mapping[str, Any]) -> str:
    ((_, content),) = value.items()
    return str(content)


def _named_attributes(request: Item) -> tuple[str, ...]:
    """Return the attributes that a request names, each once; none for a read of all that names only its key."""
    names = dict.fromkeys(request.get("AttributesToGet") or [])
    names |= {name: None for parameter in _LEGACY for name in request.get(parameter) or {}}
    aliases: Mapping[str, str] = request.get("ExpressionAttributeNames") or {}
    for parameter in _EXPRESSIONS:
        words = _WORD.findall(request.get(parameter) or "")
        names |= {
            aliases.get(word, word): None for word in words if not word.isdigit() and word.upper() not in _KEYWORDS
        }
    return tuple({**dict.fromkeys(request.get("Key") or {}), **names}) if names else ()


def _of_batch(call: ApiCall) -> Iterator[RequiredPermission]:
    for table, request in (call.value("RequestItems") or {}).items():
        schema = _schema(call, table, None)
        hash_key = next((element["AttributeName"] for element in schema or [] if element["KeyType"] == "HASH"), "")
        items = request["Keys"] if call.operation == "BatchGetItem" else list(_written_items(request))
        keys = dict.fromkeys(_text(item[hash_key]) for item in items if hash_key in item)
        projection = {**request, "Key": {}} if isinstance(request, Mapping) else {"Item": dict.fromkeys(_names(items))}
        context: dict[str, Any] = {"dynamodb:LeadingKeys": tuple(keys)} if keys else {}
        names = _named_attributes(projection)
        if names:
            context["dynamodb:Attributes"] = names
        yield RequiredPermission(call.action, _arn(call, table, None), context)


def _written_items(requests: Iterable[Item]) -> Iterator[Item]:
    for write in requests:
        if "PutRequest" in write:
            yield write["PutRequest"]["Item"]
        elif "DeleteRequest" in write:  # an empty one is refused where it is carried out
            yield write["DeleteRequest"]["Key"]


def _names(items: Iterable[Item]) -> Iterator[str]:
    for item in items:
        yield from item


def _of_transaction(call: ApiCall) -> Iterator[RequiredPermission]:
    for entry in call.value(_ENCLOSED[call.operation]) or []:
        for verb, request in entry.items():
            enclosing = {"dynamodb:EnclosingOperation": call.operation}
            yield _permission(call, _TRANSACTIONS[verb], request, **enclosing)


def _of_statement(call: ApiCall, statement: Item) -> RequiredPermission:
    """Return the permission of a PartiQL statement, without leading keys: they stand in its text, which is not read.

    A policy that allows certain leading keys only therefore does not allow it.
    """
    match = _STATEMENT.match(statement.get("Statement") or "")
    if match is None:
        raise EmbeddedError(f"{call.action}: no table can be read from the statement, so nobody can be allowed it")
    context = {"dynamodb:EnclosingOperation": call.operation} if call.operation == "ExecuteTransaction" else {}
    return RequiredPermission(
        f"dynamodb:{_PARTIQL[match['verb'].upper()]}", _arn(call, match["table"], match["index"]), context
    )
