"""[alerts], [retention] and [buckets]: who is told, how long evidence is kept, and in what."""

from tableguard.reading.toml_table import Section
from tableguard.settings.patterns import BUCKET
from tableguard.settings.values import Values

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html; shorter ones
# exist, but audit evidence of less than a year satisfies none of the frameworks in policies/
LOG_RETENTION_DAYS = (365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)


def alerts(section: Section) -> Values:
    return {
        "alert_email": section.text("email", pattern=r"[^@\s]+@[^@\s]+\.[^@\s]+", accepted="an e-mail address"),
        "alert_reads": section.number("reads", 100, 10_000_000, default=10_000),
        "alert_writes": section.number("writes", 100, 10_000_000, default=5_000),
    }


def retention(section: Section) -> Values:
    return {
        "log_days": section.choice("log_days", LOG_RETENTION_DAYS),
        "audit_days": section.number("audit_days", 400, 36500),
        "backup_days": section.number("backup_days", 7, 36500),
    }


def buckets(section: Section) -> Values:
    return {
        "access_log_bucket": section.text("access_logs", pattern=BUCKET, accepted="a bucket name"),
        "artifact_bucket": section.text("artifacts", pattern=BUCKET, accepted="a bucket name"),
    }
