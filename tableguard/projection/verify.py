"""Verify that every conversation row shows what the messages say; only reads. Exit code 1 where one does not."""

import sys

from tableguard.findings.formats import Format, write
from tableguard.projection.report import DriftReport, DriftResult
from tableguard.projection.survey import Survey


def run(survey: Survey, group_uuid: str | None, form: Format = "text") -> int:
    """Print what is wrong with one group, or with all, and return the exit code."""
    drifts = survey.of_all() if group_uuid is None else survey.of_group(group_uuid)
    report = DriftReport([DriftResult(drift) for drift in drifts], survey)
    sys.stdout.write(write(report, form) + "\n")
    return report.exit_code
