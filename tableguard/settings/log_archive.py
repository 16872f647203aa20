"""[log_archive]: the account whose bucket the trail writes to, and the bucket and key there, if they exist already."""

from tableguard.reading.toml_table import Section
from tableguard.settings.model import LogArchive
from tableguard.settings.patterns import ACCOUNT, AN_ACCOUNT, BUCKET
from tableguard.settings.values import Values

_KEY_ARN = rf"arn:aws[a-z-]*:kms:[a-z0-9-]+:{ACCOUNT}:key/[0-9a-z-]{{1,128}}"


def log_archive(section: Section) -> Values:
    account_id = section.text("account_id", pattern=ACCOUNT, accepted=AN_ACCOUNT)
    if not {"bucket", "key_arn"} & section.data.keys():
        return {"log_archive": LogArchive(account_id)}
    return {
        "log_archive": LogArchive(
            account_id,
            bucket=section.text("bucket", pattern=BUCKET, accepted="a bucket name"),
            key_arn=section.text("key_arn", pattern=_KEY_ARN, accepted="the ARN of a KMS key"),
        )
    }
