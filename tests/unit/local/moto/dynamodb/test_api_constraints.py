"""A request follows the API's model, and its expressions AWS's rules for them."""

from typing import Any

import pytest

from tests.worlds.items import KEY, ONE, put_item
from tests.worlds.moto_modes import Aws, Case, as_aws_answers, cases, item, of_plain_dynamodb, refused

VALIDATION, SERIALIZATION = "ValidationException", "SerializationException"
QUERY = {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "p"}}}


def _refusals(aws: Aws, operation: str, *requests: dict[str, Any]) -> list[str]:
    table, client = aws.table(), aws.unchecked_client("dynamodb")
    put_item(aws, table, text="a")
    return [refused(getattr(client, operation), **{"TableName": table, **request}) for request in requests]


def what_is_asked_for_is_within_its_range(aws: Aws) -> Any:
    limits = [{**QUERY, "Limit": limit} for limit in (1, 0, -1)]
    kinds = [{**QUERY, "Select": kind} for kind in ("COUNT", "count")]
    tokens = [{**QUERY, "IndexName": name} for name in ("by-time", "no", "by time")]
    return [_refusals(aws, "query", *requests) for requests in (limits, kinds, tokens)]


def what_is_required_is_there(aws: Aws) -> Any:
    return [_refusals(aws, "put_item", {"Item": item()}, {}), _refusals(aws, "get_item", {"Key": KEY}, {})]


def a_value_has_the_type_of_its_parameter(aws: Aws) -> Any:
    values: list[Any] = [{"N": "3"}, {"N": 3}, {"S": ["a"]}, {"BOOL": "true"}, {"M": {"a": {"N": 3}}}]
    return _refusals(aws, "put_item", *({"Item": {**KEY, "a": value}} for value in values))


def a_value_has_one_type_and_a_write_one_verb(aws: Aws) -> Any:
    table, client = aws.table(), aws.unchecked_client("dynamodb")
    values: list[Any] = [{"S": "a"}, {}, {"S": "a", "N": "1"}, {"L": [{"S": "a"}]}, {"L": [{}]}, {"M": {"a": {}}}]
    verbs = [{"PutRequest": {"Item": KEY}}, {"DeleteRequest": {"Key": KEY}}]
    return [
        _refusals(aws, "put_item", *({"Item": {**KEY, "a": value}} for value in values)),
        _refusals(aws, "get_item", {"Key": KEY}, {"Key": {**KEY, "sk": {}}}),
        [refused(client.batch_write_item, RequestItems={table: [w]}) for w in ({}, verbs[0], verbs[0] | verbs[1])],
        refused(client.transact_write_items, TransactItems=[{}]),
    ]


def a_batch_and_a_transaction_have_something_to_do(aws: Aws) -> Any:
    table, client = aws.table(), aws.unchecked_client("dynamodb")
    get = {"Get": {"TableName": table, "Key": KEY}}
    nothing: list[Any] = [{}, {table: []}]
    return [
        [refused(client.batch_write_item, RequestItems=items) for items in nothing],
        [refused(client.batch_get_item, RequestItems={table: {"Keys": keys}}) for keys in ([KEY], [])],
        [refused(client.transact_get_items, TransactItems=items) for items in ([get], [])],
    ]


def a_placeholder_is_used_and_defined(aws: Aws) -> Any:
    condition = {"ConditionExpression": "#t = :a"}
    names, values = {"#t": "text"}, {":a": {"S": "a"}}
    requests: list[dict[str, Any]] = [
        {"ExpressionAttributeNames": names, "ExpressionAttributeValues": values},
        {"ExpressionAttributeNames": {**names, "#u": "u"}, "ExpressionAttributeValues": values},
        {"ExpressionAttributeNames": names, "ExpressionAttributeValues": {**values, **ONE}},
        {"ExpressionAttributeNames": names},
        {"ExpressionAttributeValues": values},
    ]
    puts = [{"Item": item(text="a"), **condition, **request} for request in requests]
    reads = [{**QUERY, **more} for more in ({}, {"ExpressionAttributeNames": names}, {"FilterExpression": "a = :b"})]
    unused = {**QUERY, "ExpressionAttributeValues": {":p": {"S": "p"}, **ONE}}
    return [_refusals(aws, "put_item", *puts), _refusals(aws, "query", *reads, unused)]


