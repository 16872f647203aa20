"""The embedded DynamoDB Streams answer as AWS does where plain moto does not, and as plain moto does elsewhere."""

import pytest

from tests.cases import streams
from tests.worlds.moto_modes import Aws, answered, as_aws_answers, of_plain_dynamodb

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", streams.CORRECTED)
def test_as_aws_answers(aws: Aws, name: str) -> None:
    assert as_aws_answers(aws, streams.CORRECTED[name])


@pytest.mark.parametrize("name", streams.CORRECTED)
def test_plain_moto_answers_otherwise(name: str) -> None:
    assert of_plain_dynamodb()[name] != streams.CORRECTED[name].answer


@pytest.mark.parametrize("name", streams.UNCHANGED)
def test_where_nothing_is_corrected_the_answer_is_that_of_plain_moto(aws: Aws, name: str) -> None:
    answer, plain = answered(aws, streams.UNCHANGED[name]), of_plain_dynamodb()
    assert (answer == plain[name]) == aws.alike(name), answer
