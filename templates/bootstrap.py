"""Bootstrap: the buckets that all other stacks need before them, for access logs and for what is deployed."""

from troposphere import Template, s3

from tableguard.settings import Settings
from templates import parts
from templates.builder import StackBuilder

_NOT_OF_ITSELF = {
    "checkov": {"skip": [{"id": "CKV_AWS_18", "comment": "it takes the access logs, and would log its own log files"}]}
}
_ARTIFACT_DAYS = 90  # for which an artifact that was overwritten or removed can be had again


def template(settings: Settings) -> Template:
    """Build the buckets that the settings name; an administrator deploys it, before anything else."""
    stack = StackBuilder(settings, "buckets for access logs and for what is deployed")
    access_logs = stack.private_bucket(
        "AccessLogBucket",
        name=settings.access_log_bucket,
        # the only encryption with which S3 writes access logs:
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
        encryption=_encryption("AES256"),
        lifecycle=s3.LifecycleRule(
            Id="EndOfRetention",
            Status="Enabled",
            ExpirationInDays=settings.log_days,
            NoncurrentVersionExpiration=s3.NoncurrentVersionExpiration(NoncurrentDays=1),
        ),
        statements=(_delivery(settings),),
        log_prefix=None,
        Metadata=_NOT_OF_ITSELF,
    )
    stack.private_bucket(
        "ArtifactBucket",
        name=settings.artifact_bucket,
        encryption=_encryption("aws:kms"),
        # what a stack refers to must be there as long as the stack is; only what nothing names any more is removed
        lifecycle=s3.LifecycleRule(
            Id="FormerArtifacts",
            Status="Enabled",
            NoncurrentVersionExpiration=s3.NoncurrentVersionExpiration(NoncurrentDays=_ARTIFACT_DAYS),
            AbortIncompleteMultipartUpload=s3.AbortIncompleteMultipartUpload(DaysAfterInitiation=1),
        ),
        statements=(),
        log_prefix="artifacts/",
        DependsOn=[access_logs.title, f"{access_logs.title}Policy"],
    )
    return stack.template


def _encryption(algorithm: str) -> s3.BucketEncryption:
    by_default = s3.ServerSideEncryptionByDefault(SSEAlgorithm=algorithm)
    return s3.BucketEncryption(
        ServerSideEncryptionConfiguration=[s3.ServerSideEncryptionRule(ServerSideEncryptionByDefault=by_default)]
    )


def _delivery(settings: Settings) -> parts.Statement:
    """Return the statement that lets S3 write the access logs of this account's buckets."""
    return {
        "Sid": "AccessLogsOfThisAccount",
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{settings.access_log_bucket}/*",
        "Condition": parts.own_account(),
    }
