"""The lines that Lambda writes around those of the handler, in both formats."""

import json

import pytest

from tableguard.local.function import platform_lines
from tableguard.local.function.configuration import FunctionConfiguration
from tableguard.local.function.outcome import FunctionError, Outcome, Success, Timeout
from tableguard.local.function.platform_lines import Measures

ARN = "arn:aws:lambda:eu-central-1:111122223333:function:messages"
TEXT = FunctionConfiguration("messages", ARN, "app.handle", timeout=3)
JSON = FunctionConfiguration("messages", ARN, "app.handle", timeout=3, log_format="JSON", version="7")
QUIET = FunctionConfiguration(
    "messages", ARN, "app.handle", timeout=3, log_format="JSON", platform_log_level="WARN", version="7"
)
NOW = 1_767_225_600.25
FINE = Success(None, "r-1")
COLD, WARM = Measures(0.0123456, init=0.25, megabytes=40), Measures(0.0123456)


def test_text_lines_are_start_end_and_report() -> None:
    assert platform_lines.start(TEXT, "r-1", NOW) == ["START RequestId: r-1 Version: $LATEST"]
    assert platform_lines.end(TEXT, FINE, COLD, NOW) == [
        "END RequestId: r-1",
        "REPORT RequestId: r-1\tDuration: 12.35 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\t"
        "Max Memory Used: 40 MB\tInit Duration: 250.0 ms\t",
    ]
    assert "Init Duration" not in platform_lines.end(TEXT, FINE, WARM, NOW)[1]


def test_json_lines_are_start_and_report() -> None:
    (start,) = map(json.loads, platform_lines.start(JSON, "r-1", NOW))
    record = {"requestId": "r-1", "version": "7"}
    assert start == {"time": "2026-01-01T00:00:00.250Z", "type": "platform.start", "record": record}
    (report,) = map(json.loads, platform_lines.end(JSON, FINE, COLD, NOW))
    assert report["type"] == "platform.report"
    assert report["record"]["status"] == "success"
    assert report["record"]["metrics"] == {
        "durationMs": 12.35,
        "billedDurationMs": 13,
        "memorySizeMB": 128,
        "maxMemoryUsedMB": 40,
        "initDurationMs": 250.0,
    }


def test_a_function_that_wants_warnings_only_has_neither() -> None:
    assert platform_lines.start(QUIET, "r-1", NOW) == []
    assert platform_lines.end(QUIET, FINE, COLD, NOW) == []


@pytest.mark.parametrize(
    ("outcome", "status", "error"),
    [
        (FINE, "success", None),
        (FunctionError("LookupError", "no", "r-1"), "success", None),
        (FunctionError("Runtime.ExitError", "gone", "r-1"), "error", "Runtime.ExitError"),
        (Success("x", "r-1", b"x" * 7_000_000), "error", "Function.ResponseSizeTooLarge"),
        (Timeout(3, "r-1"), "timeout", None),
    ],
)
def test_what_went_wrong_in_lambda_is_in_the_report(outcome: Outcome, status: str, error: str | None) -> None:
    (report,) = map(json.loads, platform_lines.end(JSON, outcome, WARM, NOW))
    assert (report["record"]["status"], report["record"].get("errorType")) == (status, error)
    line = platform_lines.end(TEXT, outcome, WARM, NOW)[-1]
    assert line.endswith(f"\tError Type: {error}\t" if error else "\t")
    assert (f"Status: {status}" in line) == (status != "success")


def test_a_timeout_has_a_line_of_its_own() -> None:
    first, *_ = platform_lines.end(TEXT, Timeout(3, "r-1"), WARM, NOW)
    assert first == "2026-01-01T00:00:00.250Z r-1 Task timed out after 3.00 seconds\n"
    assert "timed out" not in "".join(platform_lines.end(TEXT, FINE, WARM, NOW))
