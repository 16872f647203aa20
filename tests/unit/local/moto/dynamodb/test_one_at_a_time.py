"""Writers at once lose no update to one another."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from tests.cases import streams
from tests.engines import MOTO
from tests.worlds.moto_modes import Aws, item, refused

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
