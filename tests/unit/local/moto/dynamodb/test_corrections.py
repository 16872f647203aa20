"""Where nothing is corrected, the embedded DynamoDB answers as plain moto does; and no correction hides another."""

import pytest

from tests.cases import dynamodb_unchanged
from tests.worlds.moto_modes import Aws, answered, of_plain_dynamodb

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", dynamodb_unchanged.QUESTIONS)
def test_where_nothing_is_corrected_the_answer_is_that_of_plain_moto(aws: Aws, name: str) -> None:
    answer = answered(aws, dynamodb_unchanged.QUESTIONS[name])
    assert (answer == of_plain_dynamodb()[name]) == aws.alike(name), answer
