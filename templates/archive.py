"""The log archive: in an account of its own, the bucket and key to which the workload's trail writes."""

from troposphere import GetAtt, Ref, Template

from tableguard.settings import Settings
from templates import parts
from templates.builder import StackBuilder
from templates.watching import trails

KEY_ALIAS = "archive"
# Server access logs would need a bucket of this account.
_WITHOUT_ACCESS_LOGS = {
    "checkov": {"skip": [{"id": "CKV_AWS_18", "comment": "a trail of the archive's own account records accesses"}]}
}


def template(settings: Settings) -> Template:
    """Build the bucket and its key; nobody of the workload's account reads or removes a file there."""
    stack = StackBuilder(settings, "bucket and key of the workload's trail, in the log archive's account")
    key = stack.key(
        "ArchiveKey",
        alias=KEY_ALIAS,
        description="Encrypts the files of the workload's trail",
        uses=(
            *trails.key_uses(settings.trail_name, settings.account_id),
            parts.key_use("s3", "kms:Decrypt"),  # whoever IAM lets read the evidence, in this account
        ),
    )
    bucket = trails.bucket(
        stack,
        "trail",
        trail=settings.trail_name,
        account=settings.account_id,
        key=key,
        name=settings.trail_bucket,
        access_logged=False,
        Metadata=_WITHOUT_ACCESS_LOGS,
    )
    stack.output("TrailBucketName", value=Ref(bucket), description="Bucket that holds the trail's log files")
    stack.output("ArchiveKeyArn", value=GetAtt(key, "Arn"), description="Key of the trail's log files")
    return stack.template
