"""Verify that every conversation row shows what the messages say; only reads. Exit code 1 where one does not."""

import sys

from tableguard.findings.exit_code import FINDINGS, FINE
from tableguard.projection import report
from tableguard.projection.report import DriftResult
from tableguard.projection.survey import Survey


def run(survey: Survey, group_uuid: str | None, as_json: bool = False) -> int:
    """Print what is wrong with one group, or with all, and return the exit code."""
    drifts = survey.of_all() if group_uuid is None else survey.of_group(group_uuid)
    results = [DriftResult(drift) for drift in drifts]
    sys.stdout.write((report.as_json if as_json else report.text)(results, survey) + "\n")
    return FINDINGS if results else FINE
