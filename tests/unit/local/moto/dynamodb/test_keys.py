"""Keys of requests and of page tokens have the names and types of the schema, and one condition each."""

from typing import Any

import pytest

from tests.worlds.items import KEY, ONE, put_item
from tests.worlds.moto_modes import Aws, Case, as_aws_answers, cases, item, of_plain_dynamodb, refused

VALIDATION = "ValidationException"
VALUES = {":p": {"S": "p"}, ":a": {"S": "a"}, ":b": {"S": "c"}, ":n": {"N": "1"}}


def _table(aws: Aws) -> str:
    table = aws.table()
    for sk in "abc":
        put_item(aws, table, sk=sk, at=sk)
    return table


def _query(aws: Aws, table: str, condition: str, **more: Any) -> Any:
    used = {name: value for name, value in VALUES.items() if name in condition}
    query = {"KeyConditionExpression": condition, "ExpressionAttributeValues": used, **more}
    return [each["sk"]["S"] for each in aws.client("dynamodb").query(TableName=table, **query)["Items"]]


def a_condition_is_read_in_any_order_and_with_parentheses(aws: Aws) -> Any:
    table = _table(aws)
    conditions = (":a<sk AND :p=pk", "((pk = :p) AND (sk between :a and :b))", "begins_with ( sk,:a )AND pk=:p")
    return [_query(aws, table, condition) for condition in conditions]


def a_key_has_one_condition_of_its_type(aws: Aws) -> Any:
    table = _table(aws)
    conditions = (
        "pk = :p AND sk > :a", "pk = :p AND sk > :a AND sk < :b", "pk = :p AND pk = :p", "pk = :n",
        "pk = :p AND sk = :n",
        "pk = :p OR sk = :a", "pk = :p AND sk <> :a", "pk = :p AND sk IN (:a)", "pk = :p AND size(sk) > :n", "pk = sk",
        "pk = :p AND sk.a = :a", "pk = :p AND sk", "pk > :p",
    )  # fmt: skip
    return [refused(_query, aws, table, condition) for condition in conditions]


def a_key_is_that_of_the_schema(aws: Aws) -> Any:
    table, client = _table(aws), aws.client("dynamodb")
    keys: list[dict[str, Any]] = [KEY, {"pk": {"S": "p"}}, {**KEY, "a": {"S": "a"}}, {**KEY, "sk": {"N": "1"}}]
    update = {"UpdateExpression": "SET a = :one", "ExpressionAttributeValues": ONE}
    return [
        [
            refused(client.get_item, TableName=table, Key=key),
            refused(client.delete_item, TableName=table, Key=key),
            refused(client.update_item, TableName=table, Key=key, **update),
            refused(client.batch_get_item, RequestItems={table: {"Keys": [key]}}),
        ]
        for key in keys
    ]


def a_page_token_is_not_tampered_with(aws: Aws) -> Any:
    table = _table(aws)
    tokens = [
        item(sk="a"), item(sk="x"), item(pk="other", sk="a"), {"pk": {"S": "p"}}, item(sk="a", a="a"),
        {**KEY, "sk": {"N": "1"}}, {},
    ]  # fmt: skip
    of_index: list[dict[str, Any]] = [{**token, "at": {"S": "a"}} for token in tokens] + [item(sk="a")]
    scan = aws.client("dynamodb").scan
    return [
        [refused(_query, aws, table, "pk = :p", ExclusiveStartKey=token) for token in tokens],
        [refused(_query, aws, table, "pk = :p", IndexName="by-time", ExclusiveStartKey=token) for token in of_index],
        [refused(scan, TableName=table, ExclusiveStartKey=token) for token in tokens],
    ]


def a_page_begins_among_what_is_asked_for(aws: Aws) -> Any:
    table = _table(aws)
    conditions = ("sk > :a", "sk BETWEEN :a AND :b", "begins_with(sk, :b)", "begins_with(sk, :a)")
    tokens = [item(sk="a"), item(sk="b")]
    return [
        [refused(_query, aws, table, f"pk = :p AND {condition}", ExclusiveStartKey=token) for token in tokens]
        for condition in conditions
    ]


def bounds_are_in_order(aws: Aws) -> Any:
    table = _table(aws)
    bounds = [(":a", ":b"), (":a", ":a"), (":b", ":a")]
    return [refused(_query, aws, table, f"pk = :p AND sk BETWEEN {low} AND {high}") for low, high in bounds]


def a_filter_is_of_other_attributes(aws: Aws) -> Any:
    table, index = _table(aws), {"IndexName": "by-time"}
    filters = ["attribute_exists(sk)", "attribute_exists(#at)", "attribute_exists(skk)"]
    names = {"ExpressionAttributeNames": {"#at": "at"}}
    return [
        refused(_query, aws, table, "pk = :p", FilterExpression=text, **more, **(names if "#" in text else {}))
        for text in filters
        for more in ({}, index)
    ]


def an_index_is_there(aws: Aws) -> Any:
    table = _table(aws)
    return [refused(_query, aws, table, "pk = :p", IndexName=name) for name in ("by-time", "none")]


def conditions_of_a_query_filter_are_all_met(aws: Aws) -> Any:
    table, client = aws.table(), aws.client("dynamodb")
    put_item(aws, table, a="1", b="2")
    put_item(aws, table, sk="t", a="1")
    keys = {"pk": {"AttributeValueList": [{"S": "p"}], "ComparisonOperator": "EQ"}}
    both = {name: {"AttributeValueList": [{"S": "1"}], "ComparisonOperator": "GE"} for name in ("a", "b")}
    return client.query(TableName=table, KeyConditions=keys, QueryFilter=both)["Items"]


CORRECTED = cases(
    Case(a_condition_is_read_in_any_order_and_with_parentheses, [["b", "c"], ["a", "b", "c"], ["a"]]),
    Case(a_key_has_one_condition_of_its_type, ["accepted", *[VALIDATION] * 12]),
    Case(a_key_is_that_of_the_schema, [["accepted"] * 4, *[[VALIDATION] * 4] * 3]),
    Case(
        a_page_token_is_not_tampered_with,
        [
            ["accepted", "accepted", *[VALIDATION] * 5],
            ["accepted", "accepted", *[VALIDATION] * 6],
            ["accepted"] * 3 + [VALIDATION] * 4,
        ],
    ),
    Case(
        a_page_begins_among_what_is_asked_for,
        [
            [VALIDATION, "accepted"],
            ["accepted", "accepted"],
            [VALIDATION, VALIDATION],
            ["accepted", VALIDATION],
        ],
    ),
    Case(bounds_are_in_order, ["accepted", "accepted", VALIDATION]),
    Case(a_filter_is_of_other_attributes, [VALIDATION, "accepted", "accepted", VALIDATION, "accepted", "accepted"]),
    Case(an_index_is_there, ["accepted", VALIDATION]),
    Case(conditions_of_a_query_filter_are_all_met, [item(a="1", b="2")]),
)


@pytest.mark.parametrize("name", CORRECTED)
def test_as_aws_answers(aws: Aws, name: str) -> None:
    assert as_aws_answers(aws, CORRECTED[name])


@pytest.mark.parametrize("name", CORRECTED)
def test_plain_moto_answers_otherwise(name: str) -> None:
    assert of_plain_dynamodb()[name] != CORRECTED[name].answer
