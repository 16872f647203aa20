"""What DynamoDB refuses of a table's definition and tags, whatever tables there are.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

TAGS = 50
_TABLE_NAME = re.compile(r"[a-zA-Z0-9_.-]{3,255}")
_TAG = re.compile(r"[\w\s+=.:/@-]*")
_INDEXES = ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")


def faults(body: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the request to create a table, or to tag one; nothing of any other request."""
    if "KeySchema" in body:
        yield from _faults_of_table(body)
    tags = body.get("Tags", [])
    if len(tags) > TAGS or ("ResourceArn" in body and tags == [] and "Tags" in body):
        yield f"One or more parameter values were invalid: there are {len(tags)} Tags, of 1 to {TAGS}"
    for text in (text for tag in tags for text in tag.values() if not _TAG.fullmatch(text)):
        yield f"One or more parameter values were invalid: a tag may not have the characters of '{text}'"


def _faults_of_table(body: Mapping[str, Any]) -> Iterator[str]:
    if not _TABLE_NAME.fullmatch(body["TableName"].rpartition("/")[2]):
        yield "TableName must have 3 to 255 characters, of a-z, A-Z, 0-9, '_', '-', and '.'"
    if "AttributeDefinitions" not in body:
        yield "One or more parameter values were invalid: AttributeDefinitions is missing"
    table_keys = [key["AttributeName"] for key in body["KeySchema"]]
    yield from _faults_of_key(body["KeySchema"], is_global=False)
    indexes = [index for kind in _INDEXES for index in body.get(kind, [])]
    for name in _repeated(index["IndexName"] for index in indexes):
        yield f"One or more parameter values were invalid: Duplicate index name: {name}"
    for name in _repeated(definition["AttributeName"] for definition in body.get("AttributeDefinitions", [])):
        yield f"Cannot have two attributes with the same name: Duplicate AttributeName {name}"
    for index in body.get("LocalSecondaryIndexes", []):
        if (
            len(table_keys) < 2
            or index["KeySchema"][0]["AttributeName"] != table_keys[0]
            or len(index["KeySchema"]) != 2
        ):
            yield "A local index has 2 keys: the table's hash key, and a range key, as the table itself has one"
        yield from _faults_of_key(index["KeySchema"], is_global=False)
    for index in body.get("GlobalSecondaryIndexes", []):
        yield from _faults_of_key(index["KeySchema"], is_global=True)
    for index in indexes:
        yield from _faults_of_projection(index["Projection"])


def _faults_of_key(schema: Iterable[Mapping[str, str]], *, is_global: bool) -> Iterator[str]:
    kinds = [key["KeyType"] for key in schema]
    if kinds[0] != "HASH" or kinds != sorted(kinds) or (not is_global and kinds.count("HASH") > 1):
        yield "Invalid KeySchema: The first KeySchemaElement is the HASH key, and the RANGE key follows it"
    for name in _repeated(key["AttributeName"] for key in schema):
        yield f"Both the Hash Key and the Range Key element in the KeySchema have the same name: {name}"


def _faults_of_projection(projection: Mapping[str, Any]) -> Iterator[str]:
    kind, attributes = projection.get("ProjectionType"), projection.get("NonKeyAttributes", [])
    if kind is None:
        yield "One or more parameter values were invalid: Unknown ProjectionType: null"
    elif (kind == "INCLUDE") != bool(attributes):
        yield f"ProjectionType is {kind}, but NonKeyAttributes is {'' if attributes else 'not '}specified"
    for name in _repeated(attributes):
        yield f"One or more parameter values were invalid: Duplicate NonKeyAttributes: {name}"


def _repeated(names: Iterable[str]) -> list[str]:
    counted = list(names)
    return sorted({name for name in counted if counted.count(name) > 1})
