"""Puts a trail's files into its bucket, if the bucket's policy and the key's let CloudTrail do so.

The calls are CloudTrail's own and are not recorded: a trail over its own bucket would record itself for ever.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from tableguard.aws.arn import parse
from tableguard.aws.cloudtrail.delivery.files import EvidenceFile, timestamp
from tableguard.aws.cloudtrail.delivery.trail import Trail
from tableguard.local.trail.delivery import permissions
from tableguard.partitions import SUPPORTED, of_region

_ACL = "bucket-owner-full-control"
_NOTHING: Mapping[str, str] = MappingProxyType({})


def put(trail: Trail, file: EvidenceFile, now: datetime, metadata: Mapping[str, str] = _NOTHING) -> str:
    """Put a file into its bucket; return the code of the error if that is refused, nothing if it is done."""
    error = _refusal(trail, file)
    if not error:
        _write(trail, file, now, metadata)
    return error


def exists(bucket: str) -> bool:
    """Return whether there is a bucket."""
    return _buckets(bucket) is not None


def policy_refusal(trail: Trail) -> str:
    """Return why a bucket takes no files of a trail, or may not be looked at by it; nothing if it does and may."""
    looking = permissions.call_of(trail, "s3", "GetBucketAcl", {"Bucket": trail.bucket})
    prefix = f"{trail.prefix}/" if trail.prefix else ""
    return permissions.refusal(looking) or _put_refusal(
        trail, trail.bucket, f"{prefix}AWSLogs/{trail.account}/CloudTrail/"
    )


def key_refusal(trail: Trail, file: EvidenceFile | None = None) -> str:
    """Return why the trail's key cannot encrypt a file, or any; nothing if it can."""
    from moto.kms.models import kms_backends  # noqa: PLC0415  # moto is slow to import

    arn = parse(trail.key_id)
    key = kms_backends[arn.account][arn.region].keys.get(arn.resource.removeprefix("key/")) if arn else None
    if key is None:
        return "KMS.NotFoundException"
    if key.key_state != "Enabled":
        return "KMS.DisabledException" if key.key_state == "Disabled" else "KMS.KMSInvalidStateException"
    place = {"aws:s3:arn": f"arn:{of_region(trail.home_region)}:s3:::{file.bucket}/{file.key}"} if file else {}
    encryption_context = {"aws:cloudtrail:arn": trail.arn, **place}
    parameters = {"KeyId": trail.key_id, "EncryptionContext": encryption_context, "KeySpec": "AES_256"}
    return permissions.refusal(permissions.call_of(trail, "kms", "GenerateDataKey", parameters))


def _refusal(trail: Trail, file: EvidenceFile) -> str:
    if not exists(file.bucket):
        return "NoSuchBucket"
    return _put_refusal(trail, file.bucket, file.key) or (key_refusal(trail, file) if trail.key_id else "")


def _put_refusal(trail: Trail, bucket: str, key: str) -> str:
    context = {
        "s3:x-amz-acl": _ACL,
        "s3:x-amz-server-side-encryption": "aws:kms" if trail.key_id else "AES256",
        **({"s3:x-amz-server-side-encryption-aws-kms-key-id": trail.key_id} if trail.key_id else {}),
    }
    return permissions.refusal(permissions.call_of(trail, "s3", "PutObject", {"Bucket": bucket, "Key": key}, context))


def _write(trail: Trail, file: EvidenceFile, now: datetime, metadata: Mapping[str, str]) -> None:
    from moto.s3.models import get_canned_acl  # noqa: PLC0415  # moto is slow to import

    backend = _buckets(file.bucket)
    bucket = backend.get_bucket(file.bucket)
    locked = bucket.object_lock_enabled and bucket.has_default_lock
    key = backend.put_object(
        file.bucket,
        file.key,
        file.body,
        storage="STANDARD",
        encryption="aws:kms" if trail.key_id else None,  # None leaves it to the bucket
        kms_key_id=trail.key_id or None,
        lock_mode=bucket.default_lock_mode if locked else None,
        lock_until=_locked_until(bucket, now) if locked else None,
    )
    key.set_metadata({"Content-Type": "application/json", "Content-Encoding": "gzip", **metadata})
    key.set_acl(get_canned_acl(_ACL))
    key.last_modified = now.replace(tzinfo=None)  # as moto has it, which reads the machine's clock


def _locked_until(bucket: Any, now: datetime) -> str:
    days = (bucket.default_lock_days or 0) + 365 * (bucket.default_lock_years or 0)
    return timestamp(now + timedelta(days=days))


def _buckets(name: str) -> Any:
    """Return S3 as moto keeps it for the account that owns a bucket; None if there is no such bucket."""
    from moto.s3.models import s3_backends  # noqa: PLC0415  # moto is slow to import

    owners = (of[partition] for of in list(s3_backends.values()) for partition in SUPPORTED)
    return next((owner for owner in owners if name in owner.buckets), None)
