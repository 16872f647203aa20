"""The oversight: in the management account, which no SCP binds, a trail, and alerts on what is done to guardrails."""

from pathlib import Path

from troposphere import GetAtt, Sub, Template, cloudtrail, kms, s3

from tableguard.detect import catalogue
from tableguard.settings import Settings
from templates import parts
from templates.builder import StackBuilder
from templates.watching import alerts, trails

_NAME = "oversight"  # of bucket, key, role, log group and trail, after the workload's name
_QUIET = 24 * 60  # minutes in which some service at least takes its role in any management account
# Server access logs would need a bucket of this account. The trail records whoever reads or removes a file, and who.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html
_WITHOUT_ACCESS_LOGS = {
    "checkov": {"skip": [{"id": "CKV_AWS_18", "comment": "the trail itself records every access to its files"}]}
}


def template(settings: Settings, detections: Path = catalogue.FOLDER) -> Template:
    """Build the trail of the management account, and an alert for each detection of a folder that is this stack's."""
    stack = StackBuilder(settings, "trail of the management account, and alerts on what is done to the guardrails")
    key = _key(stack)
    bucket = trails.bucket(
        stack, _NAME, trail=_trail_name(settings), key=key, access_logged=False, Metadata=_WITHOUT_ACCESS_LOGS
    )
    group = stack.log_group("TrailLogs", name=f"/{settings.name}/{_NAME}", key_arn=GetAtt(key, "Arn"))
    role = stack.role(
        "TrailRole",
        name=_NAME,
        description="CloudTrail writes the management account's trail to its log group",
        trust=trails.trust(),
        policies={_NAME: trails.writes_log_group(f"/{settings.name}/{_NAME}")},
        **parts.RETAINED,  # as the trail is, which would lose its log group
    )
    trails.trail(
        stack,
        _trail_name(settings),
        key_arn=GetAtt(key, "Arn"),
        bucket=bucket,
        group=group,
        role_arn=GetAtt(role, "Arn"),
        selectors=_selectors(bucket),
    )
    topic = alerts.topic(stack, key)
    queue = alerts.dead_letters(stack, key, topic)
    watched = catalogue.load_all(stack.policy_values, detections, stack="oversight")
    alerts.add(stack, watched, group=group, topic=topic, queue=queue)
    alerts.silence_alarm(stack, group, topic, minutes=_QUIET)
    return stack.template


def _trail_name(settings: Settings) -> str:
    return f"{settings.name}-{_NAME}"


def _key(stack: StackBuilder) -> kms.Key:
    return stack.key(
        "OversightKey",
        alias=_NAME,
        description="Encrypts the management account's trail, its log group and its alerts",
        uses=(
            *trails.key_uses(_trail_name(stack.settings)),
            *alerts.key_uses(stack),
            parts.key_use_of_log_groups(f"/{stack.settings.name}/{_NAME}"),
            parts.key_use("s3", "kms:Decrypt"),  # whoever IAM lets read the evidence
        ),
    )


def _selectors(bucket: s3.Bucket) -> list[cloudtrail.AdvancedEventSelector]:
    """Return selectors of all management events but uses of keys, and of every access to the trail's own files.

    Taking a role is a read: CloudTrail says so of AssumeRole. Uses of keys are most of an account's reads.
    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-management-events-with-cloudtrail.html
    """
    return [
        trails.selector("Changes", trails.MANAGEMENT, ("readOnly", "Equals", ["false"])),
        trails.selector(
            "Reads, without uses of keys",
            trails.MANAGEMENT,
            ("readOnly", "Equals", ["true"]),
            ("eventSource", "NotEquals", ["kms.amazonaws.com"]),
        ),
        # but what CloudTrail writes, which would log itself for ever
        trails.data_selector(
            "Its own files",
            "AWS::S3::Object",
            [Sub(f"${{{bucket.title}.Arn}}/")],
            ("eventName", "NotEquals", ["PutObject"]),
        ),
    ]
