"""The evidence: the trail with its bucket, log group and keys, and the alerts that it raises."""

from pathlib import Path
from typing import Any

from troposphere import GetAtt, Ref, Sub, Template, cloudtrail, kms, logs, s3

from tableguard.detect import catalogue
from tableguard.settings import Settings
from templates import alerts, parts

LOCKED_DAYS = 400  # a year and the month in which it is audited; after it, lifecycle alone decides


def template(settings: Settings, detections: Path = catalogue.FOLDER) -> Template:
    """The trail over the table, and an alert for each detection of a folder."""
    template = parts.new_template(settings, "trail, its evidence bucket, and the alerts that it raises")
    log_key = _log_key(template, settings)
    audit_key = _audit_key(template, settings)
    bucket = _bucket(template, settings, audit_key)
    group = parts.log_group(template, settings, "TrailLogs", f"/{settings.name}/trail", GetAtt(log_key, "Arn"))
    trail = _trail(template, settings, audit_key, bucket, group)
    topic = alerts.topic(template, settings, audit_key)
    alerts.add(template, settings, catalogue.load_all(settings.policy_values(), detections), group, topic)
    parts.export(template, settings, "AlertTopicArn", Ref(topic), "Topic that every alarm of the workload tells")
    parts.export(template, settings, "LogKeyArn", GetAtt(log_key, "Arn"), "Key of the workload's log groups")
    parts.export(template, settings, "TrailArn", GetAtt(trail, "Arn"), "The trail")
    parts.export(template, settings, "TrailBucketName", Ref(bucket), "Bucket that holds the trail's log files")
    parts.export(template, settings, "TrailLogGroupName", Ref(group), "Log group that the trail writes to")
    return template


def _trail_arn(settings: Settings) -> Sub:
    """The trail's ARN, known before the trail is: its key and bucket must admit it first."""
    return Sub(f"arn:aws:cloudtrail:${{AWS::Region}}:${{AWS::AccountId}}:trail/{settings.trail_name}")


def _log_key(template: Template, settings: Settings) -> kms.Key:
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    groups = "arn:aws:logs:${AWS::Region}:${AWS::AccountId}:log-group:"
    for_log_groups = {
        "Sid": "LogGroupsOfTheWorkload",
        "Effect": "Allow",
        "Principal": {"Service": Sub("logs.${AWS::Region}.amazonaws.com")},
        "Action": ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
        "Resource": "*",
        "Condition": {
            "ArnLike": {
                "kms:EncryptionContext:aws:logs:arn": [
                    Sub(f"{groups}/aws/lambda/{settings.name}-*"),
                    Sub(f"{groups}/{settings.name}/*"),
                ]
            }
        },
    }
    return parts.customer_key(
        template, settings, "LogKey", "logs", "Encrypts the workload's log groups", for_log_groups
    )


def _audit_key(template: Template, settings: Settings) -> kms.Key:
    return parts.customer_key(
        template,
        settings,
        "AuditKey",
        "audit",
        "Encrypts the trail and the alerts",
        *_for_trail(settings),
        *alerts.key_uses(settings),
        parts.key_use("s3", "kms:Decrypt"),  # whoever IAM lets read the evidence
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


def _bucket(template: Template, settings: Settings, key: kms.Key) -> s3.Bucket:
    # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
    trail = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
    from_trail = {"aws:SourceArn": _trail_arn(settings)}
    return parts.private_bucket(
        template,
        settings,
        "trail",
        key,
        s3.LifecycleRule(
            Id="KeepAsLongAsTheSettingsSay",
            Status="Enabled",
            ExpirationInDays=settings.audit_days,
            NoncurrentVersionExpiration=s3.NoncurrentVersionExpiration(NoncurrentDays=LOCKED_DAYS),
            AbortIncompleteMultipartUpload=s3.AbortIncompleteMultipartUpload(DaysAfterInitiation=7),
        ),
        parts.own_principals("s3:*", [GetAtt("TrailBucket", "Arn"), Sub("${TrailBucket.Arn}/*")]),
        {
            "Sid": "TrailLooks",
            **trail,
            "Action": "s3:GetBucketAcl",
            "Resource": GetAtt("TrailBucket", "Arn"),
            "Condition": {"StringEquals": from_trail},
        },
        {
            "Sid": "TrailWrites",
            **trail,
            "Action": "s3:PutObject",
            "Resource": Sub("${TrailBucket.Arn}/AWSLogs/${AWS::AccountId}/*"),
            "Condition": {"StringEquals": {**from_trail, "s3:x-amz-acl": "bucket-owner-full-control"}},
        },
        ObjectLockEnabled=True,
        ObjectLockConfiguration=s3.ObjectLockConfiguration(
            ObjectLockEnabled="Enabled",
            Rule=s3.ObjectLockRule(DefaultRetention=s3.DefaultRetention(Mode="GOVERNANCE", Days=LOCKED_DAYS)),
        ),
    )


def _trail(
    template: Template, settings: Settings, key: kms.Key, bucket: s3.Bucket, group: logs.LogGroup
) -> cloudtrail.Trail:
    # Absent on purpose: IsOrganizationTrail (the management account's own; this one is the workload's), SnsTopicName
    # (a notice for every log file would bury the alerts), AggregationConfigurations (summaries; nothing reads them).
    return template.add_resource(
        cloudtrail.Trail(
            "Trail",
            TrailName=settings.trail_name,
            IsLogging=True,
            IsMultiRegionTrail=True,
            IncludeGlobalServiceEvents=True,
            EnableLogFileValidation=True,
            KMSKeyId=GetAtt(key, "Arn"),
            S3BucketName=Ref(bucket),
            CloudWatchLogsLogGroupArn=GetAtt(group, "Arn"),
            CloudWatchLogsRoleArn=parts.imported(settings, "TrailRoleArn"),
            AdvancedEventSelectors=_selectors(settings),
            InsightSelectors=[
                cloudtrail.InsightSelector(InsightType=kind) for kind in ("ApiCallRateInsight", "ApiErrorRateInsight")
            ],
            Tags=parts.tags(settings),
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
