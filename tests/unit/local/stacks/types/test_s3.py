"""AWS::S3 types: buckets and their policies are deployed as declared, and a change shows."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard.cloudformation.resource_type import Context, Properties, ResourceHandle
from tableguard.errors import EmbeddedError
from tableguard.local.stacks.types import ALL
from tests.cases.resources import TAGS, Case, ResourceTypeTests, context, differences, make

__all__ = ["context"]  # the fixture

BUCKET = "AWS::S3::Bucket"
POLICY = "AWS::S3::BucketPolicy"
KEY = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
BLOCKED = {
    "BlockPublicAcls": True,
    "BlockPublicPolicy": True,
    "IgnorePublicAcls": True,
    "RestrictPublicBuckets": True,
}
LOCK = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 400}}}
TLS_ONLY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": ["arn:aws:s3:::cruddur-trail", "arn:aws:s3:::cruddur-trail/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ],
}
DELIVERY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "logging.s3.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": "arn:aws:s3:::access-logs/*",
        }
    ],
}


def bucket(context: Context) -> Properties:
    make(BUCKET, {"BucketName": "access-logs"})
    make(POLICY, {"Bucket": "access-logs", "PolicyDocument": DELIVERY})
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
    return {
        "BucketName": "cruddur-trail",
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [{"BucketKeyEnabled": True, "ServerSideEncryptionByDefault": default}]
        },
        "LifecycleConfiguration": {
            "Rules": [
                {
                    "Id": "keep",
                    "Status": "Enabled",
                    "ExpirationInDays": "2555",
                    "NoncurrentVersionExpiration": {"NoncurrentDays": 30, "NewerNoncurrentVersions": 1},
                    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
                    "Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 400}],
                    "NoncurrentVersionTransitions": [{"StorageClass": "GLACIER", "TransitionInDays": 10}],
                },
                {"Id": "prefix", "Status": "Disabled", "Prefix": "tmp/", "ExpirationInDays": 1},
                {"Id": "tag", "Status": "Enabled", "TagFilters": TAGS[:1], "ExpirationInDays": 1},
                {"Id": "tags", "Status": "Enabled", "TagFilters": TAGS, "Prefix": "x/", "ExpirationInDays": 1},
            ]
        },
        "LoggingConfiguration": {"DestinationBucketName": "access-logs", "LogFilePrefix": "trail/"},
        "ObjectLockEnabled": True,
        "ObjectLockConfiguration": LOCK,
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "PublicAccessBlockConfiguration": BLOCKED,
        "VersioningConfiguration": {"Status": "Enabled"},
        "Tags": TAGS,
    }


def unlocked(context: Context) -> Properties:
    return {name: value for name, value in bucket(context).items() if not name.startswith("ObjectLock")}


def policy(context: Context) -> Properties:
    return {"Bucket": make(BUCKET, {"BucketName": "cruddur-trail"}).physical_id, "PolicyDocument": TLS_ONLY}


def ask(operation: str, **arguments: Any) -> Callable[[Context, ResourceHandle], object]:
    return lambda context, handle: getattr(context.client("s3"), operation)(Bucket=handle.physical_id, **arguments)


def shorter_life(context: Context, handle: ResourceHandle) -> None:
    rules = context.client("s3").get_bucket_lifecycle_configuration(Bucket=handle.physical_id)["Rules"]
    rules[0]["Expiration"]["Days"] = 1
    context.client("s3").put_bucket_lifecycle_configuration(
        Bucket=handle.physical_id, LifecycleConfiguration={"Rules": rules}
    )


WEAK_ENCRYPTION = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
SHORT_LOCK = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}}
OPEN = json.dumps(TLS_ONLY).replace("Deny", "Allow")


class TestS3(ResourceTypeTests):
    cases = (
        Case(
            "another encryption",
            BUCKET,
            bucket,
            ask("put_bucket_encryption", ServerSideEncryptionConfiguration=WEAK_ENCRYPTION),
            "BucketEncryption.ServerSideEncryptionConfiguration",
        ),
        Case("no encryption", BUCKET, bucket, ask("delete_bucket_encryption"), "BucketEncryption"),
        Case("shorter life", BUCKET, bucket, shorter_life, "LifecycleConfiguration.Rules"),
        Case("no lifecycle", BUCKET, bucket, ask("delete_bucket_lifecycle"), "LifecycleConfiguration"),
        Case(
            "no access log", BUCKET, bucket, ask("put_bucket_logging", BucketLoggingStatus={}), "LoggingConfiguration"
        ),
        Case(
            "shorter lock",
            BUCKET,
            bucket,
            ask("put_object_lock_configuration", ObjectLockConfiguration=SHORT_LOCK),
            "ObjectLockConfiguration.Rule.DefaultRetention.Days",
        ),
        Case("no owner", BUCKET, bucket, ask("delete_bucket_ownership_controls"), "OwnershipControls"),
        Case(
            "public policies",
            BUCKET,
            bucket,
            ask("put_public_access_block", PublicAccessBlockConfiguration={**BLOCKED, "BlockPublicPolicy": False}),
            "PublicAccessBlockConfiguration.BlockPublicPolicy",
        ),
        Case("public", BUCKET, bucket, ask("delete_public_access_block"), "PublicAccessBlockConfiguration"),
        Case(
            "no versions",
            BUCKET,
            unlocked,
            ask("put_bucket_versioning", VersioningConfiguration={"Status": "Suspended"}),
            "VersioningConfiguration.Status",
        ),
        Case("no tags", BUCKET, bucket, ask("delete_bucket_tagging"), "Tags"),
        Case("open policy", POLICY, policy, ask("put_bucket_policy", Policy=OPEN), "PolicyDocument"),
    )


def test_ref_and_getatt_of_a_bucket(context: Context) -> None:
    handle = make(BUCKET, unlocked(context))
    assert handle.physical_id == "cruddur-trail"
    assert handle.attributes["Arn"] == "arn:aws:s3:::cruddur-trail"
    assert handle.attributes["RegionalDomainName"] == "cruddur-trail.s3.eu-central-1.amazonaws.com"


def test_a_bucket_lies_in_the_region_of_its_stack(context: Context) -> None:
    handle = make(BUCKET, {"BucketName": "here"})
    found = context.client("s3").get_bucket_location(Bucket=handle.physical_id)
    assert found["LocationConstraint"] == "eu-central-1"


@pytest.mark.parametrize(
    "gone",
    [
        "BucketEncryption",
        "LifecycleConfiguration",
        "LoggingConfiguration",
        "OwnershipControls",
        "PublicAccessBlockConfiguration",
        "Tags",
        "VersioningConfiguration",
    ],
)
def test_what_the_template_no_longer_declares_is_undone(gone: str, context: Context) -> None:
    declared = unlocked(context)
    handle, update = make(BUCKET, declared), ALL[BUCKET].update
    assert update is not None
    update(context, handle, {name: value for name, value in declared.items() if name != gone})
    reported = {difference.property.partition(".")[0] for difference in differences(BUCKET, declared, context, handle)}
    assert reported == {gone}


def test_a_bucket_gets_no_lock_afterwards(context: Context) -> None:
    declared = unlocked(context)
    handle, update = make(BUCKET, declared), ALL[BUCKET].update
    assert update is not None
    with pytest.raises(EmbeddedError, match="ObjectLockEnabled: cannot change in place"):
        update(context, handle, {**declared, "ObjectLockEnabled": True})


def test_a_bucket_whose_log_bucket_refuses_is_not_left_behind(context: Context) -> None:
    with pytest.raises(ClientError, match="InvalidTargetBucketForLogging"):
        make(BUCKET, {"BucketName": "logged", "LoggingConfiguration": {"DestinationBucketName": "absent"}})
    assert context.client("s3").list_buckets()["Buckets"] == []


def test_moto_still_loses_the_number_of_versions_to_keep(context: Context) -> None:
    handle = make(BUCKET, unlocked(context))
    rule = context.client("s3").get_bucket_lifecycle_configuration(Bucket=handle.physical_id)["Rules"][0]
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
