"""A test is skipped for want of an engine and for nothing else; where engines are required, for nothing at all."""

import os

import pytest

REQUIRED = os.environ.get("TABLEGUARD_ENGINES_REQUIRED") == "1"
_REASON = "engine absent: "


def needs(engine: str, present: bool, remedy: str) -> pytest.MarkDecorator:
    """Skip where an engine is absent and nobody requires it; where it is required, the test fails by itself."""
    return pytest.mark.skipif(not (present or REQUIRED), reason=f"{_REASON}{engine}; {remedy}")


def wants_engine(item: pytest.Item) -> bool:
    """Return whether a test asks an engine: it would be skipped without one."""
    return any(str(mark.kwargs.get("reason")).startswith(_REASON) for mark in item.iter_markers("skipif"))


def forbid_other_skips(report: pytest.TestReport | pytest.CollectReport, required: bool = REQUIRED) -> None:
    """Turn a skip that no engine's absence explains into a failure."""
    if not report.skipped or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if required or not reason.removeprefix("Skipped: ").startswith(_REASON):
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid}: skipped, which only the absence of an engine explains: {reason}"
