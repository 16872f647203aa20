"""CloudTrail records in the shape that AWS documents, and whether the channels of a detection see them."""

import json
from typing import Any

from tableguard.aws.patterns import event_pattern, filter_pattern
from tableguard.detect import channels
from tableguard.detect.detection import Channel, Detection, Event

DEPLOYER = "arn:aws:iam::111122223333:role/cruddur-deployer"


def call(service: str, name: str, parameters: dict[str, Any] | None = None, **more: Any) -> Event:
    """Return the record of a management call by the deployer."""
    return {
        "eventVersion": "1.11",
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "eventCategory": "Management",
        "eventType": "AwsApiCall",
        "awsRegion": "eu-central-1",
        "readOnly": False,
        "userIdentity": {"type": "AssumedRole", "sessionContext": {"sessionIssuer": {"arn": DEPLOYER}}},
        "requestParameters": parameters,
        **more,
    }


def fires(detection: Detection, channel: Channel, record: Event) -> bool:
    """Tell whether a channel of a detection sees a record."""
    if channel == "metric filter":
        return counts(channels.metric_filter(detection), record)
    service = record["eventSource"].split(".")[0]
    return arrives(channels.event_pattern(detection), {"source": f"aws.{service}", "detail": record})


def counts(pattern: str, record: Event) -> bool:
    """Tell whether a metric filter counts a record; a pattern by which no page says so is no pattern for an alarm."""
    line = json.dumps(record)
    first, second = (filter_pattern.parse(pattern, unsaid=unsaid)(line) for unsaid in (False, True))
    assert first == second, f"{pattern}: it would matter whether a field that is absent differs from a value"
    return first


def arrives(pattern: dict[str, Any], event: dict[str, Any]) -> bool:
    """Tell whether EventBridge matches an event."""
    return event_pattern.parse(json.dumps(pattern)).matches({"detail-type": "AWS API Call via CloudTrail", **event})
