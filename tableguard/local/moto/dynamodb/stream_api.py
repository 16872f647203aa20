"""Corrections of what moto's DynamoDB Streams answer: pages, iterators, closed shards, and streams that do not exist.

moto 5.2.5 takes any label for a stream, lists all streams and shards whatever page is asked for, crashes at shards that
it does not know, and gives records without a limit of bytes. A stream that was enabled anew has another
ARN, and its earlier records, which AWS keeps for a day, are gone here:
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetShardIterator.html
"""

from collections.abc import Callable
from itertools import accumulate
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult
from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.models.table import StreamShard, Table
from moto.dynamodbstreams.responses import DynamoDBStreamsHandler

from tableguard.local.moto.patch import wrap

PAGE_STREAMS, PAGE_RECORDS, PAGE_BYTES = 100, 1000, 1024 * 1024
Action = Callable[[DynamoDBStreamsHandler], Any]


def install() -> None:
    """Wrap the operations of DynamoDBStreamsHandler, and Table.set_stream_specification."""
    for operation in (_describe_stream, _list_streams, _get_shard_iterator, _get_records):
        wrap(DynamoDBStreamsHandler, operation.__name__[1:], operation)
    wrap(Table, "set_stream_specification", _set_stream_specification)


def _describe_stream(original: Action, handler: DynamoDBStreamsHandler) -> Any:
    """Describe a stream's one shard: it has no successor, and is closed where the stream is disabled."""
    shard, shard_filter = _shard(handler), handler._get_param("ShardFilter")
    _require(not shard_filter or len(shard_filter) == 2, "ShardFilter has a Type and a ShardId")
    answer = original(handler)
    described = answer.result["StreamDescription"]
    if _is_closed(shard):
        described["StreamStatus"] = "DISABLED"
        described["Shards"][0]["SequenceNumberRange"]["EndingSequenceNumber"] = str(_end(shard))
    if shard_filter or handler._get_param("ExclusiveStartShardId"):
        described["Shards"] = []
    return answer


def _list_streams(_: Action, handler: DynamoDBStreamsHandler) -> Any:
    limit, start = handler._get_param("Limit", PAGE_STREAMS), handler._get_param("ExclusiveStartStreamArn", "arn:")
    _require(limit <= PAGE_STREAMS, f"Limit is at most {PAGE_STREAMS}")
    _require(start.startswith("arn:"), "Invalid StreamArn")
    streams = sorted(handler.backend.list_streams(handler._get_param("TableName")), key=lambda one: one["StreamArn"])
    left = [stream for stream in streams if stream["StreamArn"] > start]
    more = {"LastEvaluatedStreamArn": left[limit - 1]["StreamArn"]} if len(left) > limit else {}
    return ActionResult({"Streams": left[:limit], **more})


def _get_shard_iterator(original: Action, handler: DynamoDBStreamsHandler) -> Any:
    number, at_a_number = handler._get_param("SequenceNumber"), handler._get_param("ShardIteratorType")[0] == "A"
    if _shard(handler).id != handler._get_param("ShardId"):
        raise JsonRESTError("ResourceNotFoundException", f"Shard does not exist: {handler._get_param('ShardId')}")
    _require((number is not None) == at_a_number, "SequenceNumber belongs to AT_ and AFTER_SEQUENCE_NUMBER")
    _require(number is None or number.isdecimal(), "Invalid SequenceNumber")
    return original(handler)


def _get_records(_: Action, handler: DynamoDBStreamsHandler) -> Any:
    iterator, limit = handler._get_param("ShardIterator"), handler._get_param("Limit", PAGE_RECORDS)
    _require(limit <= PAGE_RECORDS, f"Limit is at most {PAGE_RECORDS}")
    answer = handler.backend.get_records(iterator, limit)
    sizes = accumulate(record["dynamodb"]["SizeBytes"] for record in answer["Records"])
    if (fitting := sum(size <= PAGE_BYTES for size in sizes)) < len(answer["Records"]):
        return ActionResult(handler.backend.get_records(iterator, max(1, fitting)))
    shard = handler.backend._get_table_from_arn(iterator).stream_shard
    last = int(answer["Records"][-1]["dynamodb"]["SequenceNumber"]) if answer["Records"] else None
    if shard is not None and _is_closed(shard) and last in (None, _end(shard) - 1):
        del answer["NextShardIterator"]
    return ActionResult(answer)


def _shard(handler: DynamoDBStreamsHandler) -> StreamShard:
    arn: str = handler._get_param("StreamArn")
    _require(arn.startswith("arn:") and "/stream/" in arn, "Invalid StreamArn")
    table = handler.backend.dynamodb.tables.get(arn.split("/")[1])
    shard = table.stream_shard if table else None
    if shard is None or arn != f"{shard.table.table_arn}/stream/{shard.table.latest_stream_label}":
        raise JsonRESTError("ResourceNotFoundException", f"Requested resource not found: Stream: {arn} not found")
    return shard


def _is_closed(shard: StreamShard) -> bool:
    return not (shard.table.stream_specification or {}).get("StreamEnabled")


def _end(shard: StreamShard) -> int:
    return shard.starting_sequence_number + len(shard.items)


def _require(is_so: bool, what: str) -> None:
    if not is_so:
        raise MockValidationException(what)


def _set_stream_specification(original: Callable[..., None], table: Table, streams: dict[str, Any] | None) -> None:
    """Give a stream's label milliseconds, as AWS's have."""
    original(table, streams)
    table.latest_stream_label = table.latest_stream_label and table.latest_stream_label[:23]