def a_placeholder_belongs_to_an_expression(aws: Aws) -> Any:
    names = {"ExpressionAttributeNames": {"#t": "text"}}
    gets: list[Any] = [{"Key": KEY, **more} for more in ({}, names, {**names, "ProjectionExpression": "#t"})]
    scans: list[Any] = [{}, names, {"ExpressionAttributeValues": ONE}]
    return [_refusals(aws, "get_item", *gets), _refusals(aws, "scan", *scans)]


def a_transaction_uses_what_it_defines(aws: Aws) -> Any:
    table, client = aws.table(), aws.client("dynamodb")
    update = {"TableName": table, "Key": KEY, "UpdateExpression": "SET a = :one"}
    values = [ONE, {**ONE, ":two": {"N": "2"}}, {":two": {"N": "2"}}]
    writes = [{"Update": {**update, "ExpressionAttributeValues": value}} for value in values]
    return [refused(client.transact_write_items, TransactItems=[write]) for write in writes]


def expressions_are_not_mixed_with_what_they_replaced(aws: Aws) -> Any:
    keys = {"pk": {"AttributeValueList": [{"S": "p"}], "ComparisonOperator": "EQ"}}
    texts = {"text": {"AttributeValueList": [{"S": "a"}], "ComparisonOperator": "EQ"}}
    queries: list[dict[str, Any]] = [
        {"KeyConditions": keys, "FilterExpression": "attribute_exists(a)"},
        {**QUERY, "KeyConditions": keys},
        {**QUERY, "QueryFilter": texts},
        {**QUERY, "AttributesToGet": ["text"]},
    ]
    return _refusals(aws, "query", *queries)


CORRECTED = cases(
    Case(
        what_is_asked_for_is_within_its_range,
        [["accepted", VALIDATION, VALIDATION], ["accepted", VALIDATION], ["accepted", VALIDATION, VALIDATION]],
    ),
    Case(what_is_required_is_there, [["accepted", VALIDATION], ["accepted", VALIDATION]]),
    Case(a_value_has_the_type_of_its_parameter, ["accepted", *[SERIALIZATION] * 4]),
    Case(
        a_value_has_one_type_and_a_write_one_verb,
        [
            ["accepted", VALIDATION, VALIDATION, "accepted", VALIDATION, VALIDATION],
            ["accepted", VALIDATION],
            [VALIDATION, "accepted", VALIDATION],
            VALIDATION,
        ],
    ),
    Case(
        a_batch_and_a_transaction_have_something_to_do,
        [[VALIDATION, VALIDATION], ["accepted", VALIDATION], ["accepted", VALIDATION]],
    ),
    Case(
        a_placeholder_is_used_and_defined,
        [["accepted", *[VALIDATION] * 4], ["accepted", VALIDATION, VALIDATION, VALIDATION]],
    ),
    Case(
        a_placeholder_belongs_to_an_expression,
        [["accepted", VALIDATION, "accepted"], ["accepted", VALIDATION, VALIDATION]],
    ),
    Case(a_transaction_uses_what_it_defines, ["accepted", VALIDATION, VALIDATION]),
    Case(expressions_are_not_mixed_with_what_they_replaced, ["accepted", *[VALIDATION] * 3]),
)


@pytest.mark.parametrize("name", CORRECTED)
def test_as_aws_answers(aws: Aws, name: str) -> None:
    assert as_aws_answers(aws, CORRECTED[name])


@pytest.mark.parametrize("name", CORRECTED)
def test_plain_moto_answers_otherwise(name: str) -> None:
    assert of_plain_dynamodb()[name] != CORRECTED[name].answer
