"""What DynamoDB tells about a request for items: actions, tables and indexes, and the keys that conditions ask for.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from moto.core.exceptions import JsonRESTError, ServiceException
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.parsing.key_condition_expression import parse_expression

from tableguard.errors import EmbeddedError
from tableguard.local.authorization.call import Call, Need

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
# what came before expressions, each with attributes' names for keys
_LEGACY = ("Item", "AttributeUpdates", "Expected", "KeyConditions", "QueryFilter", "ScanFilter")
# a name that begins a path: not what follows a dot, not a :value, not a function
_WORD = re.compile(r"(?<![\w.:#])(#?\w+)(?!\w*\s*\()")
_KEYWORDS = frozenset(["SET", "REMOVE", "ADD", "DELETE", "AND", "OR", "NOT", "BETWEEN", "IN"])
_ENCLOSED = {"TransactWriteItems": "TransactItems", "TransactGetItems": "TransactItems"}
_STATEMENTS = {"ExecuteTransaction": "TransactStatements", "BatchExecuteStatement": "Statements"}

Item = Mapping[str, Any]


def needs(call: Call) -> Iterator[Need]:
    """What a request for items needs leave for; nothing if it is no such request."""
    if call.operation in SINGLE:
        yield _need(call, call.operation, call.parameters)
    elif call.operation in _BATCHES:
        yield from _of_batch(call)
    elif call.operation in _ENCLOSED:
        yield from _of_transaction(call)
    elif call.operation == "ExecuteStatement":
        yield _of_statement(call, call.parameters)
    elif call.operation in _STATEMENTS:
        yield from (_of_statement(call, each) for each in call.value(_STATEMENTS[call.operation]) or [])


def _need(call: Call, operation: str, asked: Item, **more: Any) -> Need:
    if "TableName" not in asked:
        raise EmbeddedError(f"{call.action}: its parameters name no table")
    table, index = str(asked["TableName"]), asked.get("IndexName")
    keys = _leading_keys(call, table, index, operation, asked)
    context: dict[str, Any] = {**_selected(operation, asked), **more}
    if keys:
        context["dynamodb:LeadingKeys"] = keys
    names = _attributes(asked)
    if names:
        context["dynamodb:Attributes"] = names
    return Need(f"dynamodb:{operation}", _arn(call, table, index), context)


def _arn(call: Call, table: str, index: str | None) -> str:
    arn = table if table.startswith("arn:") else call.arn(f"table/{table}")
    return f"{arn}/index/{index}" if index else arn


def _selected(operation: str, asked: Item) -> dict[str, str]:
    """dynamodb:ReturnValues and dynamodb:Select, the latter with what DynamoDB takes for granted."""
    found = {"dynamodb:ReturnValues": asked["ReturnValues"]} if asked.get("ReturnValues") else {}
    if operation in ("Query", "Scan"):
        chosen = bool(asked.get("ProjectionExpression") or asked.get("AttributesToGet"))
        whole = "ALL_PROJECTED_ATTRIBUTES" if asked.get("IndexName") else "ALL_ATTRIBUTES"
        found["dynamodb:Select"] = asked.get("Select") or ("SPECIFIC_ATTRIBUTES" if chosen else whole)
    return found


def _leading_keys(call: Call, table: str, index: str | None, operation: str, asked: Item) -> tuple[str, ...]:
    """The partition keys that are asked for; none where the request does not say them, as a scan does not."""
    schema = _schema(call, table, index)
    if schema is None:
        return ()
    name = next(each["AttributeName"] for each in schema if each["KeyType"] == "HASH")
    if operation == "Query":
        return _queried(schema, name, asked)
    item = asked.get("Item") if operation == "PutItem" else asked.get("Key")
    return (_text(item[name]),) if isinstance(item, Mapping) and name in item else ()


def _schema(call: Call, table: str, index: str | None) -> list[dict[str, str]] | None:
    """The key schema of a table or index; None if there is none, as DynamoDB will say itself."""
    arn = table.split(":")
    account, region = (arn[4], arn[3]) if len(arn) == 6 else (call.account, call.region)
    found: Any = dynamodb_backends[account][region].tables.get(table.rpartition("/")[2])
    if found is not None and index:
        found = next((each for each in found.all_indexes() if each.name == index), None)
    return None if found is None else list(found.schema)


def _queried(schema: list[dict[str, str]], name: str, asked: Item) -> tuple[str, ...]:
    if "KeyConditions" in asked:
        condition = asked["KeyConditions"].get(name, {})
        return tuple(_text(value) for value in condition.get("AttributeValueList", []))
    try:
        keys, *_ = parse_expression(
            asked.get("KeyConditionExpression") or "",
            asked.get("ExpressionAttributeValues") or {},
            asked.get("ExpressionAttributeNames") or {},
            schema,
        )
    except (JsonRESTError, ServiceException):
        return ()  # no condition that DynamoDB understands: without a key nobody is allowed by it
    return tuple(_text(value) for _, value in keys)


def _text(value: Mapping[str, Any]) -> str:
    ((_, content),) = value.items()
    return str(content)


def _attributes(asked: Item) -> tuple[str, ...]:
    """The attributes that a request names, each once; none for a read that names but its key and returns them all."""
    names = dict.fromkeys(asked.get("AttributesToGet") or [])
    names |= {name: None for parameter in _LEGACY for name in asked.get(parameter) or {}}
    short: Mapping[str, str] = asked.get("ExpressionAttributeNames") or {}
    for parameter in _EXPRESSIONS:
        words = _WORD.findall(asked.get(parameter) or "")
        names |= {short.get(word, word): None for word in words if not word.isdigit() and word.upper() not in _KEYWORDS}
    return tuple({**dict.fromkeys(asked.get("Key") or {}), **names}) if names else ()


def _of_batch(call: Call) -> Iterator[Need]:
    for table, asked in (call.value("RequestItems") or {}).items():
        schema = _schema(call, table, None)
        hash_key = next((each["AttributeName"] for each in schema or [] if each["KeyType"] == "HASH"), "")
        items = asked["Keys"] if call.operation == "BatchGetItem" else list(_written(asked))
        keys = dict.fromkeys(_text(item[hash_key]) for item in items if hash_key in item)
        projection = {**asked, "Key": {}} if isinstance(asked, Mapping) else {"Item": dict.fromkeys(_names(items))}
        context: dict[str, Any] = {"dynamodb:LeadingKeys": tuple(keys)} if keys else {}
        names = _attributes(projection)
        if names:
            context["dynamodb:Attributes"] = names
        yield Need(call.action, _arn(call, table, None), context)


def _written(requests: Iterable[Item]) -> Iterator[Item]:
    for each in requests:
        if "PutRequest" in each:
            yield each["PutRequest"]["Item"]
        elif "DeleteRequest" in each:  # an empty one is refused where it is carried out
            yield each["DeleteRequest"]["Key"]


def _names(items: Iterable[Item]) -> Iterator[str]:
    for item in items:
        yield from item


def _of_transaction(call: Call) -> Iterator[Need]:
    for each in call.value(_ENCLOSED[call.operation]) or []:
        for verb, asked in each.items():
            enclosing = {"dynamodb:EnclosingOperation": call.operation}
            yield _need(call, _TRANSACTIONS[verb], asked, **enclosing)


def _of_statement(call: Call, statement: Item) -> Need:
    """PartiQL names its keys within the text, where they are not looked for: who needs them is not allowed."""
    match = _STATEMENT.match(statement.get("Statement") or "")
    if match is None:
        raise EmbeddedError(f"{call.action}: no table can be read from the statement, so nobody can be allowed it")
    context = {"dynamodb:EnclosingOperation": call.operation} if call.operation == "ExecuteTransaction" else {}
    return Need(f"dynamodb:{_PARTIQL[match['verb'].upper()]}", _arn(call, match["table"], match["index"]), context)
