"""CloudTrail's log files and digest files: their keys and contents, and what of a digest is signed.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-examples.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-custom-validation.html
"""

import gzip
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tableguard.aws.cloudtrail.delivery.selectors import Record
from tableguard.aws.cloudtrail.delivery.trail import Trail

SIGNATURE_ALGORITHM = "SHA256withRSA"
_HASH_ALGORITHM = "SHA-256"


@dataclass(frozen=True)
class EvidenceFile:
    """A file for a trail's bucket, with its contents before compression."""

    bucket: str
    key: str
    text: bytes
    oldest: str | None  # times of events, as records have them
    newest: str | None

    @property
    def body(self) -> bytes:
        """Return the contents of the object."""
        return gzip.compress(self.text, mtime=0)

    @property
    def hash(self) -> str:
        """Return the hash that digests name: that of the contents before compression."""
        return hashlib.sha256(self.text).hexdigest()


@dataclass(frozen=True)
class SignedDigest:
    """A digest file that is in its bucket, with its signature in hexadecimal digits."""

    file: EvidenceFile
    signature: str


def log_file(trail: Trail, region: str, records: Sequence[Record], time: datetime, unique: str) -> EvidenceFile:
    """Return the log file of a region's records; `unique` keeps two of the same minute apart."""
    name = f"{trail.account}_CloudTrail_{region}_{time:%Y%m%dT%H%MZ}_{unique}.json.gz"
    times = sorted(str(record["eventTime"]) for record in records)
    text = json.dumps({"Records": list(records)}, separators=(",", ":")).encode()
    return EvidenceFile(trail.bucket, _key(trail, "CloudTrail", region, time, name), text, times[0], times[-1])


def digest_file(
    trail: Trail,
    region: str,
    interval: tuple[datetime, datetime],
    files: Sequence[EvidenceFile],
    *,
    previous: SignedDigest | None,
    fingerprint: str,
) -> EvidenceFile:
    """Return the digest of the log files that were delivered in an interval, after the one before it.

    A chain begins with a digest that names none before it, and one without log files is made too.
    """
    begin, end = interval
    name = f"{trail.account}_CloudTrail-Digest_{region}_{trail.name}_{trail.home_region}_{end:%Y%m%dT%H%M%SZ}.json.gz"
    key = _key(trail, "CloudTrail-Digest", region, end, name)
    oldest = min((file.oldest for file in files if file.oldest), default=None)
    newest = max((file.newest for file in files if file.newest), default=None)
    contents = {
        "awsAccountId": trail.account,
        "digestStartTime": timestamp(begin),
        "digestEndTime": timestamp(end),
        "digestS3Bucket": trail.bucket,
        "digestS3Object": key,
        "digestPublicKeyFingerprint": fingerprint,
        "digestSignatureAlgorithm": SIGNATURE_ALGORITHM,
        "newestEventTime": newest,
        "oldestEventTime": oldest,
        "previousDigestS3Bucket": previous and previous.file.bucket,
        "previousDigestS3Object": previous and previous.file.key,
        "previousDigestHashValue": previous and previous.file.hash,
        "previousDigestHashAlgorithm": previous and _HASH_ALGORITHM,
        "previousDigestSignature": previous and previous.signature,
        "logFiles": [_entry(file) for file in files],
    }
    text = json.dumps(contents, separators=(",", ":")).encode()
    return EvidenceFile(trail.bucket, key, text, oldest, newest)


def signed_text(digest: EvidenceFile, end: datetime, previous: SignedDigest | None) -> bytes:
    """Return what is signed of a digest file: its end, its place, its hash, and the signature before it."""
    before = previous.signature if previous else "null"
    return f"{timestamp(end)}\n{digest.bucket}/{digest.key}\n{digest.hash}\n{before}".encode()


def timestamp(time: datetime) -> str:
    """Return a time as CloudTrail writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def _key(trail: Trail, folder: str, region: str, time: datetime, name: str) -> str:
    prefix = f"{trail.prefix}/" if trail.prefix else ""
    return f"{prefix}AWSLogs/{trail.account}/{folder}/{region}/{time:%Y/%m/%d}/{name}"


def _entry(file: EvidenceFile) -> dict[str, Any]:
    return {
        "s3Bucket": file.bucket,
        "s3Object": file.key,
        "hashValue": file.hash,
        "hashAlgorithm": _HASH_ALGORITHM,
        "newestEventTime": file.newest,
        "oldestEventTime": file.oldest,
    }
