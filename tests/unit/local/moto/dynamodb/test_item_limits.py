"""An item has so many bytes, an index key its type."""

from typing import Any

import pytest

from tests.worlds.items import ONE, batch, get_item, put_item, update_item
from tests.worlds.moto_modes import Aws, Case, as_aws_answers, cases, item, of_plain_dynamodb, refused

ITEM_BYTES = 409_600


def an_item_may_have_as_many_bytes_and_not_one_more(aws: Aws) -> Any:
    table = aws.table(view=None)
    room = ITEM_BYTES - len("pkpskstext")
    return [refused(put_item, aws, table, text="x" * size) for size in (room, room + 1)]


def an_update_may_not_make_an_item_larger_either(aws: Aws) -> Any:
    table = aws.table(view=None)
    room = ITEM_BYTES - len("pkpskstext")
    values = [{":t": {"S": "x" * size}} for size in (room, room + 1)]
    return [
        refused(update_item, aws, table, "SET #t = :t", value, ExpressionAttributeNames={"#t": "text"})
        for value in values
    ]


def an_item_has_32_levels_and_no_more(aws: Aws) -> Any:
    table = aws.table()
    deep: dict[str, Any] = {"S": "a"}
    for level in range(31):
        deep = {"M": {"a": deep}} if level % 2 else {"L": [deep]}
    values = [deep, {"L": [deep]}, {"M": {"a": deep}}]
    return [
        [refused(put_item, aws, table, a=value) for value in values],
        [refused(update_item, aws, table, "SET b = :b", {":b": value}) for value in values],
    ]


def an_index_key_has_the_type_it_was_declared_with(aws: Aws) -> Any:
    table, number = aws.table(), {"N": "1"}
    put = {"Put": {"TableName": table, "Item": item(at=number)}}
    return [
        refused(put_item, aws, table, at="1"),
        refused(put_item, aws, table, at=number),
        refused(update_item, aws, table, "SET #at = :one", ONE, ExpressionAttributeNames={"#at": "at"}),
        refused(batch, aws, table, [item(at=number)]),
        refused(aws.client("dynamodb").transact_write_items, TransactItems=[put]),
        get_item(aws, table),
    ]


INDEX_KEYS = ["accepted", *["ValidationException"] * 3, "TransactionCanceledException", item(at="1")]
CORRECTED = cases(
    Case(an_item_may_have_as_many_bytes_and_not_one_more, ["accepted", "ValidationException"]),
    Case(an_update_may_not_make_an_item_larger_either, ["accepted", "ValidationException"]),
    Case(an_item_has_32_levels_and_no_more, [["accepted", *["ValidationException"] * 2]] * 2),
    Case(
        an_index_key_has_the_type_it_was_declared_with,
        INDEX_KEYS,
    ),
)


@pytest.mark.parametrize("name", CORRECTED)
def test_as_aws_answers(aws: Aws, name: str) -> None:
    assert as_aws_answers(aws, CORRECTED[name])


@pytest.mark.parametrize("name", CORRECTED)
def test_plain_moto_answers_otherwise(name: str) -> None:
    assert of_plain_dynamodb()[name] != CORRECTED[name].answer
