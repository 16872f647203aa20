"""The event history: which management events LookupEvents answers with, and how it writes them.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tableguard.aws.cloudtrail.record import Record, Recorded

DAYS = 90
PAGE = 50  # events that one answer has at most

Event = dict[str, Any]

# parameters that name a resource, by event source, and its type; AWS lists the types, not which parameters name them:
# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events-supported-resource-types.html
_RESOURCES: Mapping[str, Mapping[str, str]] = {
    "cloudtrail": {"name": "AWS::CloudTrail::Trail", "trailName": "AWS::CloudTrail::Trail"},
    "cloudformation": {"stackName": "AWS::CloudFormation::Stack"},
    "dynamodb": {"tableName": "AWS::DynamoDB::Table"},
    "iam": {
        "accessKeyId": "AWS::IAM::AccessKey",
        "groupName": "AWS::IAM::Group",
        "policyArn": "AWS::IAM::Policy",
        "roleName": "AWS::IAM::Role",
        "userName": "AWS::IAM::User",
    },
    "kms": {"keyId": "AWS::KMS::Key"},
    "lambda": {"functionName": "AWS::Lambda::Function"},
    "s3": {"bucketName": "AWS::S3::Bucket"},
}


class RefusedLookupError(ValueError):
    """A request that CloudTrail refuses: its code, and why."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code


@dataclass(frozen=True)
class Lookup:
    """What is looked up, in an account and region, at a time; `after` is the last event's id of the page before."""

    account: str
    region: str
    now: datetime
    attributes: Sequence[Mapping[str, str]] = ()
    start: datetime | None = None
    end: datetime | None = None
    most: int = PAGE
    after: str = ""
    category: str = field(default="")


def page(lookup: Lookup, newest_first: Sequence[Recorded]) -> tuple[list[Event], str]:
    """Return a page of events, and the token of the next one, empty if this is the last."""
    accepts = _conditions(lookup)
    within = () if lookup.category else (entry.record for entry in newest_first if _within(lookup, entry))
    matching = [record for record in within if accepts(_event(record))]
    if lookup.after:
        ids = [record["eventID"] for record in matching]
        if lookup.after not in ids:
            raise RefusedLookupError(
                "InvalidNextTokenException", "The token is none of a lookup with these parameters."
            )
        matching = matching[ids.index(lookup.after) + 1 :]
    shown = [_with_record(record) for record in matching[: lookup.most]]
    return shown, shown[-1]["EventId"] if len(matching) > len(shown) else ""


def _within(lookup: Lookup, recorded: Recorded) -> bool:
    if (recorded.account, recorded.region) != (lookup.account, lookup.region):
        return False
    oldest = lookup.now - timedelta(days=DAYS)
    return max(lookup.start or oldest, oldest) <= recorded.time <= (lookup.end or lookup.now)


_KEYS: Mapping[str, Callable[[Event], Iterator[str]]] = {
    **{
        name: lambda event, name=name: iter((str(event.get(name, "")),))  # type: ignore[misc]  # bound for each name
        for name in ("AccessKeyId", "EventId", "EventName", "EventSource", "ReadOnly", "Username")
    },
    "ResourceName": lambda event: (resource["ResourceName"] for resource in event["Resources"]),
    "ResourceType": lambda event: (resource["ResourceType"] for resource in event["Resources"]),
}


def _conditions(lookup: Lookup) -> Callable[[Event], bool]:
    if not 1 <= lookup.most <= PAGE:
        raise RefusedLookupError("InvalidMaxResultsException", f"MaxResults must be between 1 and {PAGE}.")
    if lookup.start and lookup.end and lookup.start > lookup.end:
        raise RefusedLookupError("InvalidTimeRangeException", "The end time must not be before the start time.")
    if len(lookup.attributes) > 1 or any(entry.get("AttributeKey") not in _KEYS for entry in lookup.attributes):
        raise RefusedLookupError(
            "InvalidLookupAttributesException", f"One attribute can be looked up, of {', '.join(_KEYS)}."
        )
    wanted = [(_KEYS[entry["AttributeKey"]], entry.get("AttributeValue", "")) for entry in lookup.attributes]
    return lambda event: all(value in values(event) for values, value in wanted)


def _event(record: Record) -> Event:
    identity = record["userIdentity"]
    named = {"AccessKeyId": identity.get("accessKeyId"), "Username": _user_name(identity)}
    return {
        "EventId": record["eventID"],
        "EventName": record["eventName"],
        "ReadOnly": json.dumps(record["readOnly"]),
        **{name: value for name, value in named.items() if value},
        "EventTime": datetime.fromisoformat(record["eventTime"]).timestamp(),
        "EventSource": record["eventSource"],
        "Resources": list(_resources(record)),
    }


def _with_record(record: Record) -> Event:
    return {**_event(record), "CloudTrailEvent": json.dumps(record, separators=(",", ":"))}


def _user_name(identity: Mapping[str, Any]) -> str:
    """Return the name of the user, or that of a role's session."""
    if identity["type"] == "Root":
        return "root"
    return str(identity.get("userName") or str(identity.get("principalId", "")).partition(":")[2])


def _resources(record: Record) -> Iterator[dict[str, str]]:
    named = {resource["ARN"]: resource["type"] for resource in record.get("resources", ()) if resource.get("ARN")}
    parameters = record.get("requestParameters") or {}
    by_parameter = _RESOURCES.get(record["eventSource"].partition(".")[0], {})
    named |= {str(parameters[name]): kind for name, kind in by_parameter.items() if name in parameters}
    yield from ({"ResourceType": kind, "ResourceName": name} for name, kind in named.items())
