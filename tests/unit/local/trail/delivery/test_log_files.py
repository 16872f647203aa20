"""A trail puts its records into its bucket as log files, if the bucket's policy and the key let it."""

import gzip
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.worlds import trails
from tests.worlds.trails import ACCOUNT, BUCKET, OTHER_REGION, REGION, SmallAws, event, item_event, small_aws

_FOLDER = f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/2026/03/01/{ACCOUNT}_CloudTrail_{REGION}_20260301T1205Z_"
_OBJECTS = {
    "FieldSelectors": [
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
    ]
}


@pytest.fixture
def small() -> Iterator[SmallAws]:
    with small_aws(IsMultiRegionTrail=True) as running:
        yield running


def _files(small: SmallAws) -> dict[str, list[str]]:
    """The names of the events in each log file."""
    return {
        key: [record["eventName"] for record in json.loads(gzip.decompress(body))["Records"]]
        for key, body in small.objects().items()
    }


@pytest.mark.parametrize(("seconds", "names"), [(299, []), (300, [["CreateTable", "DeleteTable"]])])
def test_the_records_of_five_minutes_are_one_file(small: SmallAws, seconds: int, names: list[list[str]]) -> None:
    small.happens(event())
    small.watch.run(200)
    small.happens(event("DeleteTable"))
    small.watch.run(seconds - 200)
    files = _files(small)
    assert list(files.values()) == names
    assert all(key.startswith(_FOLDER) for key in files)


def test_each_region_has_files_of_its_own(small: SmallAws) -> None:
    small.happens(event())
    small.happens(event("DeleteTable", awsRegion=OTHER_REGION))
    small.watch.run(300)
    assert {key.split("/")[3]: names for key, names in _files(small).items()} == {
        REGION: ["CreateTable"],
        OTHER_REGION: ["DeleteTable"],
    }


def test_a_file_is_locked_as_long_as_its_bucket_says(small: SmallAws) -> None:
    retention = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 400}}
    small.client("s3").put_object_lock_configuration(
        Bucket=BUCKET, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": retention}
    )
    small.happens(event())
    small.watch.run(300)
    (key,) = small.objects()
    head = small.client("s3").head_object(Bucket=BUCKET, Key=key)
    assert head["ObjectLockMode"] == "GOVERNANCE"
    assert f"{head['ObjectLockRetainUntilDate']:%Y-%m-%d}" == "2027-04-05"
    assert (head["ContentEncoding"], head["ContentType"]) == ("gzip", "application/json")


def _of_another_trail(small: SmallAws) -> None:
    small.client("s3").put_bucket_policy(
        Bucket=BUCKET, Policy=trails.BUCKET_POLICY.replace(trails.TRAIL_ARN, f"{trails.TRAIL_ARN}-2")
    )


def _without_policy(small: SmallAws) -> None:
    small.client("s3").delete_bucket_policy(Bucket=BUCKET)


def _without_bucket(small: SmallAws) -> None:
    small.client("s3").delete_bucket(Bucket=BUCKET)


@pytest.mark.parametrize(
    ("harm", "error"),
    [(_of_another_trail, "AccessDenied"), (_without_policy, "AccessDenied"), (_without_bucket, "NoSuchBucket")],
)
def test_a_refused_file_is_told_by_the_status(small: SmallAws, harm: Callable[[SmallAws], None], error: str) -> None:
    harm(small)
    small.happens(event())
    small.watch.run(300)
    status = small.status()
    assert status["LatestDeliveryError"] == error
    assert "LatestDeliveryTime" not in status
    assert len(small.log_lines()) == 1


def test_a_refused_file_is_delivered_once_the_bucket_lets_it(small: SmallAws) -> None:
    _without_policy(small)
    small.happens(event())
    small.watch.run(300)
    assert _files(small) == {}
    small.client("s3").put_bucket_policy(Bucket=BUCKET, Policy=trails.BUCKET_POLICY)
    small.watch.run(300)
    assert list(_files(small).values()) == [["CreateTable"]]
    assert "LatestDeliveryError" not in small.status()


def test_a_file_that_is_refused_for_thirty_days_is_given_up(small: SmallAws) -> None:
    _without_policy(small)
    small.happens(event())
    small.watch.run(31 * 86400, step=86400)
    small.client("s3").put_bucket_policy(Bucket=BUCKET, Policy=trails.BUCKET_POLICY)
    small.watch.run(600)
    assert _files(small) == {}


def test_what_a_trail_puts_into_its_bucket_is_not_recorded(small: SmallAws) -> None:
    small.client("cloudtrail").put_event_selectors(TrailName=trails.TRAIL, AdvancedEventSelectors=[_OBJECTS])
    resources = [{"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::{BUCKET}/key"}]
    small.happens(item_event("PutObject", eventSource="s3.amazonaws.com", resources=resources))
    small.watch.run(3 * 3600)
    assert list(_files(small).values()) == [["PutObject"]]


def _key(small: SmallAws, *actions: str) -> str:
    account = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    statements = (
        trails.allowing("cloudtrail", *actions, StringEquals={"aws:SourceArn": trails.TRAIL_ARN}),
        {"Effect": "Allow", "Principal": account, "Action": "kms:*", "Resource": "*"},
    )
    key = small.client("kms").create_key(Policy=trails.document(*statements))
    return str(key["KeyMetadata"]["Arn"])


def _encrypting(small: SmallAws) -> str:
    key = _key(small, "kms:GenerateDataKey*", "kms:Decrypt", "kms:DescribeKey")
    small.client("cloudtrail").update_trail(Name=trails.TRAIL, KmsKeyId=key)
    return key


def test_files_are_encrypted_with_the_key_of_the_trail(small: SmallAws) -> None:
    key = _encrypting(small)
    small.happens(event())
    small.watch.run(300)
    (name,) = small.objects()
    head = small.client("s3").head_object(Bucket=BUCKET, Key=name)
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key)


def _disable(kms: Any, key: str) -> None:
    kms.disable_key(KeyId=key)


def _schedule_deletion(kms: Any, key: str) -> None:
    kms.schedule_key_deletion(KeyId=key)


def _close(kms: Any, key: str) -> None:
    account = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    own = {"Effect": "Allow", "Principal": account, "Action": "kms:*", "Resource": "*"}
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=trails.document(own))


@pytest.mark.parametrize(
    ("harm", "error"),
    [
        (_disable, "KMS.DisabledException"),
        (_schedule_deletion, "KMS.KMSInvalidStateException"),
        (_close, "AccessDeniedException"),
    ],
)
def test_no_file_is_written_under_a_key_that_cannot_be_used(
    small: SmallAws, harm: Callable[[Any, str], None], error: str
) -> None:
    harm(small.client("kms"), _encrypting(small).rpartition("/")[2])
    small.happens(event())
    small.watch.run(300)
    assert small.status()["LatestDeliveryError"] == error
    assert _files(small) == {}
