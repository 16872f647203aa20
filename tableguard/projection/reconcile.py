"""Rows brought back to what the messages say; ends 0 once nothing is left wrong, and 1 otherwise."""

import sys
from dataclasses import dataclass

from tableguard.projection import report
from tableguard.projection.repair import Outcome, repair
from tableguard.projection.report import Finding
from tableguard.projection.survey import Survey
from tableguard.store.rows import Rows

FINE, FINDINGS = 0, 1


@dataclass(frozen=True)
class Choice:
    """What the operator chose: one group or all (None), only to look, and whether rows may go back or end."""

    group_uuid: str | None = None
    dry_run: bool = False
    force: bool = False


def reconcile(survey: Survey, choice: Choice) -> list[Finding]:
    """Everything wrong with one group, or with all, and what became of it."""
    rows = Rows(survey.reader.client, survey.reader.table_name)
    drifts = survey.of_all() if choice.group_uuid is None else survey.of_group(choice.group_uuid)
    return [
        Finding(drift, repair(rows, drift, survey.reader.clock(), force=choice.force, dry_run=choice.dry_run))
        for drift in drifts
    ]


def run(survey: Survey, choice: Choice, as_json: bool = False) -> int:
    """Reconcile and print; the exit code. Run again it finds what it could not mend, and nothing else."""
    found = reconcile(survey, choice)
    sys.stdout.write((report.as_json if as_json else report.text)(found, survey) + "\n")
    return FINE if all(finding.outcome is Outcome.MENDED for finding in found) else FINDINGS
