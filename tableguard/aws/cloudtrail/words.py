"""Values as CloudTrail writes them: small first letters, dates in words, and what is hidden."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

# as AWS's samples of sign-in and of messages have it:
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/logging-using-cloudtrail.html
HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
# a field that is larger is left out, and this says so: "The field size limit is 100 KB; if it exceeds, it is omitted"
# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
MAX_FIELD_BYTES = 100 * 1024


def small(name: str) -> str:
    """Return a name with a small first letter, and no more: SSESpecification becomes sSESpecification."""
    return name[:1].lower() + name[1:]


def in_words(moment: datetime) -> str:
    """Return a moment as responses have it: Jul 18, 2026, 4:07:39 PM."""
    utc = moment.astimezone(UTC)
    return f"{utc:%b} {utc.day}, {utc.year}, {utc.hour % 12 or 12}:{utc:%M:%S %p}"


def written(value: Any, keep: frozenset[str] = frozenset()) -> Any:
    """Return a value with the names of structures in small letters; what is in a map named in `keep` stays as it is.

    Bytes are left out: CloudTrail writes no blobs.
    """
    if isinstance(value, Mapping):
        return {
            small(name): _as_it_is(inner) if name in keep else written(inner, keep)
            for name, inner in value.items()
            if not isinstance(inner, bytes | bytearray) and inner is not None
        }
    if isinstance(value, list | tuple):
        return [written(inner, keep) for inner in value if not isinstance(inner, bytes | bytearray)]
    return in_words(value) if isinstance(value, datetime) else value


def _as_it_is(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _as_it_is(inner) for name, inner in value.items() if not isinstance(inner, bytes)}
    if isinstance(value, list | tuple):
        return [_as_it_is(inner) for inner in value]
    return in_words(value) if isinstance(value, datetime) else value
