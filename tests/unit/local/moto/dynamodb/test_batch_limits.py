"""A batch takes 25 items, and each key once."""

from typing import Any

import pytest

from tests.worlds.items import batch
from tests.worlds.moto_modes import Aws, Case, as_aws_answers, cases, item, of_plain_dynamodb, refused


def a_batch_takes_25_items_and_not_26(aws: Aws) -> Any:
    table = aws.table()
    return [refused(batch, aws, table, [item(sk=str(n)) for n in range(count)]) for count in (25, 26)]


def a_batch_takes_a_key_once(aws: Aws) -> Any:
    table = aws.table()
    return refused(batch, aws, table, [item(text="a"), item(text="b")])


def a_transaction_reads_100_items_and_not_101(aws: Aws) -> Any:
    table, client = aws.table(), aws.client("dynamodb")
    gets = [{"Get": {"TableName": table, "Key": item(sk=str(n))}} for n in range(101)]
    return [refused(client.transact_get_items, TransactItems=gets[:count]) for count in (100, 101)]


CORRECTED = cases(
    Case(a_transaction_reads_100_items_and_not_101, ["accepted", "ValidationException"]),
    Case(a_batch_takes_25_items_and_not_26, ["accepted", "ValidationException"]),
    Case(a_batch_takes_a_key_once, "ValidationException"),
)


@pytest.mark.parametrize("name", CORRECTED)
def test_as_aws_answers(aws: Aws, name: str) -> None:
    assert as_aws_answers(aws, CORRECTED[name])


@pytest.mark.parametrize("name", CORRECTED)
def test_plain_moto_answers_otherwise(name: str) -> None:
    assert of_plain_dynamodb()[name] != CORRECTED[name].answer
