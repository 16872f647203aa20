"""The batches that Lambda gave up and wrote to a bucket, or copies of them in a folder.

https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tableguard.errors import TableError
from tableguard.settings import Settings

PREFIX = "aws/lambda/"


def failure_bucket(settings: Settings) -> str:
    """Return the name of the stream stack's bucket for the batches that Lambda gives up."""
    return f"{settings.name}-failures-{settings.account_id}-{settings.home_region}"


class BatchStore(Protocol):
    """A bucket or folder of failed batches."""

    def names(self) -> Iterator[str]:
        """Yield the names of all batches, oldest first within each shard."""

    def read(self, name: str) -> bytes:
        """Return the bytes of a batch."""

    def delete(self, name: str) -> None:
        """Delete a batch; in a versioned bucket it can be restored until its lifecycle ends it."""


@dataclass(frozen=True)
class Bucket:
    """The on-failure bucket of the event source mapping."""

    client: Any  # of S3; botocore makes its classes at run time
    name: str

    def names(self) -> Iterator[str]:
        """Yield the keys in S3's order: aws/lambda/MAPPING/SHARD/YYYY/MM/DD/TIME-ID, by time within a shard."""
        for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=PREFIX):
            yield from (entry["Key"] for entry in page.get("Contents", []))

    def read(self, name: str) -> bytes:
        """Return the bytes of the object's newest version."""
        return bytes(self.client.get_object(Bucket=self.name, Key=name)["Body"].read())

    def delete(self, name: str) -> None:
        """Hide the object behind a delete marker."""
        self.client.delete_object(Bucket=self.name, Key=name)


@dataclass(frozen=True)
class Folder:
    """Copies of the objects: where there is no S3, or where the table's network does not reach it."""

    path: Path

    def names(self) -> Iterator[str]:
        """Yield the path of every file within the folder, sorted."""
        if not self.path.is_dir():
            raise TableError(f"{self.path}: is no folder; give one that holds copies of the failed batches")
        yield from sorted(str(path.relative_to(self.path)) for path in self.path.rglob("*") if path.is_file())

    def read(self, name: str) -> bytes:
        """Return the file's bytes."""
        return (self.path / name).read_bytes()

    def delete(self, name: str) -> None:
        """Remove the file."""
        (self.path / name).unlink()


class UnreadableBatch(ValueError):
    """An object that is no failed batch of this table; the error never quotes it."""


@dataclass(frozen=True)
class FailedBatch:
    """Records of one shard that Lambda gave up, and why."""

    shard_id: str
    first: str  # sequence numbers
    last: str
    condition: str
    records: tuple[Any, ...]


def parse(body: bytes, table_name: str) -> FailedBatch:
    """Read the batch that an object holds; UnreadableBatch if it holds none, or one of another table."""
    try:
        document = json.loads(body)
        batch, payload = document["DDBStreamBatchInfo"], document["payload"]
        # AWS shows "payload": "<Whole Event>", which is a string; an event that is not packed into one is as good
        event = json.loads(payload) if isinstance(payload, str) else payload
        records = event["Records"]
        if not isinstance(records, list):
            raise TypeError("Records")
        texts = (
            batch["shardId"],
            batch["startSequenceNumber"],
            batch["endSequenceNumber"],
            document["requestContext"]["condition"],
        )
        if not all(isinstance(text, str) for text in texts):
            raise TypeError("DDBStreamBatchInfo")
        failed_batch = FailedBatch(*texts, tuple(records))
        table = _table_of(batch["streamArn"])
    except KeyError as error:
        raise UnreadableBatch(f"lacks {error.args[0]!r}, which a failed batch in S3 has") from error
    # their texts could quote a message; lists within lists without end are a RecursionError
    except (ValueError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise UnreadableBatch("is not an invocation record in JSON") from error
    if table != table_name:
        raise UnreadableBatch(f"is of table {table}, not of {table_name}")
    return failed_batch


def _table_of(stream_arn: str) -> str:
    """Return the table in arn:aws:dynamodb:REGION:ACCOUNT:table/NAME/stream/LABEL."""
    return stream_arn.split("/")[1]
