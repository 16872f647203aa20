"""CloudTrail makes no trail that could not deliver, and changes none into such; each beside one that it makes."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.worlds import trails
from tests.worlds.trails import ACCOUNT, BUCKET, GROUP_ARN, REGION, ROLE_ARN, SmallAws, small_aws

_OTHER = "another"
_PLACES = {"S3BucketName": BUCKET, "CloudWatchLogsLogGroupArn": GROUP_ARN, "CloudWatchLogsRoleArn": ROLE_ARN}


@pytest.fixture
def small() -> Iterator[SmallAws]:
    with small_aws() as running:
        for_another = trails.BUCKET_POLICY.replace(f'"{trails.TRAIL_ARN}"', f'["{trails.TRAIL_ARN}", "{_arn(_OTHER)}"]')
        running.client("s3").put_bucket_policy(Bucket=BUCKET, Policy=for_another)
        yield running


def _arn(name: str) -> str:
    return f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/{name}"


def _make(small: SmallAws, **parameters: Any) -> None:
    small.client("cloudtrail").create_trail(Name=_OTHER, **{**_PLACES, **parameters})


def _refusal(call: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(ClientError) as raised:
        call()
    error = raised.value.response["Error"]
    return error["Code"], error["Message"]


def test_a_trail_that_can_deliver_is_made(small: SmallAws) -> None:
    _make(small)
    assert small.client("cloudtrail").get_trail(Name=_OTHER)["Trail"]["TrailARN"] == _arn(_OTHER)


def test_a_trail_has_a_name_of_its_own(small: SmallAws) -> None:
    _make(small)
    assert _refusal(lambda: _make(small)) == (
        "TrailAlreadyExistsException",
        f"Trail {_OTHER} already exists for customer: {ACCOUNT}",
    )


def _without_policy(small: SmallAws) -> None:
    small.client("s3").delete_bucket_policy(Bucket=BUCKET)


def _for_the_first_trail_alone(small: SmallAws) -> None:
    small.client("s3").put_bucket_policy(Bucket=BUCKET, Policy=trails.BUCKET_POLICY)


def _without_group(small: SmallAws) -> None:
    small.client("logs").delete_log_group(logGroupName=trails.GROUP)


def _without_rights(small: SmallAws) -> None:
    small.client("iam").delete_role_policy(RoleName=trails.ROLE, PolicyName="writes")


def _without_trust(small: SmallAws) -> None:
    trust = trails.document({**trails.TRUST, "Principal": {"Service": "ec2.amazonaws.com"}})
    small.client("iam").update_assume_role_policy(RoleName=trails.ROLE, PolicyDocument=trust)


_ROLE, _GROUP = "InvalidCloudWatchLogsRoleArnException", "InvalidCloudWatchLogsLogGroupArnException"


@pytest.mark.parametrize(
    ("harm", "code", "message"),
    [
        (
            _without_policy,
            "InsufficientS3BucketPolicyException",
            f"Incorrect S3 bucket policy is detected for bucket: {BUCKET}",
        ),
        (_for_the_first_trail_alone, "InsufficientS3BucketPolicyException", "Incorrect S3 bucket policy"),
        (_without_group, _GROUP, "CloudTrail cannot validate the specified log group ARN."),
        (_without_rights, _GROUP, "Access denied. Check the permissions for your role."),
        (_without_trust, _ROLE, "Access denied. Check the trust relationships for your role."),
    ],
)
def test_a_trail_that_could_not_deliver_is_not_made(
    small: SmallAws, harm: Callable[[SmallAws], None], code: str, message: str
) -> None:
    harm(small)
    refused_with, text = _refusal(lambda: _make(small))
    assert (refused_with, message in text) == (code, True)
    assert [listed["Name"] for listed in small.client("cloudtrail").list_trails()["Trails"]] == [trails.TRAIL]


def test_a_log_group_and_a_role_come_together(small: SmallAws) -> None:
    cloudtrail, bucket = small.client("cloudtrail"), {"Name": _OTHER, "S3BucketName": BUCKET}
    group_alone = _refusal(lambda: cloudtrail.create_trail(**bucket, CloudWatchLogsLogGroupArn=GROUP_ARN))
    assert group_alone == (_ROLE, "You must specify a role ARN as well as a log group.")
    assert _refusal(lambda: cloudtrail.create_trail(**bucket, CloudWatchLogsRoleArn=ROLE_ARN))[0] == _GROUP
    cloudtrail.create_trail(**bucket)


def _key(small: SmallAws, service: str) -> str:
    account = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    own = {"Effect": "Allow", "Principal": account, "Action": "kms:*", "Resource": "*"}
    policy = trails.document(own, trails.allowing(service, "kms:GenerateDataKey*", "kms:DescribeKey"))
    return str(small.client("kms").create_key(Policy=policy)["KeyMetadata"]["Arn"])


def test_the_key_lets_cloudtrail_encrypt(small: SmallAws) -> None:
    _make(small, KmsKeyId=_key(small, "cloudtrail"))
    update = small.client("cloudtrail").update_trail
    closed = _key(small, "sns")
    assert _refusal(lambda: update(Name=_OTHER, KmsKeyId=closed)) == (
        "InsufficientEncryptionPolicyException",
        f"Insufficient permissions to access S3 bucket {BUCKET} or KMS key {closed}.",
    )
    assert _refusal(lambda: update(Name=_OTHER, KmsKeyId=f"{closed}0"))[0] == "KmsKeyNotFoundException"


def test_a_change_that_is_refused_changes_nothing(small: SmallAws) -> None:
    cloudtrail = small.client("cloudtrail")
    refused = _refusal(lambda: cloudtrail.update_trail(Name=trails.TRAIL, S3BucketName="absent", S3KeyPrefix="x"))
    assert refused == ("S3BucketDoesNotExistException", "S3 bucket absent does not exist!")
    trail = cloudtrail.get_trail(Name=trails.TRAIL)["Trail"]
    assert (trail["S3BucketName"], trail.get("S3KeyPrefix")) == (BUCKET, None)
