"""What the time to live of a table is already is refused."""

from typing import Any

import pytest

from tests.worlds.moto_modes import Aws, Case, as_aws_answers, cases, of_plain_dynamodb, refused


def a_time_to_live_is_enabled_and_disabled_once(aws: Aws) -> Any:
    table, change = aws.table(), aws.client("dynamodb").update_time_to_live
    wanted = [{"AttributeName": "at", "Enabled": is_enabled} for is_enabled in (False, True, True)]
    return [refused(change, TableName=table, TimeToLiveSpecification=each) for each in wanted]


CORRECTED = cases(
    Case(a_time_to_live_is_enabled_and_disabled_once, ["ValidationException", "accepted", "ValidationException"])
)


@pytest.mark.parametrize("name", CORRECTED)
def test_as_aws_answers(aws: Aws, name: str) -> None:
    assert as_aws_answers(aws, CORRECTED[name])


@pytest.mark.parametrize("name", CORRECTED)
def test_plain_moto_answers_otherwise(name: str) -> None:
    assert of_plain_dynamodb()[name] != CORRECTED[name].answer
