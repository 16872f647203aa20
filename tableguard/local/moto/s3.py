"""Correction of moto's S3: a bucket's object lock can be set or changed while objects are in it.

moto wants an empty bucket, which AWS did until it let existing buckets have a lock.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-configure.html
"""

from moto.s3.exceptions import InvalidBucketState
from moto.s3.models import S3Backend

from tableguard.local.moto.patch import replace


def install() -> None:
    """Replace S3Backend.put_object_lock_configuration."""
    replace(S3Backend, "put_object_lock_configuration", _put_object_lock_configuration)


def _put_object_lock_configuration(
    backend: S3Backend, bucket_name: str, lock_enabled: bool, *retention: str | int | None
) -> None:
    bucket = backend.get_bucket(bucket_name)
    if not bucket.is_versioned:
        raise InvalidBucketState("Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration")
    if lock_enabled:
        bucket.object_lock_enabled = True
    bucket.default_lock_mode, bucket.default_lock_days, bucket.default_lock_years = retention  # type: ignore[assignment]  # as moto passes them
