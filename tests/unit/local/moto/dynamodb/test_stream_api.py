"""Streams, shards and iterators that do not exist are refused, and what there is comes in pages."""

from typing import Any

import pytest

from tests.worlds.items import kilobytes
from tests.worlds.moto_modes import Aws, Case, as_aws_answers, cases, item, of_plain_dynamodb, refused

VALIDATION, ABSENT = "ValidationException", "ResourceNotFoundException"

OFF = {"StreamSpecification": {"StreamEnabled": False}}


def _stream(aws: Aws, table: str) -> tuple[Any, dict[str, str]]:
    arn = aws.client("dynamodb").describe_table(TableName=table)["Table"]["LatestStreamArn"]
    client = aws.unchecked_client("dynamodbstreams")
    shard = client.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    return client, {"StreamArn": arn, "ShardId": shard}


def a_stream_is_there(aws: Aws) -> Any:
    table = aws.table()
    client, shard = _stream(aws, table)
    arn = shard["StreamArn"]
    arns = [arn, arn.replace(table, f"{table}x"), f"{arn[:-1]}x", "x" * 40]
    described = [refused(client.describe_stream, StreamArn=name) for name in arns[:3]]
    read = {"ShardId": shard["ShardId"], "ShardIteratorType": "LATEST"}
    return [described, [refused(client.get_shard_iterator, StreamArn=name, **read) for name in arns[:3]]]


def a_shard_and_a_place_in_it_are_there(aws: Aws) -> Any:
    client, shard = _stream(aws, aws.table())
    start = client.describe_stream(StreamArn=shard["StreamArn"])["StreamDescription"]["Shards"][0]
    number = {"SequenceNumber": start["SequenceNumberRange"]["StartingSequenceNumber"]}
    at, last = {"ShardIteratorType": "AT_SEQUENCE_NUMBER"}, {"ShardIteratorType": "LATEST"}
    unknown = {**shard, "ShardId": "shardId-00000000000000000000-00000000"}
    requests = [{**shard, **last}, {**unknown, **last}, {**shard, "ShardIteratorType": "OLDEST"}]
    requests += [{**shard, **at, **number}, {**shard, **at}]
    return [refused(client.get_shard_iterator, **request) for request in requests]


def a_page_begins_after_the_one_before(aws: Aws) -> Any:
    client, shard = _stream(aws, aws.table())
    described = client.describe_stream(StreamArn=shard["StreamArn"], ExclusiveStartShardId=shard["ShardId"])
    first = client.list_streams(Limit=1)
    _stream(aws, aws.table())
    more = client.list_streams(ExclusiveStartStreamArn=first["Streams"][0]["StreamArn"])["Streams"]
    return [
        described["StreamDescription"]["Shards"],
        len(first["Streams"]),
        first["Streams"][0] in more,
        [refused(client.list_streams, Limit=limit) for limit in (100, 0, 101)],
    ]


def a_page_has_at_most_a_thousand_records(aws: Aws) -> Any:
    client, shard = _stream(aws, aws.table())
    iterator = client.get_shard_iterator(**shard, ShardIteratorType="LATEST")["ShardIterator"]
    return [
        *(refused(client.get_records, ShardIterator=iterator, Limit=limit) for limit in (1000, 1001, 0)),
        refused(client.get_records, ShardIterator="garbage" * 8),
    ]


def a_page_has_at_most_a_megabyte(aws: Aws) -> Any:
    table = aws.table("KEYS_ONLY"), aws.table("NEW_IMAGE")
    for name in table:
        for number in range(6):
            aws.client("dynamodb").put_item(TableName=name, Item=item(sk=str(number), text=kilobytes(300)))
    counts = []
    for name in table:
        client, shard = _stream(aws, name)
        iterator = client.get_shard_iterator(**shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        while records := (page := client.get_records(ShardIterator=iterator))["Records"]:
            counts.append(len(records))
            iterator = page["NextShardIterator"]
    return counts


def a_disabled_stream_has_an_end(aws: Aws) -> Any:
    table = aws.table()
    client, shard = _stream(aws, table)
    aws.client("dynamodb").put_item(TableName=table, Item=item())
    iterator = client.get_shard_iterator(**shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    ends = []
    for is_enabled in (True, False):
        if not is_enabled:
            aws.client("dynamodb").update_table(TableName=table, **OFF)
        page = client.get_records(ShardIterator=iterator)
        closed = client.describe_stream(StreamArn=shard["StreamArn"])["StreamDescription"]["Shards"][0]
        ends.append([len(page["Records"]), "EndingSequenceNumber" in closed["SequenceNumberRange"]])
    return ends, "NextShardIterator" in page


def a_stream_has_a_label_of_milliseconds(aws: Aws) -> Any:
    label = aws.client("dynamodb").describe_table(TableName=aws.table())["Table"]["LatestStreamLabel"]
    return len(label)


def what_is_off_is_not_disabled_again(aws: Aws) -> Any:
    update = aws.client("dynamodb").update_table
    return [refused(update, TableName=aws.table(view), **OFF) for view in ("NEW_IMAGE", None)]


CORRECTED = cases(
    Case(a_stream_is_there, [["accepted", ABSENT, ABSENT]] * 2),
    Case(a_shard_and_a_place_in_it_are_there, ["accepted", ABSENT, VALIDATION, "accepted", VALIDATION]),
    Case(a_page_begins_after_the_one_before, [[], 1, False, ["accepted", VALIDATION, VALIDATION]]),
    Case(a_page_has_at_most_a_thousand_records, ["accepted", VALIDATION, VALIDATION, VALIDATION]),
    Case(a_page_has_at_most_a_megabyte, [6, 3, 3]),
    Case(a_disabled_stream_has_an_end, [[[1, False], [1, True]], False]),
    Case(a_stream_has_a_label_of_milliseconds, len("2015-05-20T20:51:10.252")),
    Case(what_is_off_is_not_disabled_again, ["accepted", VALIDATION]),
)


@pytest.mark.parametrize("name", CORRECTED)
def test_as_aws_answers(aws: Aws, name: str) -> None:
    assert as_aws_answers(aws, CORRECTED[name])


@pytest.mark.parametrize("name", CORRECTED)
def test_plain_moto_answers_otherwise(name: str) -> None:
    assert of_plain_dynamodb()[name] != CORRECTED[name].answer
