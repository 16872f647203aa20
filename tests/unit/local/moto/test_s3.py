"""A bucket of the embedded AWS takes a lock while objects are in it, if it keeps versions."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard.local import server
from tableguard.local.clients.factory import Clients

LOCK = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}}


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    with server.start() as running:
        yield Clients(running.endpoint)("s3", "111122223333", "us-east-1")


def test_a_bucket_with_objects_takes_a_lock_and_another_one(s3: Any) -> None:
    s3.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    for days in (1, 2):
        s3.put_object(Bucket="locked", Key="one", Body=b"")
        rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": days}}
        s3.put_object_lock_configuration(Bucket="locked", ObjectLockConfiguration={**LOCK, "Rule": rule})
        kept = s3.get_object_lock_configuration(Bucket="locked")["ObjectLockConfiguration"]["Rule"]
        assert kept["DefaultRetention"]["Days"] == days


def test_a_bucket_without_versions_takes_none(s3: Any) -> None:
    s3.create_bucket(Bucket="plain")
    with pytest.raises(ClientError, match="InvalidBucketState"):
        s3.put_object_lock_configuration(Bucket="plain", ObjectLockConfiguration=LOCK)
