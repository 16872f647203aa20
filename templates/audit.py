"""The evidence: the trail with its bucket, log group and keys, and the alerts that it raises."""

from pathlib import Path
from typing import Any

from troposphere import GetAtt, Ref, Sub, Template, cloudtrail, kms, logs, s3

from tableguard.detect import catalogue
from tableguard.settings import Settings
from templates import alerts, parts
from templates.builder import StackBuilder

LOCKED_DAYS = 400  # a year and the month in which it is audited; after it, lifecycle alone decides


def template(settings: Settings, detections: Path = catalogue.FOLDER) -> Template:
    """Build the trail over the table, and an alert for each detection of a folder that is this stack's."""
    stack = StackBuilder(settings, "trail, its evidence bucket, and the alerts that it raises")
    log_key, audit_key = GetAtt(_log_key(stack), "Arn"), _audit_key(stack)
    bucket = _bucket(stack, audit_key)
    group = stack.log_group("TrailLogs", name=f"/{settings.name}/trail", key_arn=log_key)
    trail = _trail(stack, audit_key, bucket, group)
    topic = alerts.topic(stack, audit_key)
    watched = catalogue.load_all(stack.policy_values, detections, stack="audit")
    alerts.add(stack, watched, group=group, topic=topic)
    stack.export("AlertTopicArn", value=Ref(topic), description="Topic that every alarm of the workload tells")
    stack.export("AuditKeyArn", value=GetAtt(audit_key, "Arn"), description="Key of the trail and the alerts")
    stack.export("LogKeyArn", value=log_key, description="Key of the workload's log groups")
    stack.export("TrailArn", value=GetAtt(trail, "Arn"), description="The trail")
    stack.export("TrailBucketName", value=Ref(bucket), description="Bucket that holds the trail's log files")
    stack.export("TrailLogGroupName", value=Ref(group), description="Log group that the trail writes to")
    return stack.template


def _trail_arn(settings: Settings) -> Sub:
    """Return the trail's ARN, known before the trail is: its key and bucket must admit it first."""
    return Sub(f"arn:aws:cloudtrail:${{AWS::Region}}:${{AWS::AccountId}}:trail/{settings.trail_name}")


def _log_key(stack: StackBuilder) -> kms.Key:
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    groups = "arn:aws:logs:${AWS::Region}:${AWS::AccountId}:log-group:"
    name = stack.settings.name
    for_log_groups = {
        "Sid": "LogGroupsOfTheWorkload",
        "Effect": "Allow",
        "Principal": {"Service": Sub("logs.${AWS::Region}.amazonaws.com")},
        "Action": ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
        "Resource": "*",
        "Condition": {
            "ArnLike": {
                "kms:EncryptionContext:aws:logs:arn": [
                    Sub(f"{groups}/aws/lambda/{name}-*"),
                    Sub(f"{groups}/{name}/*"),
                ]
            }
        },
    }
    return stack.key("LogKey", alias="logs", description="Encrypts the workload's log groups", uses=(for_log_groups,))


def _audit_key(stack: StackBuilder) -> kms.Key:
    read = parts.key_use("s3", "kms:Decrypt")  # whoever IAM lets read the evidence
    return stack.key(
        "AuditKey",
        alias="audit",
        description="Encrypts the trail and the alerts",
        uses=(*_for_trail(stack.settings), *alerts.key_uses(stack), read),
    )


def _for_trail(settings: Settings) -> tuple[parts.Statement, ...]:
    # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
    # Decrypt because the bucket has a bucket key.
    trail = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Resource": "*"}
    from_trail = {"StringEquals": {"aws:SourceArn": _trail_arn(settings)}}
    of_trails = Sub("arn:aws:cloudtrail:*:${AWS::AccountId}:trail/*")
    context = {"StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": of_trails}}
    return (
        {"Sid": "TrailEncrypts", **trail, "Action": "kms:GenerateDataKey*", "Condition": {**from_trail, **context}},
        {"Sid": "TrailLooks", **trail, "Action": ["kms:Decrypt", "kms:DescribeKey"], "Condition": from_trail},
    )


def _bucket(stack: StackBuilder, key: kms.Key) -> s3.Bucket:
    lifecycle = s3.LifecycleRule(
        Id="KeepAsLongAsTheSettingsSay",
        Status="Enabled",
        ExpirationInDays=stack.settings.audit_days,
        NoncurrentVersionExpiration=s3.NoncurrentVersionExpiration(NoncurrentDays=LOCKED_DAYS),
        AbortIncompleteMultipartUpload=s3.AbortIncompleteMultipartUpload(DaysAfterInitiation=7),
    )
    lock = s3.DefaultRetention(Mode="GOVERNANCE", Days=LOCKED_DAYS)
    others = parts.own_principals("s3:*", [GetAtt("TrailBucket", "Arn"), Sub("${TrailBucket.Arn}/*")])
    return stack.bucket(
        "trail",
        key=key,
        lifecycle=lifecycle,
        statements=(others, *_of_cloudtrail(stack.settings)),
        ObjectLockEnabled=True,
        ObjectLockConfiguration=s3.ObjectLockConfiguration(
            ObjectLockEnabled="Enabled", Rule=s3.ObjectLockRule(DefaultRetention=lock)
        ),
    )


