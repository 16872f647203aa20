"""The embedded DynamoDB answers as AWS does where plain moto does not, and as plain moto does everywhere else."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from moto.core.responses import ActionResult
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

from tableguard.local import server
from tableguard.local.moto.dynamodb import query as moto_query
from tableguard.local.moto.dynamodb import requests, transactions
from tests.cases import dynamodb, dynamodb_unchanged, streams
from tests.cases.dynamodb import CORRECTED
from tests.engines import DYNAMODB_LOCAL, MOTO, dynamodb_local
from tests.engines.choice import BOTH
from tests.worlds import moto_modes
from tests.worlds.moto_modes import Aws, item, refused

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=BOTH)
def aws(request: pytest.FixtureRequest) -> Iterator[Aws]:
    tables = dynamodb_local.engine() if request.param == DYNAMODB_LOCAL else None
    with server.start(tables=tables) as running:
        yield Aws(running.endpoint, request.param)


@pytest.mark.parametrize("name", CORRECTED)
def test_as_aws_answers(aws: Aws, name: str) -> None:
    answer = moto_modes.answered(aws, CORRECTED[name].ask)
    assert (answer == CORRECTED[name].answer) == aws.alike(name), answer


def _of_plain_moto(name: str) -> Any:
    assert not set(CORRECTED) & set(dynamodb_unchanged.QUESTIONS)  # no answer hides behind another's name
    return moto_modes.of_plain_moto(dynamodb.__name__, dynamodb_unchanged.__name__)[name]


@pytest.mark.parametrize("name", CORRECTED)
def test_plain_moto_answers_otherwise(name: str) -> None:
    assert _of_plain_moto(name) != CORRECTED[name].answer


@pytest.mark.parametrize("name", dynamodb_unchanged.QUESTIONS)
def test_where_nothing_is_corrected_the_answer_is_that_of_plain_moto(aws: Aws, name: str) -> None:
    question = dynamodb_unchanged.QUESTIONS[name]
    answer = moto_modes.answered(aws, question)
    assert (answer == _of_plain_moto(name)) == aws.alike(name), answer


# what follows looks into moto itself, or asks thousands of times
of_moto = pytest.mark.parametrize("aws", [MOTO], indirect=True)
WRITERS, ROUNDS = 8, 15


@pytest.fixture(scope="module")
def crowd(aws: Aws) -> tuple[str, int]:
    """A table after eight writers at once, and how often a condition that one of them may meet was met."""
    table = aws.table()
    counted = {"TableName": table, "UpdateExpression": "ADD n :one", "ExpressionAttributeValues": {":one": {"N": "1"}}}

    def write(writer: int) -> int:
        won, client = 0, aws.client("dynamodb")
        for n in range(ROUNDS):
            client.update_item(Key=item(sk="counter"), **counted)
            put = {"Put": {"TableName": table, "Item": item(pk=f"writer-{writer}", sk=str(n))}}
            client.transact_write_items(TransactItems=[{"Update": {"Key": item(sk="transaction"), **counted}}, put])
            first = {"Item": item(pk="race", sk=str(n)), "ConditionExpression": "attribute_not_exists(pk)"}
            won += refused(client.put_item, TableName=table, **first) == "accepted"
        return won

    with _taking_turns_often(), ThreadPoolExecutor(WRITERS) as writers:
        return table, sum(writers.map(write, range(WRITERS)))


@contextmanager
def _taking_turns_often() -> Iterator[None]:
    """Threads yield after 10 us, not 5 ms: without the lock, the writers are then in each other's way at once."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def _counter(aws: Aws, table: str, sk: str) -> int:
    found = aws.client("dynamodb").get_item(TableName=table, Key=item(sk=sk))
    return int(found["Item"]["n"]["N"])


@of_moto
def test_writers_at_once_lose_no_update(aws: Aws, crowd: tuple[str, int]) -> None:
    table, _ = crowd
    assert [_counter(aws, table, sk) for sk in ("counter", "transaction")] == [WRITERS * ROUNDS] * 2


@of_moto
def test_of_writers_at_once_one_meets_the_condition(crowd: tuple[str, int]) -> None:
    assert crowd[1] == ROUNDS


@of_moto
def test_writers_at_once_leave_each_record_once(aws: Aws, crowd: tuple[str, int]) -> None:
    # an update and a transaction of two writes by each in each round, and a put that met its condition in each
    numbers = [record["dynamodb"]["SequenceNumber"] for record in streams.all_records(aws, crowd[0])]
    assert len(numbers) == len(set(numbers)) == 3 * WRITERS * ROUNDS + ROUNDS


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


@of_moto
def test_a_query_sorts_its_own_partition_only(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    table, client = aws.table(view=None), aws.client("dynamodb")
    for n in range(100):
        client.put_item(TableName=table, Item=item(pk=f"p{n}", at="1"))
    compared: list[DynamoType] = []
    less = DynamoType.__lt__

    def counted(one: DynamoType, other: DynamoType) -> bool:
        compared.append(one)
        return less(one, other)

    monkeypatch.setattr(DynamoType, "__lt__", counted)
    query = {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "p7"}}}
    found = [client.query(TableName=table, **query, **index)["Count"] for index in ({}, {"IndexName": "by-time"})]
    assert found == [1, 1]
    assert compared == []


@of_moto
def test_an_index_of_the_tables_partition_key_is_searched_in_one_partition(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, client = aws.table(view=None), aws.client("dynamodb")
    for n in range(10):
        client.put_item(TableName=table, Item=item(pk=f"p{n}", at="1"))
    looked_at: list[Item] = []
    meets = moto_query.meets

    def counted(one: Item, conditions: list[moto_query.Condition]) -> bool:
        looked_at.append(one)
        return meets(one, conditions)

    monkeypatch.setattr(moto_query, "meets", counted)
    query = {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "p7"}}}
    assert client.query(TableName=table, IndexName="by-time", **query)["Count"] == 1
    assert len(looked_at) == 1


@of_moto
def test_a_transaction_copies_no_table(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    table, copied = aws.table(), []

    def copy(one: Table, memo: object) -> Table:
        copied.append(one.name)
        return one

    monkeypatch.setattr(Table, "__deepcopy__", copy, raising=False)
    put = {"Put": {"TableName": table, "Item": item()}}
    aws.client("dynamodb").transact_write_items(TransactItems=[put])
    assert copied == []
