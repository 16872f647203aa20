"""CloudTrail records in the shape that AWS documents, and whether the channels of a detection see them."""

import json
from typing import Any

from tableguard.detect import channels
from tableguard.detect.detection import Channel, Detection, Event
from tableguard.local.event_source.event_filter import event_filter
from tests.worlds import metric_filters

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
        return metric_filters.matches(channels.metric_filter(detection), record)
    service = record["eventSource"].split(".")[0]
    return arrives(channels.event_pattern(detection), {"source": f"aws.{service}", "detail": record})


def arrives(pattern: dict[str, Any], event: dict[str, Any]) -> bool:
    """Tell whether EventBridge matches an event; Lambda's filters, which we evaluate, have the same language."""
    event = {"detail-type": "AWS API Call via CloudTrail", **event}
    return event_filter({"Filters": [{"Pattern": json.dumps(pattern)}]}).passes(event)
