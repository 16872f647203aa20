"""A bucket of the embedded AWS takes a lock while objects are in it, if it keeps versions."""

import json
from collections.abc import Iterator
from contextlib import nullcontext
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


@pytest.mark.parametrize(
    ("service", "refused"), [("logging.s3.amazonaws.com", ""), ("s3.amazonaws.com", "InvalidTarget")]
)
def test_access_logs_go_into_a_bucket_whose_policy_says_something_of_everybody_too(
    s3: Any, service: str, refused: str
) -> None:
    target, source = f"logs-{len(refused)}", f"source-{len(refused)}"
    for bucket in (target, source):
        s3.create_bucket(Bucket=bucket)
    everything = {"Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{target}/*"}
    statements = [
        {"Effect": "Deny", "Principal": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}, **everything},
        {"Effect": "Allow", "Principal": {"Service": service}, **everything},
    ]
    s3.put_bucket_policy(Bucket=target, Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))
    logged = {"LoggingEnabled": {"TargetBucket": target, "TargetPrefix": "of/"}}
    with pytest.raises(ClientError, match=refused) if refused else nullcontext():
        s3.put_bucket_logging(Bucket=source, BucketLoggingStatus=logged)
