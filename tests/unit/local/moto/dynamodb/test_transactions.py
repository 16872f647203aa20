"""A transaction says what it updates, is carried out once for a token."""

from types import SimpleNamespace
from typing import Any

import pytest
from moto.core.responses import ActionResult
from moto.dynamodb.responses import DynamoHandler

from tableguard.local.moto.dynamodb import requests, transactions
from tests.worlds.items import KEY, ONE, get_item, put_item
from tests.worlds.moto_modes import Aws, Case, as_aws_answers, cases, item, of_plain_dynamodb, refused


def _unchecked_update(aws: Aws, **more: Any) -> str:
    """Send an update in a transaction that lacks what the API requires, and return the answer."""
    update = {"TableName": aws.table(), "Key": KEY, **more}
    client = aws.unchecked_client("dynamodb")
    return refused(client.transact_write_items, TransactItems=[{"Update": update}])


def an_update_in_a_transaction_says_what_it_changes(aws: Aws) -> Any:
    return [_unchecked_update(aws), _unchecked_update(aws, ConditionExpression="attribute_not_exists(pk)")]


def an_update_in_a_transaction_says_it_in_words(aws: Aws) -> Any:
    return [_unchecked_update(aws, UpdateExpression=text) for text in ("", " ")]


def _count(aws: Aws, table: str, token: str, by: str = "1", **more: Any) -> Any:
    update = {
        "TableName": table,
        "Key": KEY,
        "UpdateExpression": "ADD n :by",
        "ExpressionAttributeValues": {":by": {"N": by}},
    }
    return aws.client("dynamodb").transact_write_items(
        TransactItems=[{"Update": update}], ClientRequestToken=token, **more
    )


def a_transaction_with_a_known_token_is_not_repeated(aws: Aws) -> Any:
    table = aws.table()
    for token in ("known", "known", "other"):
        _count(aws, table, f"{table}-{token}")
    return get_item(aws, table)["n"]


def a_known_token_on_another_transaction_is_refused(aws: Aws) -> Any:
    table = aws.table()
    return [refused(_count, aws, table, f"{table}-token", by) for by in ("1", "2")] + [get_item(aws, table)["n"]]


def a_cancelled_transaction_leaves_its_token_unused(aws: Aws) -> Any:
    table, client = aws.table(), aws.client("dynamodb")
    check = {"TableName": table, "Key": item(sk="gate"), "ConditionExpression": "attribute_exists(pk)"}
    update = {"TableName": table, "Key": KEY, "UpdateExpression": "ADD n :one", "ExpressionAttributeValues": ONE}
    transaction = {"TransactItems": [{"Update": update}, {"ConditionCheck": check}], "ClientRequestToken": table}
    first = refused(client.transact_write_items, **transaction), get_item(aws, table)
    put_item(aws, table, sk="gate")
    return first, [refused(client.transact_write_items, **transaction) for _ in range(2)], get_item(aws, table)


CORRECTED = cases(
    Case(an_update_in_a_transaction_says_what_it_changes, ["ValidationException"] * 2),
    Case(an_update_in_a_transaction_says_it_in_words, ["ValidationException"] * 2),
    Case(a_transaction_with_a_known_token_is_not_repeated, {"N": "2"}),
    Case(
        a_known_token_on_another_transaction_is_refused,
        ["accepted", "IdempotentParameterMismatchException", {"N": "1"}],
    ),
    Case(
        a_cancelled_transaction_leaves_its_token_unused,
        [["TransactionCanceledException", None], ["accepted", "accepted"], item(n={"N": "1"})],
    ),
)


@pytest.mark.parametrize("name", CORRECTED)
def test_as_aws_answers(aws: Aws, name: str) -> None:
    assert as_aws_answers(aws, CORRECTED[name])


@pytest.mark.parametrize("name", CORRECTED)
def test_plain_moto_answers_otherwise(name: str) -> None:
    assert of_plain_dynamodb()[name] != CORRECTED[name].answer


def test_a_token_is_forgotten_after_ten_minutes() -> None:
    times, carried_out = [0.0, 0.0, 599.0, 600.0, 600.0], []
    asked = {"ClientRequestToken": "token", "TransactItems": []}
    transaction: Any = SimpleNamespace(body=asked, dynamodb_backend=SimpleNamespace())

    def carry_out(handler: DynamoHandler) -> ActionResult:
        carried_out.append(len(times))
        return ActionResult({})

    for _ in range(3):
        with requests.request():
            transactions.idempotent(lambda: times.pop(0), carry_out, transaction)
    # asked at 0 s and carried out by 0 s; asked at 599 s and answered; asked at 600 s and carried out
    assert carried_out == [4, 1]
