"""Conditions and filters compare values by their types, and what is no condition is refused."""

from typing import Any

import pytest

from tests.worlds.items import KEY, get_item, put_item
from tests.worlds.moto_modes import Aws, Case, as_aws_answers, cases, of_plain_dynamodb, refused

VALUES = {
    ":text": {"S": "5"},
    ":number": {"N": "5"},
    ":five": {"N": "5.0"},
    ":list": {"L": [{"N": "5"}]},
    ":bytes": {"B": b"ell"},
    ":kind": {"S": "N"},
    ":none": {"S": "DOG"},
}
HELD, FAILED, REFUSED = "accepted", "ConditionalCheckFailedException", "ValidationException"


def _answers(aws: Aws, conditions: list[str]) -> list[str]:
    """Return how a deletion ends under each of the conditions; the item is put anew before each."""
    table, client, answers = aws.table(), aws.client("dynamodb"), []
    for condition in conditions:
        put_item(aws, table, n={"N": "5"}, t="hello", b={"B": b"hello"}, l={"L": [{"N": "5"}, {"B": b"x"}]})
        used = {name: value for name, value in VALUES.items() if name in condition}
        values = {"ExpressionAttributeValues": used} if used else {}
        answers.append(refused(client.delete_item, TableName=table, Key=KEY, ConditionExpression=condition, **values))
    return answers


def operands_of_two_types_are_not_equal_and_in_no_order(aws: Aws) -> Any:
    return _answers(
        aws, ["t > :number", "n < :text", "n = :text", "n <> :text", "n = :five", "n IN (:text, :five)", "gone > :text"]
    )


def a_value_that_has_no_order_is_refused(aws: Aws) -> Any:
    return _answers(aws, ["n < :list", "n = :list", "l < :number", "begins_with(t, :number)", "begins_with(n, :text)"])


def a_size_is_that_of_text_bytes_and_elements_and_of_no_number(aws: Aws) -> Any:
    return _answers(
        aws, ["size(t) = :five", "size(b) = :five", "size(l) < :five", "size(n) = :five", "size(:five) = n"]
    )


def negations_add_up(aws: Aws) -> Any:
    return _answers(
        aws, ["NOT NOT n = :number", "NOT n = :number", "NOT NOT NOT n = :text", "not (n = :text or n = t)"]
    )


def parts_of_binary_values_are_found(aws: Aws) -> Any:
    return _answers(
        aws, ["contains(b, :bytes)", "begins_with(b, :bytes)", "contains(t, :bytes)", "contains(l, :number)"]
    )


def what_is_no_condition_is_refused(aws: Aws) -> Any:
    wrong = [
        "n",
        "NOT n",
        "((n = :number))",
        "(n = :number) AND",
        "n = :number n",
        "n = n",
        "contains(t, t)",
        "attribute_exists(:text)",
        "attribute_exists(n) = :text",
        "attribute_exists(n, t)",
        "attribute_type(n, :none)",
        "attribute_type(n, t)",
        "n BETWEEN :text AND :number",
        "size(n)",
        "length(t) = :five",
        "name = :text",
        "n = :five" + " OR n = :five" * 151,
        "n = :five" + " " * 4096,
        "n = :five$",
        "_n = :five",
        "size(size(t)) = :five",
        "_f(t) = :five",
        "attribute_type(n, :kind)",
    ]
    return _answers(aws, wrong)


def a_filter_is_read_before_there_is_an_item_to_filter(aws: Aws) -> Any:
    table, scan = aws.table(), aws.client("dynamodb").scan
    filters = ["n < :l", "n = n AND n = :l", "n = :l"]
    values = {":l": VALUES[":list"]}
    return [refused(scan, TableName=table, FilterExpression=text, ExpressionAttributeValues=values) for text in filters]


def a_condition_that_fails_leaves_the_item(aws: Aws) -> Any:
    table, client = aws.table(), aws.client("dynamodb")
    put_item(aws, table, n={"N": "5"})
    delete = {"TableName": table, "Key": KEY, "ExpressionAttributeValues": {":t": {"S": "5"}}}
    return refused(client.delete_item, **delete, ConditionExpression="n > :t"), get_item(aws, table) is not None


CORRECTED = cases(
    Case(operands_of_two_types_are_not_equal_and_in_no_order, [FAILED, FAILED, FAILED, HELD, HELD, HELD, FAILED]),
    Case(a_value_that_has_no_order_is_refused, [REFUSED, FAILED, FAILED, REFUSED, FAILED]),
    Case(a_size_is_that_of_text_bytes_and_elements_and_of_no_number, [HELD, HELD, HELD, FAILED, REFUSED]),
    Case(negations_add_up, [HELD, FAILED, HELD, HELD]),
    Case(parts_of_binary_values_are_found, [HELD, FAILED, FAILED, HELD]),
    Case(what_is_no_condition_is_refused, [*[REFUSED] * 22, HELD]),
    Case(a_filter_is_read_before_there_is_an_item_to_filter, [REFUSED, REFUSED, HELD]),
    Case(a_condition_that_fails_leaves_the_item, [FAILED, True]),
)


@pytest.mark.parametrize("name", CORRECTED)
def test_as_aws_answers(aws: Aws, name: str) -> None:
    assert as_aws_answers(aws, CORRECTED[name])


@pytest.mark.parametrize("name", CORRECTED)
def test_plain_moto_answers_otherwise(name: str) -> None:
    assert of_plain_dynamodb()[name] != CORRECTED[name].answer
