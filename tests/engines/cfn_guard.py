"""AWS's Guard in the versions that judge the rules' texts: as a wheel, 2.1.4 as AWS Config runs it, and 3.2.1."""

import importlib
import importlib.util
import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import pytest

from tableguard.errors import ComplianceError
from tableguard.local.configuration.guard import Guard
from tableguard.paths import ROOT
from tests.engines.absence import needs

Verdict = Literal["PASS", "FAIL", "SKIP"]
Judge = Callable[[str, Mapping[str, Any]], Verdict]

_OLD, _NEW = (ROOT / ".engines" / f"cfn-guard-{version}" / "bin" / "cfn-guard" for version in ("2.1.4", "3.2.1"))
_REMEDY = "scripts/engines/cfn-guard installs it"
_WHEEL = importlib.util.find_spec("guardpycfn") is not None

needs_cfn_guard = needs("cfn-guard 2.1.4", _OLD.exists(), _REMEDY)
needs_new_cfn_guard = needs("cfn-guard 3.2.1", _NEW.exists(), _REMEDY)
needs_wheel = needs(
    "AWS's Guard as a wheel", _WHEEL, "pip install guardpycfn; there is one for Linux on x86-64 and macOS on arm64"
)


def engine() -> Guard:
    """Return cfn-guard 2.1.4, as the product asks it."""
    return Guard(_OLD)


def as_config_runs(text: str, item: Mapping[str, Any]) -> Verdict:
    """Return the verdict of cfn-guard 2.1.4; ComplianceError if it judges nothing."""
    report = engine().report(text, item)
    return "FAIL" if report.broken else "PASS" if report.kept else "SKIP"


def as_new_versions_run(text: str, item: Mapping[str, Any]) -> Verdict:
    """Return the verdict of cfn-guard 3.2.1; ComplianceError if it judges nothing."""
    with TemporaryDirectory() as folder:
        rules, data = Path(folder, "rules.guard"), Path(folder, "item.json")
        rules.write_text(text)
        data.write_text(json.dumps(item))
        options = ["--show-summary", "none", "--structured", "--output-format", "json"]
        done = subprocess.run(
            [_NEW, "validate", "--rules", rules, "--data", data, *options], capture_output=True, text=True, check=False
        )
    (report,) = json.loads(done.stdout)
    judged = report["compliant"] or report["not_compliant"] or report["not_applicable"]
    if done.returncode not in (0, 19) or not judged:
        raise ComplianceError(f"cfn-guard 3.2.1 judged nothing: {done.stderr}")
    assert (done.returncode == 19) is (report["status"] == "FAIL")
    verdict: Verdict = report["status"]
    return verdict


def as_the_wheel_runs(text: str, item: Mapping[str, Any]) -> Verdict:
    """Return the verdict of the engine in process: quick while a rule is written, never the last word."""
    answer = importlib.import_module("guardpycfn").validate_with_guard(json.dumps(item), text, False)
    verdict: Verdict = (json.loads(answer) if isinstance(answer, str) else answer)["result"]["status"]
    return verdict


EACH = (
    pytest.param(as_config_runs, marks=needs_cfn_guard, id="2.1.4"),
    pytest.param(as_new_versions_run, marks=needs_new_cfn_guard, id="3.2.1"),
    pytest.param(as_the_wheel_runs, marks=needs_wheel, id="wheel"),
)
