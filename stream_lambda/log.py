"""Write one JSON object a line to standard output; no caller ever passes the text of a message."""

import json
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any

NAMESPACE = "tableguard"
DIMENSION = "FunctionName"
METRICS = ("Records", "Groups", "Written", "Stale", "Poison", "FailedGroups")


def log(level: str, event: str, **fields: Any) -> None:
    """Write a line about one event."""
    _line({"level": level, "event": event, **fields})


def emit_metrics(function_name: str, now: datetime, values: Mapping[str, int]) -> None:
    """Write a line from which CloudWatch takes the metrics, without an API call or a permission for it.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    """
    metrics = {
        "Namespace": NAMESPACE,
        "Dimensions": [[DIMENSION]],
        "Metrics": [{"Name": name, "Unit": "Count"} for name in METRICS],
    }
    metadata = {"Timestamp": int(now.timestamp() * 1000), "CloudWatchMetrics": [metrics]}
    _line({"_aws": metadata, DIMENSION: function_name, **{name: values[name] for name in METRICS}})


def _line(fields: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(fields, sort_keys=True) + "\n")
