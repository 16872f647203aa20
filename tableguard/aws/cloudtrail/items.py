"""DynamoDB's calls on items: key values are written, of other attributes the names alone.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/understanding-ddb-log-entries.html
"""

import re
from collections.abc import Mapping
from typing import Any

from tableguard.aws.cloudtrail.words import small

Keys = Mapping[str, tuple[str, ...]]
REDACTED = "***(Redacted)"

# values of expressions and conditions are not written, nor what a caller sends along to be forgotten
_VALUES = frozenset(("ClientRequestToken", "Expected", "ExpressionAttributeValues", "Parameters", "NextToken"))
_LEGACY = ("AttributeUpdates", "KeyConditions", "QueryFilter", "ScanFilter")
# a transaction's actions are spelled as the sample has them, small letters in some places and capitals in others
_CAPITALS = {
    "Put": frozenset[str](),
    "Update": frozenset(("ConditionExpression", "ExpressionAttributeNames")),
    "Delete": frozenset(("TableName", "ReturnValuesOnConditionCheckFailure")),
    "ConditionCheck": frozenset(
        (
            "TableName",
            "Key",
            "ConditionExpression",
            "ExpressionAttributeNames",
            "ReturnValuesOnConditionCheckFailure",
        )
    ),
    "Get": frozenset[str](),
}
# the parameter that lists what an operation does, or says it
_LISTS = {
    "BatchExecuteStatement": "Statements",
    "BatchGetItem": "RequestItems",
    "BatchWriteItem": "RequestItems",
    "ExecuteStatement": "Statement",
    "ExecuteTransaction": "TransactStatements",
    "TransactGetItems": "TransactItems",
    "TransactWriteItems": "TransactItems",
}
_STRING = re.compile(r"'(?:[^']|'')*'")
_LITERAL = re.compile(r"'(?:[^']|'')*'|(?<![\w\"#:$.])[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w\"])")


def item_parameters(operation: str, parameters: Mapping[str, Any], keys: Keys) -> dict[str, Any]:
    """Return the requestParameters of an operation on items or streams; what is not of its shape is left out."""
    name = _LISTS.get(operation)
    if name is None:
        return _one_item(parameters, keys)
    if operation == "ExecuteStatement":
        written: Any = _redacted(parameters.get(name), keys)
        return {"statement": written, **_others(parameters, name)}
    if operation in ("BatchExecuteStatement", "ExecuteTransaction"):
        written = [{"statement": _redacted(entry.get("Statement"), keys)} for entry in _mappings(parameters.get(name))]
    elif operation in ("TransactGetItems", "TransactWriteItems"):
        entries = _mappings(parameters.get(name))
        written = [_action(kind, _mapping(request), keys) for entry in entries for kind, request in entry.items()]
    else:
        tables, batch_of = (
            _mapping(parameters.get(name)),
            _read_batch if operation == "BatchGetItem" else _written_batch,
        )
        written = [batch_of(table, batch, keys) for table, batch in tables.items()]
    return {"requestItems": written, **_others(parameters, name)}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list | tuple) else []


def _one_item(parameters: Mapping[str, Any], keys: Keys) -> dict[str, Any]:
    table = str(parameters.get("TableName", ""))
    record: dict[str, Any] = {"tableName": table} if table else {}
    if "Item" in parameters:
        item = _mapping(parameters["Item"])
        record |= {"key": _key_of(item, keys.get(table, ())), "item": list(item)}
    if "Key" in parameters:
        record["key"] = _plain_key(parameters["Key"])
    return {**record, **_others(parameters, "TableName", "Item", "Key", "ExclusiveStartKey")}


def _action(operation: str, request: Mapping[str, Any], keys: Keys) -> dict[str, Any]:
    """Return an action of a transaction."""
    capitals = _CAPITALS.get(operation, frozenset())
    record: dict[str, Any] = {"operation": operation}
    for name, value in request.items():
        written = name if name in capitals else small(name)
        if name == "Item":
            item = _mapping(value)
            record |= {"key": _key_of(item, keys.get(str(request.get("TableName")), ())), "items": list(item)}
        elif name == "Key":
            record[written] = _plain_key(value)
        elif name not in _VALUES:
            record[written] = value
    return record


def _written_batch(table: str, batch: Any, keys: Keys) -> dict[str, Any]:
    return {"tableName": table, "requests": [_write(entry, keys.get(table, ())) for entry in _mappings(batch)]}


def _write(entry: Mapping[str, Any], key: tuple[str, ...]) -> dict[str, Any]:
    if "PutRequest" in entry:
        item = _mapping(_mapping(entry["PutRequest"]).get("Item"))
        return {"putRequest": {"key": _key_of(item, key), "item": list(item)}}
    return {"deleteRequest": {"key": _plain_key(_mapping(entry.get("DeleteRequest")).get("Key"))}}


def _read_batch(table: str, batch: Any, _keys: Keys) -> dict[str, Any]:
    wanted = _mapping(batch)
    return {
        "tableName": table,
        "keys": [_plain_key(key) for key in _mappings(wanted.get("Keys"))],
        **_others(wanted, "Keys"),
    }


def _others(parameters: Mapping[str, Any], *apart: str) -> dict[str, Any]:
    """Return the parameters that hold no values of attributes; of the old conditions, the names of the attributes."""
    record: dict[str, Any] = {}
    for name, value in parameters.items():
        if name in _LEGACY and isinstance(value, Mapping):
            record[small(name)] = list(value)
        elif name not in apart and name not in _VALUES:
            record[small(name)] = value
    return record


def _key_of(item: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return _plain_key({name: item[name] for name in names if name in item})


def _plain_key(key: Any) -> dict[str, Any]:
    """Return a key without the letters of its types: its values as text."""
    if not isinstance(key, Mapping):
        return {}
    return {
        name: next(iter(value.values()), "") if isinstance(value, Mapping) else value for name, value in key.items()
    }


def _redacted(text: Any, keys: Keys) -> str:
    """Return a PartiQL statement whose values are redacted, but for what keys are compared with.

    The values of an INSERT are redacted with those of keys, as AWS's sample of BatchExecuteStatement has them.
    """
    statement = text if isinstance(text, str) else ""
    kept = frozenset(name for names in keys.values() for name in names)
    inserting = statement.lstrip()[:6].upper() == "INSERT"
    where = re.search(r"\bWHERE\b", _STRING.sub(lambda text: " " * len(text[0]), statement), re.IGNORECASE)
    begins = len(statement) if inserting or where is None else where.end()

    def replace(literal: re.Match[str]) -> str:
        if inserting and statement[literal.end() :].lstrip().startswith(":"):
            return literal[0]  # the name of an attribute
        before = statement[begins : literal.start()] if literal.start() >= begins else ""
        compared = re.search(r"(\w+)\"?\s*=\s*$", before)
        return literal[0] if compared and compared[1] in kept else REDACTED

    return _LITERAL.sub(replace, statement)
