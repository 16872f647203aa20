"""Streams are read page by page, and their records become the events that Lambda sends."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest

from tableguard.local.event_source.stream_reader import DynamoDbStream, Shard, event
from tests.worlds.mappings import STREAM


def api_record(**change: Any) -> dict[str, Any]:
    """The record of GetRecords that boto3 gives."""
    written = datetime(2023, 6, 26, 10, 16, tzinfo=UTC)
    return {
        "eventID": "3328806016f56c2f6060f1df0d2a82b5",
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-2",
        "dynamodb": {
            "ApproximateCreationDateTime": written,
            "Keys": {"pk": {"S": "MSG#g"}},
            "SequenceNumber": "8500000000009229331846",
            "SizeBytes": 299,
            "StreamViewType": "NEW_IMAGE",
            **change,
        },
    }


def test_an_event_is_the_record_with_seconds_and_its_source() -> None:
    assert event(api_record(NewImage={"pk": {"S": "MSG#g"}, "n": {"N": "1"}}), STREAM) == {
        "eventID": "3328806016f56c2f6060f1df0d2a82b5",
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-2",
        "dynamodb": {
            "ApproximateCreationDateTime": 1687774560.0,
            "Keys": {"pk": {"S": "MSG#g"}},
            "NewImage": {"pk": {"S": "MSG#g"}, "n": {"N": "1"}},
            "SequenceNumber": "8500000000009229331846",
            "SizeBytes": 299,
            "StreamViewType": "NEW_IMAGE",
        },
        "eventSourceARN": STREAM,
    }


def test_bytes_are_base64_at_every_depth() -> None:
    raw, text = b"\x00foobar\xff", base64.b64encode(b"\x00foobar\xff").decode()
    image = {"b": {"B": raw}, "set": {"BS": [raw, b""]}, "l": {"L": [{"M": {"deep": {"B": raw}}}]}, "s": {"S": "B"}}
    converted = event(api_record(NewImage=image), STREAM)["dynamodb"]["NewImage"]
    assert converted == {
        "b": {"B": text},
        "set": {"BS": [text, ""]},
        "l": {"L": [{"M": {"deep": {"B": text}}}]},
        "s": {"S": "B"},
    }


def test_a_deletion_by_time_to_live_names_the_service() -> None:
    record = {**api_record(), "userIdentity": {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}}
    assert event(record, STREAM)["userIdentity"] == {"principalId": "dynamodb.amazonaws.com", "type": "Service"}
    assert "userIdentity" not in event(api_record(), STREAM)


class Streams:
    """The Streams API in memory: two pages of shards, one page of records."""

    def __init__(self, records: list[dict[str, Any]], following: dict[str, str]) -> None:
        self.asked: list[dict[str, Any]] = []
        self.described = 0
        self.answer = {"Records": records, **following}

    def describe_stream(self, StreamArn: str, ExclusiveStartShardId: str | None = None) -> dict[str, Any]:
        if ExclusiveStartShardId is None:
            self.described += 1
            return {"StreamDescription": {"Shards": [{"ShardId": "a"}], "LastEvaluatedShardId": "a"}}
        return {"StreamDescription": {"Shards": [{"ShardId": "b", "ParentShardId": ExclusiveStartShardId}]}}

    def get_shard_iterator(self, **asked: Any) -> dict[str, str]:
        self.asked.append(asked)
        return {"ShardIterator": f"iterator-{len(self.asked)}"}

    def get_records(self, **asked: Any) -> dict[str, Any]:
        self.asked.append(asked)
        return self.answer


def test_all_shards_of_a_stream_are_found() -> None:
    assert DynamoDbStream(Streams([], {}), STREAM).shards() == (Shard("a"), Shard("b", "a"))


@pytest.mark.parametrize(
    ("seconds", "following", "described"),
    [
        (59.0, {"NextShardIterator": "more"}, 1),
        (60.0, {"NextShardIterator": "more"}, 2),
        (0.0, {}, 2),  # a shard that has ended may have children
    ],
)
def test_a_stream_is_described_anew_after_a_minute_or_where_a_shard_ends(
    seconds: float, following: dict[str, str], described: int
) -> None:
    api, now = Streams([], following), [1000.0]
    stream = DynamoDbStream(api, STREAM, clock=lambda: now[0])
    stream.shards()
    stream.read("a", None)
    now[0] += seconds
    assert stream.shards() == (Shard("a"), Shard("b", "a"))
    assert api.described == described


def test_every_read_asks_for_a_fresh_iterator() -> None:
    api = Streams([], {"NextShardIterator": "old"})
    stream = DynamoDbStream(api, STREAM)
    stream.read("a", None)
    stream.read("a", "17")
    where = {"StreamArn": STREAM, "ShardId": "a"}
    assert api.asked == [
        {**where, "ShardIteratorType": "TRIM_HORIZON"},
        {"ShardIterator": "iterator-1", "Limit": 1000},
        {**where, "ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": "17"},
        {"ShardIterator": "iterator-3", "Limit": 1000},
    ]


@pytest.mark.parametrize(
    ("sizes", "following", "taken", "ended"),
    [
        ([400_000, 400_000], {"NextShardIterator": "more"}, 2, False),
        ([400_000, 400_000], {}, 2, True),
        ([400_000, 400_000, 400_000], {}, 2, False),  # 1 MB, and the rest with the next read
        ([2_000_000], {}, 1, True),
        ([], {}, 0, True),
    ],
)
def test_a_page_holds_at_most_1_mb(sizes: list[int], following: dict[str, str], taken: int, ended: bool) -> None:
    page = DynamoDbStream(Streams([api_record(SizeBytes=size) for size in sizes], following), STREAM).read("a", None)
    assert (len(page.events), page.ended) == (taken, ended)
