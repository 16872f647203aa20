"""A read returns the attributes that it names, along any path."""

from typing import Any

import pytest

from tests.worlds.items import KEY, put_item
from tests.worlds.moto_modes import Aws, Case, as_aws_answers, cases, item, of_plain_dynamodb, refused

DEEP = {"M": {"list": {"L": [{"N": "1"}, {"M": {"x": {"B": b"\x00"}, "y": {"S": "yo"}}}]}, "c": {"NULL": True}}}
QUERY = {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "p"}}}


def _table(aws: Aws) -> str:
    table = aws.table()
    put_item(aws, table, deep=DEEP, text="a", **{"a.b": "dotted"})
    return table


def a_path_leads_into_maps_and_lists(aws: Aws) -> Any:
    table, client = _table(aws), aws.client("dynamodb")
    paths = ("deep.#l[1].y", "deep.#l[1], deep.c", "deep.#l[0], deep.#l[1].x", "deep.#l[7]", "deep[0]", "#l, deep.c.x")
    names = {"#l": "list"}
    return [
        client.get_item(
            TableName=table,
            Key=KEY,
            ProjectionExpression=path,
            **({"ExpressionAttributeNames": names} if "#" in path else {}),
        )["Item"]
        for path in paths
    ]


def every_read_projects(aws: Aws) -> Any:
    table, client = _table(aws), aws.client("dynamodb")
    get = {"TableName": table, "Key": KEY}
    named = {"ProjectionExpression": "#t, deep.c", "ExpressionAttributeNames": {"#t": "text"}}
    put_item(aws, table, pk="other")
    gets = [
        {"Get": {**get, **named}},
        {"Get": {**get, "Key": item(pk="other")}},
        {"Get": {**get, "Key": item(sk="none"), **named}},
    ]
    transaction = client.transact_get_items(TransactItems=gets)["Responses"]
    return [
        client.get_item(**get, **named)["Item"],
        client.query(TableName=table, **{**QUERY, **named})["Items"],
        client.scan(TableName=table, **named, Limit=1)["Count"],
        client.batch_get_item(RequestItems={table: {"Keys": [KEY], **named}})["Responses"][table],
        [sorted(response.get("Item", {})) for response in transaction],
    ]


def every_read_takes_attributes_to_get(aws: Aws) -> Any:
    table, client = _table(aws), aws.client("dynamodb")
    keys = {"pk": {"AttributeValueList": [{"S": "p"}], "ComparisonOperator": "EQ"}}
    wanted = {"AttributesToGet": ["a.b", "none"]}
    return [
        client.get_item(TableName=table, Key=KEY, **wanted)["Item"],
        client.query(TableName=table, KeyConditions=keys, **wanted)["Items"],
        client.scan(TableName=table, **wanted)["Items"],
        client.query(TableName=table, KeyConditions=keys, Select="SPECIFIC_ATTRIBUTES", **wanted)["Count"],
    ]


def _indexed(aws: Aws, kind: str) -> str:
    projection = {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["word"]}
    key = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}]
    index: dict[str, Any] = {kind: [{"IndexName": "some", "KeySchema": key, "Projection": projection}]}
    table = aws.table(**index)
    put_item(aws, table, word="a", spare="b", at="1")
    return table


def an_index_has_what_it_projects(aws: Aws) -> Any:
    table, client = _indexed(aws, "GlobalSecondaryIndexes"), aws.client("dynamodb")
    named = [{"ProjectionExpression": text} for text in ("pk, word.a, sk", "word, spare[0]")]
    filters = [{"FilterExpression": f"size({name}) > :p"} for name in ("word.a[0]", "spare")]
    index = {"TableName": table, "IndexName": "some"}
    return [
        [refused(client.query, **index, **QUERY, **more) for more in (*named, *filters)],
        [refused(client.scan, **index, **more) for more in named],
    ]


def a_local_index_fetches_nothing(aws: Aws) -> Any:
    table, client = _indexed(aws, "LocalSecondaryIndexes"), aws.client("dynamodb")
    named = [{"ProjectionExpression": name} for name in ("word", "spare")]
    query = {"TableName": table, "IndexName": "some", **QUERY}
    return [refused(client.query, **query, **more) for more in (*named, {"Select": "ALL_ATTRIBUTES"}, {})]


def paths_are_refused(aws: Aws) -> Any:
    table, client = _table(aws), aws.client("dynamodb")
    pairs = [("a, b", "a, a"), ("a.b, a.c", "a.b, a"), ("a[0], a[1]", "a[0], a.b"), ("a[2]", "a[99999999999]")]
    pairs += [("a", "a,"), ("a.b", "a."), ("a_1", "1a"), ("namely", "name"), ("a" + ".b" * 31, "a" + ".b" * 32)]
    get = {"TableName": table, "Key": KEY}
    return [[refused(client.get_item, **get, ProjectionExpression=text) for text in pair] for pair in pairs]


LIST, C = DEEP["M"]["list"], {"c": {"NULL": True}}
CORRECTED = cases(
    Case(
        an_index_has_what_it_projects,
        [["accepted", "ValidationException"] * 2, ["accepted", "ValidationException"]],
    ),
    Case(a_local_index_fetches_nothing, ["accepted", "NotModelled", "NotModelled", "accepted"]),
    Case(
        a_path_leads_into_maps_and_lists,
        [
            {"deep": {"M": {"list": {"L": [{"M": {"y": {"S": "yo"}}}]}}}},
            {"deep": {"M": {"list": {"L": [{"M": {"x": {"B": repr(b"\x00")}, "y": {"S": "yo"}}}]}, **C}}},
            {"deep": {"M": {"list": {"L": [{"N": "1"}, {"M": {"x": {"B": repr(b"\x00")}}}]}}}},
            {},
            {},
            {},
        ],
    ),
    Case(
        every_read_projects,
        [
            {"text": {"S": "a"}, "deep": {"M": C}},
            [{"text": {"S": "a"}, "deep": {"M": C}}],
            1,
            [{"text": {"S": "a"}, "deep": {"M": C}}],
            [["deep", "text"], ["pk", "sk"], []],
        ],
    ),
    Case(every_read_takes_attributes_to_get, [{"a.b": {"S": "dotted"}}, *[[{"a.b": {"S": "dotted"}}]] * 2, 1]),
    Case(paths_are_refused, [["accepted", "ValidationException"]] * 9),
)


@pytest.mark.parametrize("name", CORRECTED)
def test_as_aws_answers(aws: Aws, name: str) -> None:
    assert as_aws_answers(aws, CORRECTED[name])


@pytest.mark.parametrize("name", CORRECTED)
def test_plain_moto_answers_otherwise(name: str) -> None:
    assert of_plain_dynamodb()[name] != CORRECTED[name].answer
