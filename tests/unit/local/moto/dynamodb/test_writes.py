"""A failed update leaves nothing behind, and an update of nothing makes the item or keeps it."""

from typing import Any

import pytest

from tests.cases.streams import all_records
from tests.worlds.items import KEY, ONE, get_item, put_item, touch, update_item
from tests.worlds.moto_modes import Aws, Case, as_aws_answers, cases, item, of_plain_dynamodb, refused

ITEM_BYTES = 409_600


def a_failed_update_leaves_the_item_as_it_was(aws: Aws) -> Any:
    table = aws.table()
    put_item(aws, table, text="not a number")
    return refused(
        update_item, aws, table, "SET a = :one ADD #t :one", ONE, ExpressionAttributeNames={"#t": "text"}
    ), get_item(aws, table)


def a_failed_update_of_a_missing_item_makes_none(aws: Aws) -> Any:
    table = aws.table()
    large = {":large": {"S": "x" * ITEM_BYTES}}
    return refused(update_item, aws, table, "SET a = :large", large), get_item(aws, table)


def an_update_of_nothing_makes_the_item_or_keeps_it(aws: Aws) -> Any:
    table = aws.table()
    touch(aws, table)
    made = get_item(aws, table)
    put_item(aws, table, text="kept")
    touch(aws, table)
    touch(aws, table, AttributeUpdates={})
    records = [record["eventName"] for record in all_records(aws, table)]
    return [made, get_item(aws, table), records]


def an_update_of_nothing_is_made_if_its_condition_is_met(aws: Aws) -> Any:
    table, absent, present = aws.table(), "attribute_not_exists(pk)", "attribute_exists(pk)"
    refusal = refused(touch, aws, table, ConditionExpression=present), get_item(aws, table)
    return [refusal, [refused(touch, aws, table, ConditionExpression=each) for each in (absent, absent, present)]]


CORRECTED = cases(
    Case(a_failed_update_leaves_the_item_as_it_was, ["ValidationException", item(text="not a number")]),
    Case(a_failed_update_of_a_missing_item_makes_none, ["ValidationException", None]),
    Case(an_update_of_nothing_makes_the_item_or_keeps_it, [KEY, item(text="kept"), ["INSERT", "MODIFY"]]),
    Case(
        an_update_of_nothing_is_made_if_its_condition_is_met,
        [
            ["ConditionalCheckFailedException", None],
            ["accepted", "ConditionalCheckFailedException", "accepted"],
        ],
    ),
)


@pytest.mark.parametrize("name", CORRECTED)
def test_as_aws_answers(aws: Aws, name: str) -> None:
    assert as_aws_answers(aws, CORRECTED[name])


@pytest.mark.parametrize("name", CORRECTED)
def test_plain_moto_answers_otherwise(name: str) -> None:
    assert of_plain_dynamodb()[name] != CORRECTED[name].answer
