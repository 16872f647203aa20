"""AWS::S3::Bucket and AWS::S3::BucketPolicy through the S3 API."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tableguard.cloudformation.resource_type import (
    AbsentError,
    Client,
    Context,
    Properties,
    ResourceHandle,
    ResourceType,
)
from tableguard.local.stacks.types import s3_lifecycle, tags
from tableguard.local.stacks.types.calls import (
    call,
    none_on_error,
    refuse_replacement,
    remove_on_failure,
    select,
    text,
    without_none,
)
from tableguard.local.stacks.types.translate import document_text, inverse, rename
from tableguard.partitions import domain, of_region

BUCKET_NAME = "AWS::S3::Bucket"

_LOGGING = {"DestinationBucketName": "TargetBucket", "LogFilePrefix": "TargetPrefix"}


@dataclass(frozen=True)
class _Setting:
    """One property of a bucket that S3 sets, returns and removes by operations of its own."""

    put: str
    argument: str
    get: str
    answer: str
    unset: str | None = None  # the error code with which S3 says that nothing is configured
    delete: str | None = None
    for_api: Callable[[Any], Any] = lambda declared: declared
    as_declared: Callable[[Any], Any] = lambda answer: answer

    def read(self, client: Client, bucket: str) -> Any:
        """Return the property as S3 reports it, in CloudFormation's words; None if it is not configured."""

        def get() -> Any:
            return getattr(client, self.get)(Bucket=bucket).get(self.answer)

        answer = none_on_error(self.unset, get) if self.unset else get()
        return answer and self.as_declared(answer)


def _encryption_for_api(declared: Properties) -> Properties:
    rules = declared["ServerSideEncryptionConfiguration"]
    return {
        "Rules": [
            {
                **select(rule, "BucketKeyEnabled"),
                "ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"],
            }
            for rule in rules
        ]
    }


def _encryption_as_declared(encryption: Properties) -> Properties:
    return {
        "ServerSideEncryptionConfiguration": [
            {
                **select(rule, "BucketKeyEnabled"),
                "ServerSideEncryptionByDefault": rule["ApplyServerSideEncryptionByDefault"],
            }
            for rule in encryption["Rules"]
        ]
    }


# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html
_SETTINGS = {
    # first: without versions there is no lock
    "VersioningConfiguration": _Setting(
        put="put_bucket_versioning",
        argument="VersioningConfiguration",
        get="get_bucket_versioning",
        answer="Status",
        as_declared=lambda status: {"Status": status},
    ),
    "BucketEncryption": _Setting(
        put="put_bucket_encryption",
        argument="ServerSideEncryptionConfiguration",
        get="get_bucket_encryption",
        answer="ServerSideEncryptionConfiguration",
        unset="ServerSideEncryptionConfigurationNotFoundError",
        delete="delete_bucket_encryption",
        for_api=_encryption_for_api,
        as_declared=_encryption_as_declared,
    ),
    "LifecycleConfiguration": _Setting(
        put="put_bucket_lifecycle_configuration",
        argument="LifecycleConfiguration",
        get="get_bucket_lifecycle_configuration",
        answer="Rules",
        unset="NoSuchLifecycleConfiguration",
        delete="delete_bucket_lifecycle",
        for_api=s3_lifecycle.for_api,
        as_declared=s3_lifecycle.as_declared,
    ),
    "LoggingConfiguration": _Setting(
        put="put_bucket_logging",
        argument="BucketLoggingStatus",
        get="get_bucket_logging",
        answer="LoggingEnabled",
        # S3 wants a prefix, if an empty one
        for_api=lambda declared: {"LoggingEnabled": {"TargetPrefix": "", **rename(declared, _LOGGING)}},
        as_declared=lambda logging: rename(logging, inverse(_LOGGING)),
    ),
    "ObjectLockConfiguration": _Setting(
        put="put_object_lock_configuration",
        argument="ObjectLockConfiguration",
        get="get_object_lock_configuration",
        answer="ObjectLockConfiguration",
        unset="ObjectLockConfigurationNotFoundError",
    ),
    "OwnershipControls": _Setting(
        put="put_bucket_ownership_controls",
        argument="OwnershipControls",
        get="get_bucket_ownership_controls",
        answer="OwnershipControls",
        unset="OwnershipControlsNotFoundError",
        delete="delete_bucket_ownership_controls",
    ),
    "PublicAccessBlockConfiguration": _Setting(
        put="put_public_access_block",
        argument="PublicAccessBlockConfiguration",
        get="get_public_access_block",
        answer="PublicAccessBlockConfiguration",
        unset="NoSuchPublicAccessBlockConfiguration",
        delete="delete_public_access_block",
    ),
    "Tags": _Setting(
        put="put_bucket_tagging",
        argument="Tagging",
        get="get_bucket_tagging",
        answer="TagSet",
        unset="NoSuchTagSet",
        delete="delete_bucket_tagging",
        for_api=lambda declared: {"TagSet": tags.as_list(tags.as_map(declared))},
    ),
}


