"""Arithmetic keeps all digits."""

from typing import Any

import pytest

from tests.worlds.items import get_item, put_item, update_item
from tests.worlds.moto_modes import Aws, Case, as_aws_answers, cases, of_plain_dynamodb


def a_sum_keeps_38_digits(aws: Aws) -> Any:
    table = aws.table()
    put_item(aws, table, n={"N": "1234567890123456789012345678901234567.0"})
    update_item(aws, table, "ADD n :tenth", {":tenth": {"N": "0.1"}})
    return get_item(aws, table)["n"]


CORRECTED = cases(
    Case(a_sum_keeps_38_digits, {"N": "1234567890123456789012345678901234567.1"}),
)


@pytest.mark.parametrize("name", CORRECTED)
def test_as_aws_answers(aws: Aws, name: str) -> None:
    assert as_aws_answers(aws, CORRECTED[name])


@pytest.mark.parametrize("name", CORRECTED)
def test_plain_moto_answers_otherwise(name: str) -> None:
    assert of_plain_dynamodb()[name] != CORRECTED[name].answer
