"""Reads a DynamoDB stream for an event source mapping, and converts its records into the function's events."""

import base64
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tableguard.local.clients.refusals import refusals_as_errors

# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetRecords.html
PAGE_RECORDS = 1000
PAGE_BYTES = 1024 * 1024
DESCRIPTION_SECONDS = 60.0  # for which the shards of a stream are kept, unless one of them ends

Client = Any  # a boto3 client; botocore makes their classes at run time
Record = dict[str, Any]


@dataclass(frozen=True)
class Shard:
    """One shard, and its parent, whose records come first."""

    id: str
    parent: str | None = None


@dataclass(frozen=True)
class RecordPage:
    """The result of one read: records as events, in order; `ended` is true if the shard has no more.

    `full` is true if the page could hold no more, so that others are waiting.
    """

    events: tuple[Record, ...]
    ended: bool = False
    full: bool = False


class StreamReader(Protocol):
    """The source of a mapping's records."""

    def shards(self) -> Sequence[Shard]:
        """Return all shards of the stream."""

    def read(self, shard_id: str, after: str | None) -> RecordPage:
        """Return the next records after a sequence number, or from the beginning."""


class DynamoDbStream:
    """Reads one stream through its API.

    Every read uses a fresh iterator: an old one may still hold the records of a cancelled transaction.
    """

    def __init__(self, client: Client, stream_arn: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._arn = stream_arn
        self._clock = clock
        self._shards: tuple[Shard, ...] = ()
        self._described = 0.0

    def shards(self) -> tuple[Shard, ...]:
        """Return all shards of the stream, as described within the last minute."""
        if not self._shards or self._clock() - self._described >= DESCRIPTION_SECONDS:
            with refusals_as_errors(f"stream {self._arn}"):
                self._shards, self._described = tuple(self._describe()), self._clock()
        return self._shards

    def read(self, shard_id: str, after: str | None) -> RecordPage:
        """Return the records after a sequence number, or from the beginning: at most 1000 and 1 MB."""
        with refusals_as_errors(f"stream {self._arn}, shard {shard_id}"):
            iterator = self._client.get_shard_iterator(StreamArn=self._arn, ShardId=shard_id, **_position(after))
            try:
                answer = self._client.get_records(ShardIterator=iterator["ShardIterator"], Limit=PAGE_RECORDS)
            except self._client.exceptions.TrimmedDataAccessException:
                if after is None:  # DynamoDB Local, after a cancelled transaction: a new iterator is good
                    return RecordPage(())
                raise
        records = answer["Records"][: _fitting(answer["Records"])]
        left_out = len(records) < len(answer["Records"])
        ended = "NextShardIterator" not in answer and not left_out
        if ended:
            self._shards = ()  # its children, if it was split, are not known yet
        full = left_out or len(records) == PAGE_RECORDS
        return RecordPage(tuple(event(record, self._arn) for record in records), ended, full)

    def _describe(self) -> Iterable[Shard]:
        start: dict[str, str] = {}
        while True:
            answer = self._client.describe_stream(StreamArn=self._arn, **start)["StreamDescription"]
            for shard in answer["Shards"]:
                yield Shard(shard["ShardId"], shard.get("ParentShardId"))
            if not answer.get("LastEvaluatedShardId"):
                return
            start = {"ExclusiveStartShardId": answer["LastEvaluatedShardId"]}


def _position(after: str | None) -> dict[str, str]:
    if after is None:
        return {"ShardIteratorType": "TRIM_HORIZON"}
    return {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": after}


def _fitting(records: list[Record]) -> int:
    """Return the number of records that fit into 1 MB, at least one."""
    size = 0
    for count, record in enumerate(records):
        size += record["dynamodb"].get("SizeBytes", 0)
        if size > PAGE_BYTES:
            return max(count, 1)
    return len(records)


def event(record: Record, stream_arn: str) -> Record:
    """Return a record of GetRecords as Lambda's event: times in seconds, bytes in base64, and the stream's ARN."""
    converted = {key: _json(value) for key, value in record.items()}
    if "userIdentity" in record:  # the API writes PrincipalId and Type, the event does not:
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html
        identity = record["userIdentity"]
        converted["userIdentity"] = {"principalId": identity["PrincipalId"], "type": identity["Type"]}
    created = record["dynamodb"]["ApproximateCreationDateTime"]
    converted["dynamodb"]["ApproximateCreationDateTime"] = float(created.timestamp())
    return {**converted, "eventSourceARN": stream_arn}


def _json(value: Any) -> Any:
    if isinstance(value, bytes):  # only B and BS attributes hold bytes, however deep
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        if isinstance(value.get("S", value.get("N")), str) and len(value) == 1:
            return value  # most values by far, and no bytes in them
        return {key: _json(inner) for key, inner in value.items()}
    if isinstance(value, list | set):
        return [_json(inner) for inner in value]
    return value
