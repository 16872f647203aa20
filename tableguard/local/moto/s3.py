"""Corrections of moto's S3: a lock on a bucket with objects, and access logs into one whose policy says more.

For a lock moto wants an empty bucket, which AWS did until it let existing buckets have one.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-configure.html
To take access logs, a bucket's policy must let S3 write them. moto fails where it says something of everybody too.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
"""

import json
from collections.abc import Callable
from typing import Any

from moto.s3.exceptions import InvalidBucketState
from moto.s3.models import FakeBucket, S3Backend

from tableguard.local.moto.patch import replace


def install() -> None:
    """Replace S3Backend.put_object_lock_configuration and FakeBucket._log_permissions_enabled_policy."""
    replace(S3Backend, "put_object_lock_configuration", _put_object_lock_configuration)
    replace(FakeBucket, "_log_permissions_enabled_policy", staticmethod(_lets_logs_in))


_AS_SHIPPED: Callable[[FakeBucket, str | None], bool] = FakeBucket._log_permissions_enabled_policy


class _Policy:
    """A bucket as moto's own check asks it, with those statements of its policy alone that name a service."""

    def __init__(self, bucket: FakeBucket) -> None:
        self.name, self.partition = bucket.name, bucket.partition
        policy: dict[str, Any] = json.loads(bucket.policy) if bucket.policy else {"Statement": []}
        of_services = [one for one in policy["Statement"] if isinstance(one.get("Principal"), dict)]
        self.policy = json.dumps({"Statement": of_services}).encode()


def _lets_logs_in(target_bucket: FakeBucket, target_prefix: str | None) -> bool:
    return _AS_SHIPPED(_Policy(target_bucket), target_prefix)  # type: ignore[arg-type]  # moto asks no more of a bucket


def _put_object_lock_configuration(
    backend: S3Backend, bucket_name: str, lock_enabled: bool, *retention: str | int | None
) -> None:
    bucket = backend.get_bucket(bucket_name)
    if not bucket.is_versioned:
        raise InvalidBucketState("Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration")
    if lock_enabled:
        bucket.object_lock_enabled = True
    bucket.default_lock_mode, bucket.default_lock_days, bucket.default_lock_years = retention  # type: ignore[assignment]  # as moto passes them
