"""Corrections of moto's DynamoDB Streams: every change has one record, as on AWS.

moto 5.2.5 writes a record where nothing changed, two where an update creates an item, and keeps those of writes that
it undoes. It reports region us-east-1 and version 1.0 everywhere and sizes records by their JSON text. It calls every
mapped function through Docker inside the write, drops the records if that fails, and refuses to enable a stream twice.
"""

from typing import Any

from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import StreamRecord, StreamShard, Table

from tableguard.aws.item_size import item_size
from tableguard.local.event_source.activity import ACTIVITY
from tableguard.local.moto.dynamodb.requests import Write
from tableguard.local.moto.patch import replace

EVENT_VERSION = "1.1"


def install() -> None:
    """Replace StreamShard.add and the backend's update_table_streams."""
    replace(StreamShard, "add", _add_nothing)
    replace(DynamoDBBackend, "update_table_streams", _update_table_streams)


def publish(write: Write) -> None:
    """Append the stream record of a completed write, if it changed the item and the stream is enabled."""
    specification = write.table.stream_specification or {}
    shard = write.table.stream_shard
    if shard is not None and specification.get("StreamEnabled") and write.old != write.new:
        shard.items.append(_record(write, specification["StreamViewType"], shard))
        ACTIVITY.announce_write()


def _record(write: Write, view: str, shard: StreamShard) -> StreamRecord:
    kind = "INSERT" if write.before is None else "REMOVE" if write.after is None else "MODIFY"
    # nothing is ever taken out of a shard, so that its length numbers the next record
    number = shard.starting_sequence_number + len(shard.items)
    record = StreamRecord(write.table, view, kind, write.before, write.after, number)
    record.record.update(eventVersion=EVENT_VERSION, awsRegion=write.table.region_name)
    change = record.record["dynamodb"]
    # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_StreamRecord.html: whole seconds
    change["ApproximateCreationDateTime"] = change["ApproximateCreationDateTime"].replace(microsecond=0)
    change.update({part: of for part, of in (("NewImage", write.new), ("OldImage", write.old)) if part in change})
    change["SizeBytes"] = sum(item_size(change.get(part, {})) for part in ("Keys", "NewImage", "OldImage"))
    return record


def _add_nothing(shard: StreamShard, old: Item | None, new: Item | None) -> None:
    """Replace StreamShard.add with nothing: `publish` writes the record once the whole request has succeeded."""


def _update_table_streams(backend: DynamoDBBackend, table: Table, wanted: dict[str, Any]) -> None:
    """Replace DynamoDBBackend.update_table_streams: a disabled stream may be enabled again, its numbers going on.

    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html has the ValidationException.
    """
    before = table.stream_specification or {}
    enable = wanted.get("StreamEnabled") or wanted.get("StreamViewType")
    if bool(enable) == bool(before.get("StreamEnabled")):
        state = "already has an enabled stream" if enable else "has no stream to disable"
        raise MockValidationException(f"Table {state}: TableName: {table.name}")
    shard = table.stream_shard
    table.set_stream_specification(wanted)
    if enable and shard is not None and table.stream_shard is not None:
        table.stream_shard.starting_sequence_number = shard.starting_sequence_number + len(shard.items)
    if not enable and table.stream_specification is not None:
        # a disabled stream is still described, and moto looks for its view here
        table.stream_specification["StreamViewType"] = before.get("StreamViewType")
