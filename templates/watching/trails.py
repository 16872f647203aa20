"""A trail and what it needs: a locked bucket, statements for its key, and what its role may do with its log group."""

from typing import Any

from troposphere import GetAtt, Ref, Sub, cloudtrail, kms, logs, s3

from templates import parts
from templates.builder import StackBuilder

LOCKED_DAYS = 400  # a year and the month in which it is audited; after it, lifecycle alone decides
MANAGEMENT = ("eventCategory", "Equals", ["Management"])
DATA = ("eventCategory", "Equals", ["Data"])

_Field = tuple[str, str, list[Any]]
_OWN = "${AWS::AccountId}"


def arn(name: str, account: str = _OWN) -> Sub:
    """Return the ARN of a trail, known before the trail is: its key and bucket must admit it first."""
    return Sub(f"arn:aws:cloudtrail:${{AWS::Region}}:{account}:trail/{name}")


def key_uses(name: str, account: str = _OWN) -> tuple[parts.Statement, ...]:
    """Return the statements of a key that let a trail, of the key's account or another, encrypt its files with it."""
    # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
    # Decrypt because the bucket has a bucket key.
    trail = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Resource": "*"}
    from_trail = {"StringEquals": {"aws:SourceArn": arn(name, account)}}
    of_trails = f"arn:aws:cloudtrail:*:{account}:trail/*"
    source = Sub(of_trails) if account == _OWN else of_trails
    context = {"StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": source}}
    return (
        {"Sid": "TrailEncrypts", **trail, "Action": "kms:GenerateDataKey*", "Condition": {**from_trail, **context}},
        {"Sid": "TrailLooks", **trail, "Action": ["kms:Decrypt", "kms:DescribeKey"], "Condition": from_trail},
    )


def bucket(
    stack: StackBuilder, purpose: str, *, trail: str, key: kms.Key, account: str = _OWN, **more: Any
) -> s3.Bucket:
    """Add the bucket of a trail's log files: locked, kept as long as the settings say, and written by it alone.

    The trail may be of another account than the bucket.
    """
    title = f"{purpose.capitalize()}Bucket"
    lifecycle = s3.LifecycleRule(
        Id="KeepAsLongAsTheSettingsSay",
        Status="Enabled",
        ExpirationInDays=stack.settings.audit_days,
        NoncurrentVersionExpiration=s3.NoncurrentVersionExpiration(NoncurrentDays=LOCKED_DAYS),
        AbortIncompleteMultipartUpload=s3.AbortIncompleteMultipartUpload(DaysAfterInitiation=7),
    )
    lock = s3.DefaultRetention(Mode="GOVERNANCE", Days=LOCKED_DAYS)
    others = parts.own_principals("s3:*", [GetAtt(title, "Arn"), Sub(f"${{{title}.Arn}}/*")])
    return stack.bucket(
        purpose,
        key=key,
        lifecycle=lifecycle,
        statements=(others, *_of_cloudtrail(title, trail, account)),
        ObjectLockEnabled=True,
        ObjectLockConfiguration=s3.ObjectLockConfiguration(
            ObjectLockEnabled="Enabled", Rule=s3.ObjectLockRule(DefaultRetention=lock)
        ),
        **more,
    )


def _of_cloudtrail(title: str, name: str, account: str) -> tuple[parts.Statement, parts.Statement]:
    """Return the statements of the bucket's policy that let the trail write its log files."""
    # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
    trail = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
    from_trail = {"aws:SourceArn": arn(name, account)}
    looks = {
        "Sid": "TrailLooks",
        **trail,
        "Action": "s3:GetBucketAcl",
        "Resource": GetAtt(title, "Arn"),
        "Condition": {"StringEquals": from_trail},
    }
    writes = {
        "Sid": "TrailWrites",
        **trail,
        "Action": "s3:PutObject",
        "Resource": Sub(f"${{{title}.Arn}}/AWSLogs/{account}/*"),
        "Condition": {"StringEquals": {**from_trail, "s3:x-amz-acl": "bucket-owner-full-control"}},
    }
    return looks, writes


def trail(
    stack: StackBuilder,
    name: str,
    *,
    key_arn: parts.Value,
    bucket: s3.Bucket | str,
    group: logs.LogGroup,
    role_arn: parts.Value,
    selectors: list[cloudtrail.AdvancedEventSelector],
    **more: Any,
) -> cloudtrail.Trail:
    """Add a trail of all Regions into a bucket, of this stack or by its name, and a log group.

    What IAM, STS and Organizations do is recorded in us-east-1; a trail of all Regions brings it to its own.
    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html#cloudtrail-concepts-global-service-events
    """
    is_own = isinstance(bucket, s3.Bucket)
    if is_own:
        more["DependsOn"] = [f"{bucket.title}Policy"]  # without it CloudTrail refuses the bucket
    # Absent on purpose: IsOrganizationTrail (each trail is of its own account), SnsTopicName (a notice for every log
    # file would bury the alerts), AggregationConfigurations (summaries; nothing reads them).
    return stack.add(
        cloudtrail.Trail(
            "Trail",
            TrailName=name,
            IsLogging=True,
            IsMultiRegionTrail=True,
            IncludeGlobalServiceEvents=True,
            EnableLogFileValidation=True,
            KMSKeyId=key_arn,
            S3BucketName=Ref(bucket) if is_own else bucket,
            CloudWatchLogsLogGroupArn=GetAtt(group, "Arn"),
            CloudWatchLogsRoleArn=role_arn,
            AdvancedEventSelectors=selectors,
            Tags=stack.tags(),
            **more,
            **parts.RETAINED,
        )
    )


def selector(name: str, *fields: _Field) -> cloudtrail.AdvancedEventSelector:
    """Return a selector of the events whose fields are all as stated: (field, operator, values)."""
    return cloudtrail.AdvancedEventSelector(
        Name=name,
        FieldSelectors=[
            cloudtrail.AdvancedFieldSelector(Field=field, **{operator: values}) for field, operator, values in fields
        ],
    )


def data_selector(name: str, kind: str, arns: list[Any], *more: _Field) -> cloudtrail.AdvancedEventSelector:
    """Return a selector of the data events of resources of one type whose ARNs begin so."""
    return selector(name, DATA, ("resources.type", "Equals", [kind]), ("resources.ARN", "StartsWith", arns), *more)


def trust() -> dict[str, Any]:
    """Return the trust policy of the role with which CloudTrail writes to a log group."""
    # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-required-policy-for-cloudwatch-logs.html:
    # the trust has no condition there. A role can be handed to a service in its own account only.
    return parts.document(
        {
            "Sid": "TakenByCloudTrail",
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    )


def writes_log_group(group: str) -> dict[str, Any]:
    """Return the policy of the role with which CloudTrail writes to a log group of this name."""
    # Streams are named for the region of the trail, and numbered where there are many; by an earlier edition of AWS's
    # page for the region that events come from, which is us-east-1 for IAM and Organizations. Either may be written.
    # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudwatch-log-group-log-stream-naming-for-cloudtrail.html
    streams = "log-stream:${AWS::AccountId}_CloudTrail_*"
    return parts.document(
        {
            "Sid": "WriteTheTrail",
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": Sub(f"arn:aws:logs:${{AWS::Region}}:${{AWS::AccountId}}:log-group:{group}:{streams}"),
        }
    )
