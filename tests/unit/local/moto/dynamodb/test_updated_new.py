"""What an update returns as new is what changed, without the key."""

from typing import Any

import pytest

from tests.worlds.items import KEY, ONE, touch, update_item
from tests.worlds.moto_modes import Aws, Case, as_aws_answers, cases, of_plain_dynamodb

_RETURNED = ("NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW")


def an_update_of_nothing_returns_what_was_and_is_but_nothing_new(aws: Aws) -> Any:
    answers = []
    for values in _RETURNED:
        table = aws.table()
        answers.append([touch(aws, table, ReturnValues=values) for _ in range(2)])
    return answers


def an_update_that_makes_an_item_returns_no_key_as_new(aws: Aws) -> Any:
    values = {"ReturnValues": "UPDATED_NEW"}
    return update_item(aws, aws.table(), "SET a = :one", ONE, **values)["Attributes"]


CORRECTED = cases(
    Case(
        an_update_of_nothing_returns_what_was_and_is_but_nothing_new,
        [[None, None], [None, KEY], [KEY, KEY], [None, None], [None, None]],
    ),
    Case(an_update_that_makes_an_item_returns_no_key_as_new, {"a": {"N": "1"}}),
)


@pytest.mark.parametrize("name", CORRECTED)
def test_as_aws_answers(aws: Aws, name: str) -> None:
    assert as_aws_answers(aws, CORRECTED[name])


@pytest.mark.parametrize("name", CORRECTED)
def test_plain_moto_answers_otherwise(name: str) -> None:
    assert of_plain_dynamodb()[name] != CORRECTED[name].answer
