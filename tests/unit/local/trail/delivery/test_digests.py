"""Each hour's log files have a signed digest that names the one before: whoever changes one is found out."""

import gzip
import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from tests.worlds import trails
from tests.worlds.trails import ACCOUNT, BEGUN, BUCKET, CHAINED, OTHER_REGION, REGION, SmallAws, event, small_aws

_DIGESTS = f"AWSLogs/{ACCOUNT}/CloudTrail-Digest/"


@pytest.fixture
def small() -> Iterator[SmallAws]:
    with small_aws(IsMultiRegionTrail=True, EnableLogFileValidation=True) as running:
        yield running


def _digests(small: SmallAws, region: str = REGION) -> list[dict[str, Any]]:
    found = small.objects(f"{_DIGESTS}{region}/")
    return [json.loads(gzip.decompress(found[key])) for key in sorted(found)]


def _verify(small: SmallAws, digest: dict[str, Any]) -> None:
    """Verify a digest's signature by the public key that CloudTrail lists."""
    stored = small.client("s3").get_object(Bucket=BUCKET, Key=digest["digestS3Object"])
    content = hashlib.sha256(gzip.decompress(stored["Body"].read())).hexdigest()
    place = f"{digest['digestS3Bucket']}/{digest['digestS3Object']}"
    text = f"{digest['digestEndTime']}\n{place}\n{content}\n{digest['previousDigestSignature'] or 'null'}"
    now = small.watch.clock.now()
    (key,) = small.client("cloudtrail").list_public_keys(StartTime=BEGUN, EndTime=now)["PublicKeyList"]
    assert key["Fingerprint"] == digest["digestPublicKeyFingerprint"]
    public: Any = load_der_public_key(key["Value"])
    public.verify(bytes.fromhex(stored["Metadata"]["signature"]), text.encode(), PKCS1v15(), SHA256())


@pytest.mark.parametrize(("seconds", "count"), [(3599, 0), (3600, 1), (7200, 2)])
def test_a_digest_is_written_each_hour(small: SmallAws, seconds: int, count: int) -> None:
    small.watch.run(seconds)
    assert len(_digests(small)) == count


def test_a_digest_names_the_files_of_its_hour_with_their_hashes(small: SmallAws) -> None:
    small.happens(event())
    small.watch.run(3600)
    (log,) = small.objects(f"AWSLogs/{ACCOUNT}/CloudTrail/").items()
    (digest,) = _digests(small)
    times = {"newestEventTime": "2026-03-01T12:00:00Z", "oldestEventTime": "2026-03-01T12:00:00Z"}
    hashed = hashlib.sha256(gzip.decompress(log[1])).hexdigest()
    assert digest["logFiles"] == [
        {"s3Bucket": BUCKET, "s3Object": log[0], "hashValue": hashed, "hashAlgorithm": "SHA-256", **times}
    ]
    assert (digest["digestStartTime"], digest["digestEndTime"]) == ("2026-03-01T11:59:59Z", "2026-03-01T12:59:59Z")
    assert digest["previousDigestS3Object"] is None


def test_a_digest_names_the_one_before_it(small: SmallAws) -> None:
    small.happens(event())
    small.watch.run(7200)
    first, second = _digests(small)
    assert second["previousDigestS3Object"] == first["digestS3Object"]
    content = gzip.decompress(small.objects()[first["digestS3Object"]])
    assert second["previousDigestHashValue"] == hashlib.sha256(content).hexdigest()
    stored = small.client("s3").head_object(Bucket=BUCKET, Key=first["digestS3Object"])
    assert second["previousDigestSignature"] == stored["Metadata"]["signature"]
    assert (first["logFiles"] != [], second["logFiles"]) == (True, [])


def test_signatures_are_valid_until_one_byte_changes(small: SmallAws) -> None:
    small.happens(event())
    small.watch.run(7200)
    for digest in _digests(small):
        _verify(small, digest)
    s3, place = small.client("s3"), {"Bucket": BUCKET, "Key": digest["digestS3Object"]}
    stored = s3.get_object(**place)
    text = gzip.decompress(stored["Body"].read()).replace(b"2026", b"2027", 1)
    s3.put_object(**place, Body=gzip.compress(text), Metadata=stored["Metadata"])
    with pytest.raises(InvalidSignature):
        _verify(small, digest)


def test_other_regions_have_digests_from_their_first_file(small: SmallAws) -> None:
    small.happens(event(awsRegion=OTHER_REGION))
    small.watch.run(3900)
    (digest,) = _digests(small, OTHER_REGION)
    assert (digest["digestStartTime"], len(digest["logFiles"])) == ("2026-03-01T12:05:00Z", 1)


def test_a_chain_ends_with_logging_and_another_begins(small: SmallAws) -> None:
    cloudtrail = small.client("cloudtrail")
    small.watch.run(1800)
    cloudtrail.stop_logging(Name=trails.TRAIL)
    small.watch.run(7200)
    assert len(_digests(small)) == 1
    cloudtrail.start_logging(Name=trails.TRAIL)
    small.watch.run(3600)
    assert [digest["previousDigestS3Object"] for digest in _digests(small)] == [None, None]


def test_a_trail_that_validates_no_files_has_no_digests() -> None:
    with small_aws(EnableLogFileValidation=False) as small:
        small.happens(event())
        small.watch.run(7200)
        assert _digests(small) == []


def test_a_refused_digest_is_told_by_the_status_and_delivered_later(small: SmallAws) -> None:
    small.client("s3").delete_bucket_policy(Bucket=BUCKET)
    small.watch.run(3600)
    assert small.status()["LatestDigestDeliveryError"] == "AccessDenied"
    small.client("s3").put_bucket_policy(Bucket=BUCKET, Policy=trails.BUCKET_POLICY)
    small.watch.run(3600)
    status = small.status()
    assert status["LatestDigestDeliveryTime"] == CHAINED + timedelta(hours=2)
    assert len(_digests(small)) == 2


def test_public_keys_are_listed_for_a_time_when_they_were_in_use(small: SmallAws) -> None:
    cloudtrail = small.client("cloudtrail")
    small.watch.run(3600)
    hour = timedelta(hours=1)
    here = cloudtrail.list_public_keys(StartTime=BEGUN, EndTime=BEGUN + hour)["PublicKeyList"]
    assert [len(here), here[0]["ValidityStartTime"]] == [1, CHAINED + hour]
    assert cloudtrail.list_public_keys(StartTime=BEGUN - hour, EndTime=BEGUN)["PublicKeyList"] == []
    other = small.client("cloudtrail", OTHER_REGION).list_public_keys()["PublicKeyList"]
    assert other[0]["Fingerprint"] != here[0]["Fingerprint"]
    with pytest.raises(cloudtrail.exceptions.InvalidTimeRangeException):
        cloudtrail.list_public_keys(StartTime=BEGUN, EndTime=BEGUN - hour)
