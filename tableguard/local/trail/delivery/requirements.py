"""Refuses a trail that could not deliver, as CreateTrail and UpdateTrail do.

The codes and words are AWS's: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from tableguard.aws.arn import parse
from tableguard.aws.cloudtrail.delivery.trail import Trail
from tableguard.local.trail.delivery import evidence_bucket, log_groups, permissions

_ROLE, _GROUP = "InvalidCloudWatchLogsRoleArnException", "InvalidCloudWatchLogsLogGroupArnException"


class TrailRefusal(NamedTuple):
    """Why a trail is refused."""

    code: str
    message: str


def refusal(trail: Trail) -> TrailRefusal | None:
    """Return why a trail is refused, None if it may be as it is; without an organization no policy is asked."""
    checks: tuple[Callable[[Trail], Iterator[TrailRefusal]], ...] = (_together, _bucket, _key, _group)
    applicable = checks if permissions.are_asked() else checks[:1]
    return next((refused for check in applicable for refused in check(trail)), None)


def _together(trail: Trail) -> Iterator[TrailRefusal]:
    if trail.log_group_arn and not trail.role_arn:
        yield TrailRefusal(_ROLE, "You must specify a role ARN as well as a log group.")
    if trail.role_arn and not trail.log_group_arn:
        yield TrailRefusal(_GROUP, "You must specify a log group as well as a role ARN.")


def _bucket(trail: Trail) -> Iterator[TrailRefusal]:
    if not evidence_bucket.exists(trail.bucket):
        yield TrailRefusal("S3BucketDoesNotExistException", f"S3 bucket {trail.bucket} does not exist!")
    elif evidence_bucket.policy_refusal(trail):
        message = f"Incorrect S3 bucket policy is detected for bucket: {trail.bucket}"
        yield TrailRefusal("InsufficientS3BucketPolicyException", message)


def _key(trail: Trail) -> Iterator[TrailRefusal]:
    error = evidence_bucket.key_refusal(trail) if trail.key_id else ""
    if error == "KMS.NotFoundException":
        yield TrailRefusal("KmsKeyNotFoundException", f"KMS key {trail.key_id} does not exist.")
    elif error:
        message = f"Insufficient permissions to access S3 bucket {trail.bucket} or KMS key {trail.key_id}."
        yield TrailRefusal("InsufficientEncryptionPolicyException", message)


def _group(trail: Trail) -> Iterator[TrailRefusal]:
    if not trail.log_group_arn:
        return
    arn = parse(trail.log_group_arn)
    here = arn is not None and (arn.account, arn.region) == (trail.account, trail.home_region)
    if not here or log_groups.group_of(trail) is None:
        yield TrailRefusal(_GROUP, "CloudTrail cannot validate the specified log group ARN.")
    elif log_groups.trust_refusal(trail):
        yield TrailRefusal(_ROLE, "Access denied. Check the trust relationships for your role.")
    elif log_groups.role_refusal(trail):
        yield TrailRefusal(_GROUP, "Access denied. Check the permissions for your role.")
