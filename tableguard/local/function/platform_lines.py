"""The lines that Lambda itself writes about an invocation, as text or as JSON.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html
https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html
"""

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tableguard.local.function.configuration import FunctionConfiguration
from tableguard.local.function.outcome import FunctionError, Outcome, Success, Timeout, error_type


@dataclass(frozen=True)
class Measures:
    """What was measured of one invocation; `init` is None unless it was a cold start."""

    seconds: float
    init: float | None = None
    megabytes: int | None = None


def start(configuration: FunctionConfiguration, request_id: str, now: float) -> list[str]:
    """Return the line before those of the handler."""
    if configuration.log_format == "JSON":
        return _json(configuration, "start", now, {"requestId": request_id, "version": configuration.version})
    return [f"START RequestId: {request_id} Version: {configuration.version}"]


def end(configuration: FunctionConfiguration, outcome: Outcome, measures: Measures, now: float) -> list[str]:
    """Return the lines after those of the handler."""
    if configuration.log_format == "JSON":
        return _json(configuration, "report", now, _report(configuration, outcome, measures))
    lines = [f"END RequestId: {outcome.request_id}", _report_line(configuration, outcome, measures)]
    if isinstance(outcome, Timeout):
        text = f"{_time(now)} {outcome.request_id} Task timed out after {outcome.seconds:.2f} seconds\n"
        return [text, *lines]
    return lines


def _report_line(configuration: FunctionConfiguration, outcome: Outcome, measures: Measures) -> str:
    metrics = _metrics(configuration, measures)
    parts = {
        f"REPORT RequestId: {outcome.request_id}\tDuration": ("durationMs", "ms"),
        "Billed Duration": ("billedDurationMs", "ms"),
        "Memory Size": ("memorySizeMB", "MB"),
        "Max Memory Used": ("maxMemoryUsedMB", "MB"),
        "Init Duration": ("initDurationMs", "ms"),
    }
    fields = [f"{label}: {metrics[name]} {unit}" for label, (name, unit) in parts.items() if name in metrics]
    status, ended_by = _status(outcome)
    if status != "success":
        fields.append(f"Status: {status}" + (f"\tError Type: {ended_by}" if ended_by else ""))
    return "\t".join(fields) + "\t"


def _report(configuration: FunctionConfiguration, outcome: Outcome, measures: Measures) -> dict[str, Any]:
    status, ended_by = _status(outcome)
    error = {"errorType": ended_by} if ended_by else {}
    metrics = _metrics(configuration, measures)
    return {"requestId": outcome.request_id, "metrics": metrics, "status": status, **error}


def _metrics(configuration: FunctionConfiguration, measures: Measures) -> dict[str, float]:
    metrics: dict[str, float] = {
        "durationMs": round(measures.seconds * 1000, 2),
        "billedDurationMs": math.ceil(measures.seconds * 1000),
        "memorySizeMB": configuration.memory_size,
    }
    if measures.megabytes is not None:
        metrics["maxMemoryUsedMB"] = measures.megabytes
    if measures.init is not None:
        metrics["initDurationMs"] = round(measures.init * 1000, 2)
    return metrics


def _status(outcome: Outcome) -> tuple[str, str | None]:
    """Return status and error type: an exception of the handler's is none of Lambda's, whose status is success."""
    if isinstance(outcome, Timeout):
        return "timeout", None
    if isinstance(outcome, FunctionError) and outcome.error_type.startswith(("Runtime.", "Sandbox.")):
        return "error", outcome.error_type
    if isinstance(outcome, Success) and error_type(outcome):
        return "error", error_type(outcome)
    return "success", None


def _json(configuration: FunctionConfiguration, kind: str, now: float, record: dict[str, Any]) -> list[str]:
    """Return the line unless the function wants fewer: start and report are of the level INFO."""
    if configuration.platform_log_level == "WARN":
        return []
    return [json.dumps({"time": _time(now), "type": f"platform.{kind}", "record": record})]


def _time(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
