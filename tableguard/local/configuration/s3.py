"""AWS::S3::Bucket and AWS::S3::AccountPublicAccessBlock."""

from collections.abc import Callable, Iterator
from typing import Any

from tableguard.compliance.item import ConfigurationItem
from tableguard.local.configuration.reader import ResourceReader, recorded, tag_map, unless
from tableguard.partitions import of_region

BUCKET, ACCOUNT_BLOCK = "AWS::S3::Bucket", "AWS::S3::AccountPublicAccessBlock"
_BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
_NO_BLOCK = "NoSuchPublicAccessBlockConfiguration"


def items(reader: ResourceReader) -> Iterator[ConfigurationItem]:
    """Read the buckets of the region, and the account's own public access block."""
    for bucket in reader.client("s3").list_buckets()["Buckets"]:
        # us-east-1 is no LocationConstraint: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html
        where = reader.client("s3").get_bucket_location(Bucket=bucket["Name"])["LocationConstraint"] or "us-east-1"
        if where == reader.region:
            yield _bucket(reader, bucket)
    yield _account_block(reader)


def _account_block(reader: ResourceReader) -> ConfigurationItem:
    """Read the account's own public access block; one that was never set blocks nothing."""
    control, account = reader.client("s3control"), reader.account_id
    answer = unless(_NO_BLOCK, lambda: control.get_public_access_block(AccountId=account), {})
    blocks = recorded(answer.get("PublicAccessBlockConfiguration", {}))
    return reader.item(ACCOUNT_BLOCK, account, "", {**dict.fromkeys(_BLOCKS, False), **blocks})


def _bucket(reader: ResourceReader, bucket: dict[str, Any]) -> ConfigurationItem:
    name = bucket["Name"]
    ask = _asker(reader, name)
    logging = ask("get_bucket_logging").get("LoggingEnabled", {})
    encryption = ask("get_bucket_encryption", "ServerSideEncryptionConfigurationNotFoundError")
    lock = ask("get_object_lock_configuration", "ObjectLockConfigurationNotFoundError")
    block = ask("get_public_access_block", _NO_BLOCK)
    return reader.item(
        BUCKET,
        name,
        f"arn:{of_region(reader.region)}:s3:::{name}",
        {"name": name},
        tags=tag_map(ask("get_bucket_tagging", "NoSuchTagSet").get("TagSet", ())),
        supplementary={
            "AccessControlList": {"grantList": recorded(ask("get_bucket_acl")["Grants"])},
            "BucketLoggingConfiguration": {
                "destinationBucketName": logging.get("TargetBucket"),
                "logFilePrefix": logging.get("TargetPrefix"),
            },
            "BucketPolicy": {"policyText": ask("get_bucket_policy", "NoSuchBucketPolicy").get("Policy")},
            "BucketVersioningConfiguration": _versioning(ask("get_bucket_versioning")),
            "ObjectLockConfiguration": recorded(lock.get("ObjectLockConfiguration")),
            "PublicAccessBlockConfiguration": recorded(block.get("PublicAccessBlockConfiguration")),
            "ServerSideEncryptionConfiguration": recorded(encryption.get("ServerSideEncryptionConfiguration")),
        },
    )


def _versioning(answer: dict[str, Any]) -> dict[str, Any]:
    # S3 answers neither for a bucket that never had versions, where AWS Config writes Off
    return {"isMfaDeleteEnabled": answer.get("MFADelete") == "Enabled", "status": answer.get("Status", "Off")}


def _asker(reader: ResourceReader, bucket: str) -> Callable[..., dict[str, Any]]:
    client = reader.client("s3")

    def ask(operation: str, nothing: str = "") -> dict[str, Any]:
        answer: dict[str, Any] = unless(nothing, lambda: getattr(client, operation)(Bucket=bucket), {})
        return answer

    return ask
