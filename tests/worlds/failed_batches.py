"""Failed batches as the embedded AWS leaves them in a bucket, and a bucket to leave them in."""

import json
from typing import Any

from tableguard.local.event_source.configuration import MappingConfiguration
from tableguard.local.event_source.failure_destination import FailureDestination
from tableguard.local.event_source.mapping import DiscardedBatch, RecordBatch
from tests.worlds.messages import NOW, REGION, TABLE

BUCKET = "messages-failures"
FUNCTION = f"arn:aws:lambda:{REGION}:123456789012:function:messages-pattern-d"


def make_bucket(s3: Any, bucket: str = BUCKET) -> None:
    """An empty bucket."""
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})


class _Kept:
    """An S3 that keeps what it is asked to put."""

    def put_object(self, **request: Any) -> None:
        self.request = request


def _given_up(*records: Any, number: int = 1, table: str = TABLE, bucket: str = BUCKET) -> dict[str, Any]:
    """What Lambda asks of S3 when it gives up these records after its last attempt."""
    stream = f"arn:aws:dynamodb:{REGION}:123456789012:table/{table}/stream/2026-06-26T08:36:49.800"
    arn = f"arn:aws:s3:::{bucket}"
    mapping = MappingConfiguration("uuid-1", FUNCTION, stream, destination_arn=arn)
    kept = _Kept()
    destination = FailureDestination(mapping, arn, lambda service: kept, lambda: NOW.timestamp() + number, lambda: "id")
    destination(DiscardedBatch("shardId-1", RecordBatch(records, 11), "RecordAgeExceeded"))
    return kept.request


def leave(s3: Any, *records: Any, **more: Any) -> str:
    """Give these records up; answers the key of the object that holds them."""
    request = _given_up(*records, **more)
    s3.put_object(**request)
    return str(request["Key"])


def document(*records: Any) -> dict[str, Any]:
    """The JSON that such an object holds."""
    found: dict[str, Any] = json.loads(_given_up(*records)["Body"])
    return found
