"""Correction of moto's shard iterators, which it keeps for ever: here nothing is kept, and one ends after 15 minutes.

moto 5.2.5 puts two into a dictionary for every read, and crashes at one that it did not make. Here an iterator says
itself where it stands and since when:
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetRecords.html#API_streams_GetRecords_Errors
"""

import json
import time
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.dynamodb.exceptions import ERROR_TYPE_PREFIX, MockValidationException
from moto.dynamodbstreams.models import DynamoDBStreamsBackend, ShardIterator

from tableguard.local.moto.patch import replace, wrap

SECONDS = 900


def install(clock: Callable[[], float] = time.time) -> None:
    """Replace ShardIterator.arn, and wrap the two functions of DynamoDBStreamsBackend that keep iterators."""
    replace(ShardIterator, "arn", property(lambda iterator: written(iterator, clock())))
    wrap(DynamoDBStreamsBackend, "get_shard_iterator", _keeping_none)
    wrap(DynamoDBStreamsBackend, "get_records", lambda *call: _get_records(clock(), *call))


def written(iterator: ShardIterator, now: float) -> str:
    """Return the text of an iterator that is given out now; it begins with the ARN of its stream, as moto's does."""
    table = iterator.stream_shard.table
    content = b64encode(json.dumps([iterator.sequence_number, now]).encode()).decode()
    return f"{table.table_arn}/stream/{table.latest_stream_label}|1|{content}"


def _keeping_none(original: Callable[..., Any], backend: DynamoDBStreamsBackend, *args: Any, **kwargs: Any) -> Any:
    try:
        return original(backend, *args, **kwargs)
    finally:
        backend.shard_iterators.clear()


def _get_records(now: float, original: Callable[..., Any], backend: DynamoDBStreamsBackend, text: str, *at: Any) -> Any:
    backend.shard_iterators[text] = read(backend, text, now)
    return _keeping_none(original, backend, text, *at)


def read(backend: DynamoDBStreamsBackend, text: str, now: float) -> ShardIterator:
    """Return the iterator of a text; an error of AWS's if it is none, of a stream that is gone, or too old."""
    stream, _, content = text.rpartition("|")
    try:
        number, since = json.loads(b64decode(content, validate=True))
        table = backend._get_table_from_arn(stream.removesuffix("|1"))
    except (ValueError, TypeError, IndexError) as error:
        raise MockValidationException("Invalid ShardIterator") from error
    if table.stream_shard is None or not stream.endswith(f"/stream/{table.latest_stream_label}|1"):
        raise _refusal("ResourceNotFoundException", f"Requested resource not found: Stream: {stream} not found")
    if now - since >= SECONDS:
        raise _refusal("ExpiredIteratorException", "The shard iterator was given out more than 15 minutes ago")
    return ShardIterator(backend, table.stream_shard, "AT_SEQUENCE_NUMBER", number)


def _refusal(code: str, message: str) -> JsonRESTError:
    return JsonRESTError(ERROR_TYPE_PREFIX + code, message)
