"""A key is neither empty nor too long, whatever reads or writes it."""

from typing import Any

import pytest

from tests.worlds.items import KEY, ONE
from tests.worlds.moto_modes import Aws, Case, as_aws_answers, cases, item, of_plain_dynamodb, refused


def a_key_has_no_empty_string(aws: Aws) -> Any:
    table, client, empty = aws.table(), aws.client("dynamodb"), {"pk": {"S": ""}, "sk": {"S": "s"}}
    write = {"TableName": table, "Key": empty}
    change = {**write, "UpdateExpression": "SET a = :one", "ExpressionAttributeValues": ONE}
    return [
        refused(client.update_item, **write),
        refused(client.update_item, **change),
        refused(client.delete_item, **write),
        refused(client.delete_item, **write, ConditionExpression="attribute_exists(pk)"),
        refused(client.transact_write_items, TransactItems=[{"Update": change}]),
        refused(client.transact_write_items, TransactItems=[{"Delete": write}]),
        refused(client.batch_write_item, RequestItems={table: [{"DeleteRequest": {"Key": empty}}]}),
        refused(client.update_item, **{**write, "Key": KEY}),
    ]


def a_key_is_so_long_and_no_longer(aws: Aws) -> Any:
    table, client = aws.table(view=None), aws.client("dynamodb")
    keys = [item(pk="p" * 2048, sk="s" * 1024), item(pk="p" * 2049), item(sk="s" * 1025), item(sk="")]
    return [
        [refused(client.put_item, TableName=table, Item=key) for key in keys],
        [refused(client.get_item, TableName=table, Key=key) for key in keys],
        [refused(client.delete_item, TableName=table, Key=key) for key in keys],
    ]


CORRECTED = cases(
    Case(a_key_is_so_long_and_no_longer, [["accepted", *["ValidationException"] * 3]] * 3),
    Case(a_key_has_no_empty_string, [*["ValidationException"] * 7, "accepted"]),
)


@pytest.mark.parametrize("name", CORRECTED)
def test_as_aws_answers(aws: Aws, name: str) -> None:
    assert as_aws_answers(aws, CORRECTED[name])


@pytest.mark.parametrize("name", CORRECTED)
def test_plain_moto_answers_otherwise(name: str) -> None:
    assert of_plain_dynamodb()[name] != CORRECTED[name].answer
