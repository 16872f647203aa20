"""A shard iterator ends after 15 minutes, and nothing of it is kept, however often a stream is read."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from moto.dynamodbstreams.models import DynamoDBStreamsBackend, ShardIterator, dynamodbstreams_backends

from tableguard.local.moto.dynamodb import iterators
from tests.engines.choice import BOTH, MOTO
from tests.worlds.items import put_item
from tests.worlds.moto_modes import REGION, Aws, embedded, refused

pytestmark = pytest.mark.slow

MINUTE = 60.0
ACCOUNT = "123456789012"  # moto's own


@pytest.fixture
def on_moto() -> Iterator[Aws]:
    with embedded(MOTO) as aws:
        yield aws


def shard(aws: Aws, table: str) -> dict[str, str]:
    arn = aws.client("dynamodb").describe_table(TableName=table)["Table"]["LatestStreamArn"]
    (only,) = aws.client("dynamodbstreams").describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    return {"StreamArn": arn, "ShardId": only["ShardId"]}


def backend_and_table(aws: Aws) -> tuple[DynamoDBStreamsBackend, str]:
    return dynamodbstreams_backends[ACCOUNT][REGION], aws.table()


def of_age(aws: Aws, minutes: float) -> str:
    """Return an iterator at the beginning of a new stream, given out so long ago."""
    backend, table = backend_and_table(aws)
    held = backend.dynamodb.tables[table].stream_shard
    assert held is not None
    return iterators.written(ShardIterator(backend, held, "TRIM_HORIZON"), time.time() - minutes * MINUTE)


@pytest.mark.parametrize(("minutes", "answer"), [(14, "accepted"), (16, "ExpiredIteratorException")])
def test_an_iterator_is_good_for_a_quarter_of_an_hour(on_moto: Aws, minutes: float, answer: str) -> None:
    read: Any = on_moto.client("dynamodbstreams").get_records
    assert refused(read, ShardIterator=of_age(on_moto, minutes)) == answer


def test_each_read_gives_out_a_new_one(on_moto: Aws) -> None:
    backend, table = backend_and_table(on_moto)
    put_item(on_moto, table)
    held = backend.dynamodb.tables[table].stream_shard
    assert held is not None
    old = iterators.written(ShardIterator(backend, held, "TRIM_HORIZON"), time.time() - 14 * MINUTE)
    client = on_moto.client("dynamodbstreams")
    first = client.get_records(ShardIterator=old)
    assert len(first["Records"]) == 1
    following = iterators.read(backend, first["NextShardIterator"], time.time() + 14 * MINUTE)
    assert following.sequence_number == held.starting_sequence_number + 1


def test_no_iterator_is_kept(on_moto: Aws) -> None:
    backend, table = backend_and_table(on_moto)
    where, client = shard(on_moto, table), on_moto.client("dynamodbstreams")
    for _ in range(50):
        start = client.get_shard_iterator(**where, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        client.get_records(ShardIterator=start)
    assert backend.shard_iterators == {}
    assert vars(ShardIterator)["instances_tracked"] == []


@pytest.mark.parametrize("text", ["x" * 40, "arn:aws:dynamodb:eu-central-1:1:table/t/stream/now|1|bm9uc2Vuc2U="])
@pytest.mark.parametrize("engine", BOTH)
def test_what_is_no_iterator_is_refused_by_both_engines(engine: str, text: str) -> None:
    with embedded(engine) as aws:
        assert refused(aws.client("dynamodbstreams").get_records, ShardIterator=text) == "ValidationException"


def test_an_iterator_of_a_stream_that_is_gone_finds_nothing(on_moto: Aws) -> None:
    table = on_moto.table()
    client, old = on_moto.client("dynamodb"), shard(on_moto, table)
    streams = on_moto.client("dynamodbstreams")
    iterator = streams.get_shard_iterator(**old, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    for specification in ({"StreamEnabled": False}, {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}):
        client.update_table(TableName=table, StreamSpecification=specification)
    assert refused(streams.get_records, ShardIterator=iterator) == "ResourceNotFoundException"
