"""Repair the rows that disagree with the messages; exit code 0 once nothing is left wrong, 1 otherwise."""

import sys
from dataclasses import dataclass

from tableguard.findings.formats import Format, write
from tableguard.projection.repair import repair
from tableguard.projection.report import DriftReport, DriftResult
from tableguard.projection.survey import Survey
from tableguard.store.rows import Rows


@dataclass(frozen=True)
class Choice:
    """The operator's options: one group or all (None), only to look, and whether rows may go back or expire."""

    group_uuid: str | None = None
    dry_run: bool = False
    force: bool = False


def reconcile(survey: Survey, choice: Choice) -> list[DriftResult]:
    """Repair one group or all, and return everything that was wrong with its outcome."""
    rows = Rows(survey.reader.client, survey.reader.table_name)
    drifts = survey.of_all() if choice.group_uuid is None else survey.of_group(choice.group_uuid)
    return [
        DriftResult(drift, repair(rows, drift, survey.reader.clock(), force=choice.force, dry_run=choice.dry_run))
        for drift in drifts
    ]


def run(survey: Survey, choice: Choice, form: Format = "text") -> int:
    """Reconcile, print, and return the exit code. Run again, it reports only what it could not repair."""
    report = DriftReport(reconcile(survey, choice), survey)
    sys.stdout.write(write(report, form) + "\n")
    return report.exit_code
