"""The evidence: the trail with its bucket, log group and keys, and the alerts that it raises."""

from pathlib import Path

from troposphere import GetAtt, Ref, Sub, Template, cloudtrail, kms, s3

from tableguard.detect import catalogue
from tableguard.settings import Settings
from templates import archive, parts
from templates.builder import StackBuilder
from templates.watching import alerts, trails


def template(settings: Settings, detections: Path = catalogue.FOLDER) -> Template:
    """Build the trail over the table, and an alert for each detection of a folder that is this stack's."""
    stack = StackBuilder(settings, "trail, its evidence bucket, and the alerts that it raises")
    log_key, audit_key = GetAtt(_log_key(stack), "Arn"), _audit_key(stack)
    bucket, key_arn = _bucket_and_key(stack, audit_key)
    group = stack.log_group("TrailLogs", name=f"/{settings.name}/trail", key_arn=log_key)
    trail = trails.trail(
        stack,
        settings.trail_name,
        key_arn=key_arn,
        bucket=bucket,
        group=group,
        role_arn=stack.imported("TrailRoleArn"),
        selectors=_selectors(settings),
        InsightSelectors=[
            cloudtrail.InsightSelector(InsightType=kind) for kind in ("ApiCallRateInsight", "ApiErrorRateInsight")
        ],
    )
    topic = alerts.topic(stack, audit_key)
    watched = catalogue.load_all(stack.policy_values, detections, stack="audit")
    alerts.add(stack, watched, group=group, topic=topic, queue=alerts.dead_letters(stack, audit_key, topic))
    alerts.silence_alarm(stack, group, topic)
    stack.export("AlertTopicArn", value=Ref(topic), description="Topic that every alarm of the workload tells")
    stack.export("AuditKeyArn", value=GetAtt(audit_key, "Arn"), description="Key of the trail and the alerts")
    stack.export("LogKeyArn", value=log_key, description="Key of the workload's log groups")
    stack.export("TrailArn", value=GetAtt(trail, "Arn"), description="The trail")
    name = bucket if isinstance(bucket, str) else Ref(bucket)
    stack.export("TrailBucketName", value=name, description="Bucket that holds the trail's log files")
    stack.export("TrailLogGroupName", value=Ref(group), description="Log group that the trail writes to")
    return stack.template


def _bucket_and_key(stack: StackBuilder, audit_key: kms.Key) -> tuple[s3.Bucket | str, parts.Value]:
    """Return the trail's bucket, made here or named in the log archive, and the ARN of its key.

    CloudTrail takes the ARN of an alias, and keeps that of the key:
    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html
    """
    settings = stack.settings
    if settings.log_archive is None:
        return trails.bucket(stack, "trail", trail=settings.trail_name, key=audit_key), GetAtt(audit_key, "Arn")
    alias = f"arn:aws:kms:${{AWS::Region}}:{settings.log_archive.account_id}:alias/{stack.named(archive.KEY_ALIAS)}"
    return settings.trail_bucket, settings.log_archive.key_arn or Sub(alias)


def _log_key(stack: StackBuilder) -> kms.Key:
    name = stack.settings.name
    for_log_groups = parts.key_use_of_log_groups(f"/aws/lambda/{name}-*", f"/{name}/*")
    return stack.key("LogKey", alias="logs", description="Encrypts the workload's log groups", uses=(for_log_groups,))


def _audit_key(stack: StackBuilder) -> kms.Key:
    own = stack.settings.log_archive is None
    read = (parts.key_use("s3", "kms:Decrypt"),) if own else ()  # whoever IAM lets read the evidence
    return stack.key(
        "AuditKey",
        alias="audit",
        description=f"Encrypts {'the trail and the alerts' if own else 'the alerts'}",
        uses=(*(trails.key_uses(stack.settings.trail_name) if own else ()), *alerts.key_uses(stack), *read),
    )


def _selectors(settings: Settings) -> list[cloudtrail.AdvancedEventSelector]:
    table = f"arn:aws:dynamodb:${{AWS::Region}}:${{AWS::AccountId}}:table/{settings.table_name}"
    own = "-${AWS::AccountId}-${AWS::Region}/"
    # of an archive's bucket a trail records what its own account's principals ask
    own_files = Sub(f"arn:aws:s3:::{settings.name}-trail{own}")
    trail_files = own_files if settings.log_archive is None else f"arn:aws:s3:::{settings.trail_bucket}/"
    removal = ["DeleteObject", "DeleteObjects", "PutObjectLegalHold", "PutObjectRetention", "UpdateObjectEncryption"]
    return [
        trails.selector("Management events", trails.MANAGEMENT),
        trails.data_selector("Items of the table", "AWS::DynamoDB::Table", [Sub(table)]),
        trails.data_selector("Records of its stream", "AWS::DynamoDB::Stream", [Sub(f"{table}/stream/")]),
        # failed batches hold message text; CloudTrail's own writes of evidence would log themselves for ever
        trails.data_selector("Failed batches", "AWS::S3::Object", [Sub(f"arn:aws:s3:::{settings.name}-failures{own}")]),
        trails.data_selector(
            "Removal of evidence",
            "AWS::S3::Object",
            [Sub(f"arn:aws:s3:::{settings.name}-config{own}"), trail_files],
            ("eventName", "Equals", removal),
        ),
        # CloudTrail records no namespace in `resources`: it is the detection that looks for ours.
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/logging_cw_api_calls.html
        trails.selector(
            "Metric data",
            trails.DATA,
            ("resources.type", "Equals", ["AWS::CloudWatch::Metric"]),
            ("eventName", "Equals", ["PutMetricData"]),
        ),
        # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-network-events-with-cloudtrail.html
        trails.selector(
            "Refusals of the DynamoDB endpoint",
            ("eventCategory", "Equals", ["NetworkActivity"]),
            ("eventSource", "Equals", ["dynamodb.amazonaws.com"]),
            ("errorCode", "Equals", ["VpceAccessDenied"]),
        ),
    ]