def _of_cloudtrail(settings: Settings) -> tuple[parts.Statement, parts.Statement]:
    """Return the statements of the bucket's policy that let the trail write its log files."""
    # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
    trail = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
    from_trail = {"aws:SourceArn": _trail_arn(settings)}
    looks = {
        "Sid": "TrailLooks",
        **trail,
        "Action": "s3:GetBucketAcl",
        "Resource": GetAtt("TrailBucket", "Arn"),
        "Condition": {"StringEquals": from_trail},
    }
    writes = {
        "Sid": "TrailWrites",
        **trail,
        "Action": "s3:PutObject",
        "Resource": Sub("${TrailBucket.Arn}/AWSLogs/${AWS::AccountId}/*"),
        "Condition": {"StringEquals": {**from_trail, "s3:x-amz-acl": "bucket-owner-full-control"}},
    }
    return looks, writes


def _trail(stack: StackBuilder, key: kms.Key, bucket: s3.Bucket, group: logs.LogGroup) -> cloudtrail.Trail:
    # Absent on purpose: IsOrganizationTrail (the management account's own; this one is the workload's), SnsTopicName
    # (a notice for every log file would bury the alerts), AggregationConfigurations (summaries; nothing reads them).
    return stack.add(
        cloudtrail.Trail(
            "Trail",
            TrailName=stack.settings.trail_name,
            IsLogging=True,
            IsMultiRegionTrail=True,
            IncludeGlobalServiceEvents=True,
            EnableLogFileValidation=True,
            KMSKeyId=GetAtt(key, "Arn"),
            S3BucketName=Ref(bucket),
            CloudWatchLogsLogGroupArn=GetAtt(group, "Arn"),
            CloudWatchLogsRoleArn=stack.imported("TrailRoleArn"),
            AdvancedEventSelectors=_selectors(stack.settings),
            InsightSelectors=[
                cloudtrail.InsightSelector(InsightType=kind) for kind in ("ApiCallRateInsight", "ApiErrorRateInsight")
            ],
            Tags=stack.tags(),
            DependsOn=["TrailBucketPolicy"],  # without it CloudTrail refuses the bucket
            **parts.RETAINED,
        )
    )


def _selectors(settings: Settings) -> list[cloudtrail.AdvancedEventSelector]:
    table = f"arn:aws:dynamodb:${{AWS::Region}}:${{AWS::AccountId}}:table/{settings.table_name}"
    own = "-${AWS::AccountId}-${AWS::Region}/"
    removal = ["DeleteObject", "DeleteObjects", "PutObjectLegalHold", "PutObjectRetention"]
    return [
        _selector("Management events", ("eventCategory", "Equals", ["Management"])),
        _data_selector("Items of the table", "AWS::DynamoDB::Table", [Sub(table)]),
        _data_selector("Records of its stream", "AWS::DynamoDB::Stream", [Sub(f"{table}/stream/")]),
        # failed batches hold message text; CloudTrail's own writes of evidence would log themselves for ever
        _data_selector("Failed batches", "AWS::S3::Object", [Sub(f"arn:aws:s3:::{settings.name}-failures{own}")]),
        _data_selector(
            "Removal of evidence",
            "AWS::S3::Object",
            [Sub(f"arn:aws:s3:::{settings.name}-{purpose}{own}") for purpose in ("config", "trail")],
            ("eventName", "Equals", removal),
        ),
        # CloudTrail records no namespace in `resources`: it is the detection that looks for ours.
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/logging_cw_api_calls.html
        _selector(
            "Metric data",
            ("eventCategory", "Equals", ["Data"]),
            ("resources.type", "Equals", ["AWS::CloudWatch::Metric"]),
            ("eventName", "Equals", ["PutMetricData"]),
        ),
        # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-network-events-with-cloudtrail.html
        _selector(
            "Refusals of the DynamoDB endpoint",
            ("eventCategory", "Equals", ["NetworkActivity"]),
            ("eventSource", "Equals", ["dynamodb.amazonaws.com"]),
            ("errorCode", "Equals", ["VpceAccessDenied"]),
        ),
    ]


_Field = tuple[str, str, list[Any]]


def _data_selector(name: str, kind: str, arns: list[Any], *more: _Field) -> cloudtrail.AdvancedEventSelector:
    return _selector(
        name,
        ("eventCategory", "Equals", ["Data"]),
        ("resources.type", "Equals", [kind]),
        ("resources.ARN", "StartsWith", arns),
        *more,
    )


def _selector(name: str, *fields: _Field) -> cloudtrail.AdvancedEventSelector:
    return cloudtrail.AdvancedEventSelector(
        Name=name,
        FieldSelectors=[
            cloudtrail.AdvancedFieldSelector(Field=field, **{operator: values}) for field, operator, values in fields
        ],
    )
