"""A transaction is cancelled with a reason for each item, has 4 MB at most, and copies no table."""

from typing import Any

import pytest
from moto.dynamodb.models.table import Table

from tests.engines import MOTO
from tests.worlds.items import get_item, kilobytes, put_item
from tests.worlds.moto_modes import Aws, Case, as_aws_answers, cases, item, of_plain_dynamodb, refused


def _reasons(aws: Aws, *writes: dict[str, Any]) -> list[str]:
    client = aws.client("dynamodb")
    try:
        client.transact_write_items(TransactItems=list(writes))
    except client.exceptions.TransactionCanceledException as error:
        return [reason["Code"] for reason in error.response["CancellationReasons"]]
    return []


def _update(table: str, sk: str, expression: str, **more: Any) -> dict[str, Any]:
    return {"Update": {"TableName": table, "Key": item(sk=sk), "UpdateExpression": expression, **more}}


def what_one_item_does_not_allow_is_a_reason_to_cancel(aws: Aws) -> Any:
    table = aws.table()
    put_item(aws, table, text="a")
    put = {"Put": {"TableName": table, "Item": item(sk="new")}}
    values = {"ExpressionAttributeValues": {":n": {"N": "1"}}}
    failures = [
        _update(table, "s", "SET x = gone"),
        _update(table, "s", "REMOVE x.y"),
        _update(table, "s", "ADD #t :n", ExpressionAttributeNames={"#t": "text"}, **values),
        {"Put": {"TableName": table, "Item": {"pk": {"N": "1"}, "sk": {"S": "s"}}}},
        {"Put": {"TableName": table, "Item": item(at={"N": "1"})}},
    ]
    return [_reasons(aws, put, failure) for failure in failures], get_item(aws, table, item(sk="new"))


def an_expression_that_cannot_be_read_cancels_nothing(aws: Aws) -> Any:
    table, client = aws.table(), aws.client("dynamodb")
    wrong = [
        _update(table, "s", "SET x"),
        _update(table, "s", "SET x = :none"),
        _update(table, "s", "SET #x = pk"),
        _update(table, "s", "SET x = pk", ConditionExpression="pk"),
    ]
    return [refused(client.transact_write_items, TransactItems=[each]) for each in wrong]


def a_transaction_has_four_megabytes_and_no_more(aws: Aws) -> Any:
    table, client = aws.table(view=None), aws.client("dynamodb")
    puts = [{"Put": {"TableName": table, "Item": item(sk=f"{n:02}", text=kilobytes(380))}} for n in range(11)]
    return [refused(client.transact_write_items, TransactItems=puts[:count]) for count in (10, 11)]


CORRECTED = cases(
    Case(what_one_item_does_not_allow_is_a_reason_to_cancel, [[["None", "ValidationError"]] * 5, None]),
    Case(an_expression_that_cannot_be_read_cancels_nothing, ["ValidationException"] * 4),
    Case(a_transaction_has_four_megabytes_and_no_more, ["accepted", "ValidationException"]),
)


@pytest.mark.parametrize("name", CORRECTED)
def test_as_aws_answers(aws: Aws, name: str) -> None:
    assert as_aws_answers(aws, CORRECTED[name])


@pytest.mark.parametrize("name", CORRECTED)
def test_plain_moto_answers_otherwise(name: str) -> None:
    assert of_plain_dynamodb()[name] != CORRECTED[name].answer


@pytest.mark.parametrize("aws", [MOTO], indirect=True)
def test_a_transaction_copies_no_table(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    table, copied = aws.table(), []

    def copy(one: Table, memo: object) -> Table:
        copied.append(one.name)
        return one

    monkeypatch.setattr(Table, "__deepcopy__", copy, raising=False)
    put = {"Put": {"TableName": table, "Item": item()}}
    aws.client("dynamodb").transact_write_items(TransactItems=[put])
    assert copied == []