def _create(context: Context, properties: Properties) -> ResourceHandle:
    client = context.client("s3")
    name = properties.get("BucketName", context.generated_name)
    lock = properties.get("ObjectLockEnabled")
    call(
        client,
        "create_bucket",
        Bucket=name,
        # us-east-1 is no LocationConstraint: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
        CreateBucketConfiguration=(None if context.region == "us-east-1" else {"LocationConstraint": context.region}),
        ObjectLockEnabledForBucket=None if lock is None else text(lock),
    )
    handle = ResourceHandle(name, bucket_attributes(context, name))
    with remove_on_failure(lambda: _delete(context, handle)):
        _put_settings(client, name, properties)
    return handle


def bucket_attributes(context: Context, name: str) -> dict[str, str]:
    partition = of_region(context.region)
    under = domain(partition)
    return {
        "Arn": f"arn:{partition}:s3:::{name}",
        "DomainName": f"{name}.s3.{under}",
        "DualStackDomainName": f"{name}.s3.dualstack.{context.region}.{under}",
        "RegionalDomainName": f"{name}.s3.{context.region}.{under}",
    }


def _put_settings(client: Client, bucket: str, properties: Properties) -> None:
    for name, value in select(properties, *_SETTINGS).items():
        setting = _SETTINGS[name]
        call(client, setting.put, Bucket=bucket, **{setting.argument: setting.for_api(value)})


def _read(context: Context, handle: ResourceHandle) -> Properties:
    client, name = context.client("s3"), handle.physical_id
    client.head_bucket(Bucket=name)
    settings = {prop: setting.read(client, name) for prop, setting in _SETTINGS.items()}
    lock = settings["ObjectLockConfiguration"] or {}
    return without_none(BucketName=name, ObjectLockEnabled=lock.get("ObjectLockEnabled") == "Enabled", **settings)


def _update(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    client, name, current = context.client("s3"), handle.physical_id, _read(context, handle)
    refuse_replacement(BUCKET_NAME, current, properties, "BucketName", "ObjectLockEnabled")
    for prop in (name for name in _SETTINGS if name in current and properties.get(name) is None):
        _unset(client, name, prop)
    _put_settings(client, name, properties)
    return handle


def _unset(client: Client, bucket: str, prop: str) -> None:
    if prop == "VersioningConfiguration":
        client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    elif prop == "LoggingConfiguration":
        client.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={})
    elif prop == "ObjectLockConfiguration":  # the lock stays, without a default retention
        client.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"})
    elif delete := _SETTINGS[prop].delete:
        getattr(client, delete)(Bucket=bucket)


def _delete(context: Context, handle: ResourceHandle) -> None:
    context.client("s3").delete_bucket(Bucket=handle.physical_id)


def _create_policy(context: Context, properties: Properties) -> ResourceHandle:
    bucket, document = properties["Bucket"], document_text(properties["PolicyDocument"])
    context.client("s3").put_bucket_policy(Bucket=bucket, Policy=document)
    return ResourceHandle(bucket)


def _read_policy(context: Context, handle: ResourceHandle) -> Properties:
    client, bucket = context.client("s3"), handle.physical_id
    response = none_on_error("NoSuchBucketPolicy", lambda: client.get_bucket_policy(Bucket=bucket))
    if not response:
        raise AbsentError(f"bucket policy of {bucket}: not there")
    return {"Bucket": bucket, "PolicyDocument": json.loads(response["Policy"])}


def _update_policy(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    refuse_replacement("AWS::S3::BucketPolicy", {"Bucket": handle.physical_id}, properties, "Bucket")
    return _create_policy(context, properties)


def _delete_policy(context: Context, handle: ResourceHandle) -> None:
    context.client("s3").delete_bucket_policy(Bucket=handle.physical_id)


TYPES: tuple[ResourceType, ...] = (
    ResourceType(
        name=BUCKET_NAME,
        create=_create,
        read=_read,
        update=_update,
        delete=_delete,
        not_modelled=s3_lifecycle.NOT_MODELLED,
    ),
    ResourceType(
        name="AWS::S3::BucketPolicy",
        create=_create_policy,
        read=_read_policy,
        update=_update_policy,
        delete=_delete_policy,
    ),
)
